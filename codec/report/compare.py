"""Encode a clip with a codec at some λ, its rivals at the same bitrates, score every frame, write a report."""

import json
import shlex
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from codec import __version__, gop, registry
from codec.api import CodecSettings, exact_text, flags_of
from codec.choosing import DEFAULT, Choice
from codec.container.stream import StreamInfo
from codec.context import QUIET, Part, WorkContext
from codec.errors import SeamscopeError, SettingError
from codec.gop import Structure
from codec.media.clip import Clip
from codec.media.picture import FrameSource
from codec.media.place import output_folder, shell_word
from codec.metrics.frames import FrameScore, score_takes
from codec.output import check_folder, read_by, write_text
from codec.rivals import RivalCodec, RivalSettings, RivalSource, TargetBitrate
from codec.rivals import encode as encode_rival
from codec.stream.encoder import encode_clip
from codec.stream.matching import encode_at_rate
from codec.stream.source import StreamSource
from codec.texts import csv_text

SUMMARY = "summary.json"
"""Marks a folder as a report's."""
PARTS = ("index.html", "frames.csv", "lpips.png", "tlp.png", "psnr_db.png", "bits.png", "rate.png", "crops.png")


@dataclass(slots=True)
class ReportTake:
    """One take of the report: its file, how it was encoded, its scores frame by frame."""

    name: str
    codec: str
    """The id of one of our codecs, or a RivalCodec's value."""
    lmbda: float
    """λ of the codec's own take, or of the take whose bitrate a rival was given."""
    file: Path
    size_bytes: int
    kbps: float
    bpp: float
    command: str
    note: str
    frame_bits: list[float]
    source: FrameSource
    is_own: bool = False
    """Made by one of our codecs: bits of a frame are the mean of its GoP."""
    scores: list[FrameScore] = field(default_factory=list)

    def mean(self, name: str) -> float | None:
        """Mean of "psnr_db", "lpips" or "tlp" over the frames that have it; None for a clip of one frame's tLP."""
        values = [v for score in self.scores if (v := getattr(score, name)) is not None]
        return sum(values) / len(values) if values else None


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What to compare; rivals may be others of our own codecs. `threads` 0: torch chooses, ffmpeg has two. Raises
    SettingError on construction when a value is outside its range."""

    lambdas: tuple[float, ...]
    against: tuple[RivalCodec | Choice, ...]
    own: Choice = DEFAULT
    device: str = "auto"
    precision: str = "auto"
    threads: int = 0
    preset: str = ""

    def __post_init__(self) -> None:
        for lmbda in self.lambdas:
            self.settings(self.own, lmbda)

    def settings(self, choice: Choice, lmbda: float) -> CodecSettings:
        """How one of our codecs encodes."""
        return choice.settings(
            lmbda, device=self.device, precision=self.precision, reconstruct=False, threads=self.threads
        )


@dataclass(frozen=True, slots=True)
class Report:
    """A report that was written; `failures` are sentences about rivals that are not in it."""

    page: Path
    failures: tuple[str, ...]


def compare(clip: Clip, request: ReportRequest, folder: Path, context: WorkContext = QUIET) -> Report:
    """Write the report into `folder` and return it. The encoded files are kept in `folder`/takes.

    A rival that fails is told in the report, which goes on without it. Raises SettingError when `folder` exists and is
    no earlier report or cannot be written, OutputError when the clip is read from it, and what the neural codec and the
    metrics raise.
    """
    check_folder(folder, read_by(clip))
    takes_folder = _prepare(folder)
    context.report(0.0, "encoding")
    failures: list[str] = []
    takes = _encode_all(clip, request, takes_folder, failures, context)
    try:
        return _finish(clip, takes, failures, folder, context)
    finally:
        for take in takes:
            if isinstance(take.source, RivalSource):
                take.source.close()


def _finish(clip: Clip, takes: list[ReportTake], failures: list[str], folder: Path, context: WorkContext) -> Report:
    from codec.metrics.lpips import shared
    from codec.report.page import write_page

    by_name = {take.name: take for take in takes}
    span = Part(context, 0.6, 0.38, "measuring")
    for name, score in score_takes(clip, {t.name: t.source for t in takes}, shared(), span):
        by_name[name].scores.append(score)
    try:
        write_text(folder / "frames.csv", _frames(takes))
        context.report(0.98, "drawing")
        page = write_page(folder, clip, takes, failures)
        # Last: what it says of itself is that all the rest is there.
        write_text(folder / SUMMARY, _summary(clip, takes, failures))
    except OSError as error:
        raise SettingError(f"{folder}: the report cannot be written ({error.strerror or error}).") from error
    context.report(1.0, "done")
    return Report(page, tuple(failures))


def _prepare(folder: Path) -> Path:
    output_folder(folder, SettingError)
    takes = folder / "takes"
    try:
        if folder.exists() and any(folder.iterdir()) and not (folder / SUMMARY).exists():
            raise SettingError(f"{folder}: the report folder holds other files; name an empty or a new one.")
        folder.mkdir(parents=True, exist_ok=True)
        # First of all: the mark by which a report that was interrupted is known for one, and not taken for another's
        # files. Nothing of an earlier report stays beside new takes.
        (folder / SUMMARY).touch()
        write_text(folder / SUMMARY, json.dumps({"seamscope": __version__, "finished": False}))
        for name in PARTS:
            (folder / name).unlink(missing_ok=True)
        if takes.exists():
            shutil.rmtree(takes)
        takes.mkdir()
    except OSError as error:
        raise SettingError(f"{folder}: the report folder cannot be written ({error.strerror or error}).") from error
    return takes


def _encode_all(
    clip: Clip, request: ReportRequest, folder: Path, failures: list[str], context: WorkContext
) -> list[ReportTake]:
    """All takes; a rival that fails leaves a sentence in `failures` instead."""
    takes: list[ReportTake] = []
    steps = len(request.lambdas) * (1 + len(request.against))
    for lmbda in request.lambdas:
        done = len(takes) + len(failures)
        name = registry.named(request.own.codec).name
        neural = _own(clip, lmbda, request, folder, Part(context, 0.6 * done / steps, 0.6 / steps, name))
        takes.append(neural)
        for codec in request.against:
            done = len(takes) + len(failures)
            label = codec.label if isinstance(codec, RivalCodec) else registry.named(codec.codec).name
            part = Part(context, 0.6 * done / steps, 0.6 / steps, label)
            try:
                takes.append(_rival(clip, codec, neural, request, folder, part))
            except SeamscopeError as error:
                failures.append(f"{label} at λ {lmbda:g} is left out: {error}")
    return takes


def _own(clip: Clip, lmbda: float, request: ReportRequest, folder: Path, context: WorkContext) -> ReportTake:
    file = folder / f"{request.own.codec}_{exact_text(lmbda)}.gop"
    settings = request.settings(request.own, lmbda)
    info = encode_clip(clip, clip.timing, clip.info.sample_aspect, file, settings, context)
    name = registry.named(request.own.codec).name
    return _streamed(clip, f"{name} λ {lmbda:g}", lmbda, info, settings)


def _streamed(clip: Clip, name: str, lmbda: float, info: StreamInfo, settings: CodecSettings) -> ReportTake:
    """A take of a stream that one of our codecs encoded."""
    bits = [0.0] * clip.frame_count
    for part, size in zip(gop.split(clip.frame_count, Structure.OVERLAP), info.gop_bytes, strict=True):
        # A GoP's bits belong to the frames it alone brings.
        own = range(part.start + (part.index > 0), part.stop)
        for index in own:
            bits[index] += size * 8 / len(own)
    words = ["seamscope", "encode", shell_word(clip.path), "-o", info.path.name, "--codec", info.codec]
    return ReportTake(
        name=name,
        codec=info.codec,
        lmbda=lmbda,
        file=info.path,
        size_bytes=info.size_bytes,
        kbps=info.kbps,
        bpp=info.bpp,
        command=shlex.join([*words, "--lambda", exact_text(settings.lmbda), *flags_of(settings)]),
        note=f"model {info.model_id}",
        frame_bits=bits,
        source=StreamSource(info.path, settings.device, precision=settings.precision, decoder=settings.decoder),
        is_own=True,
    )


def _rival(
    clip: Clip, codec: RivalCodec | Choice, own: ReportTake, request: ReportRequest, folder: Path, context: WorkContext
) -> ReportTake:
    if isinstance(codec, Choice):
        return _matched(clip, codec, own, request, folder, context)
    file = folder / f"{codec.value}_{exact_text(own.lmbda)}.mkv"
    settings = RivalSettings(codec, TargetBitrate(own.kbps), request.preset, request.threads or 2)
    made = encode_rival(clip, clip.timing, settings, file, context)
    return ReportTake(
        name=f"{codec.label} at λ {own.lmbda:g}",
        codec=codec.value,
        lmbda=own.lmbda,
        file=file,
        size_bytes=made.video_bytes,
        kbps=made.kbps,
        bpp=made.bpp,
        command=shlex.join(made.command),
        note=made.note,
        frame_bits=[8.0 * size for size in made.frame_sizes],
        source=RivalSource(file, clip.width, clip.height, clip.frame_count, clip.info.colour),
    )


def _matched(
    clip: Clip, choice: Choice, own: ReportTake, request: ReportRequest, folder: Path, context: WorkContext
) -> ReportTake:
    """Another of our codecs, at the λ that takes as many bits."""
    file = folder / f"{choice.codec}_at_{exact_text(own.lmbda)}.gop"
    start = request.settings(choice, registry.named(choice.codec).settings.lambda_start)
    info, settings = encode_at_rate(clip, clip.timing, clip.info.sample_aspect, file, start, own.kbps, context)
    name = registry.named(choice.codec).name
    return _streamed(clip, f"{name} at {own.name}'s rate", own.lmbda, info, settings)


def _frames(takes: list[ReportTake]) -> str:
    rows: list[tuple[str | int, ...]] = [("take", "frame", "psnr_db", "lpips", "tlp", "bits", "bits_are")]
    for take in takes:
        bits_are = "GoP mean" if take.is_own else "of the frame"
        for score, bits in zip(take.scores, take.frame_bits, strict=True):
            tlp = "" if score.tlp is None else f"{score.tlp:.6f}"
            row = (take.name, score.index, f"{score.psnr_db:.4f}", f"{score.lpips:.6f}", tlp, f"{bits:.1f}")
            rows.append((*row, bits_are))
    return csv_text(rows)


def _summary(clip: Clip, takes: list[ReportTake], failures: list[str]) -> str:
    summary = {
        "seamscope": __version__,
        "finished": True,
        "failures": failures,
        "clip": {
            "file": str(clip.path),
            "width": clip.width,
            "height": clip.height,
            "frames": clip.frame_count,
            "duration_s": clip.timing.duration_s,
            "frame_rate": str(clip.timing.frame_rate),
            "notes": list(clip.info.notes),
        },
        "takes": [
            {
                "name": take.name,
                "codec": take.codec,
                "lambda": take.lmbda,
                "file": f"takes/{take.file.name}",
                "size_bytes": take.size_bytes,
                "kbps": take.kbps,
                "bpp": take.bpp,
                "psnr_db": take.mean("psnr_db"),
                "lpips": take.mean("lpips"),
                "tlp": take.mean("tlp"),
                "command": take.command,
                "note": take.note,
            }
            for take in takes
        ],
    }
    return json.dumps(summary, indent=1, ensure_ascii=False)
