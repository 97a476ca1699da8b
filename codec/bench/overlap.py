"""What sharing a frame between GoPs brings, as Table 1 of the paper: rate, tOF and tLP at some λ, and the seam ratio.

Two streams a λ: one of disjoint GoPs, one of overlapping GoPs that is shown with a hard cut, blended, and blended wide.
Sharing saves bits, so at one λ the second stream is the smaller one; "at the same rate" it is coded at the λ that takes
as many.
"""

import math
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from codec.api import CodecSettings
from codec.bench.spool import SpooledFrames, spooled
from codec.choosing import DEFAULT, Choice
from codec.container.stream import StreamInfo
from codec.context import QUIET, WorkContext
from codec.errors import SettingError
from codec.gop import DEFAULT_THETA, GOP_LENGTH, SeamMode, Structure
from codec.media.clip import Clip, open_clip
from codec.metrics.flow import FlowScorer
from codec.metrics.seams import SeamRatio, error_changes, pooled_seam_ratio, seam_ratio
from codec.output import write_text
from codec.texts import csv_text

ALL_CLIPS = "mean"
TABLE = "overlap.csv"
"""Name of the table in its folder."""
_SEARCH_RANGE = 16.0
"""Times the λ asked for: as far as one of the same rate is searched."""
_SEARCH_STEPS = 6
_HEAD = (
    "clip", "lambda", "coded_lambda", "seams", "bpp", "tof", "tlp", "psnr", "lpips", "seam_ratio",
    "seam_ratio_low", "seam_ratio_high", "boundaries",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OverlapRequest:
    """What to measure. Raises SettingError on construction when a value is outside its range."""

    lambdas: tuple[float, ...]
    frames: int | None = None
    weights: str = ""
    device: str = "auto"
    precision: str = "auto"
    threads: int = 0
    codec: Choice = DEFAULT
    """Chained GoPs of the hybrid codec share one and the same picture, so a cut and a blend differ at key GoPs."""
    same_rate: bool = False
    """Overlapping GoPs take as many bits as disjoint ones (at most, within some per cent) instead of the same λ."""

    def __post_init__(self) -> None:
        if not self.lambdas:
            raise SettingError("Name at least one λ.")
        for lmbda in self.lambdas:
            self.encoding(lmbda, Structure.OVERLAP)
        if self.frames is not None and self.frames <= GOP_LENGTH + 1:
            raise SettingError(f"Seams need more than {GOP_LENGTH + 1} frames, not {self.frames}.")

    def encoding(self, lmbda: float, structure: Structure) -> CodecSettings:
        """How a stream is encoded."""
        return self.codec.settings(
            lmbda,
            structure=structure,
            device=self.device,
            reconstruct=False,
            threads=self.threads,
            weights=self.weights,
            precision=self.precision,
        )


@dataclass(frozen=True, slots=True)
class OverlapRow:
    """One line of the table: a clip, or the mean over clips, at a λ with its seams shown in one way.

    `coded` is the λ the stream was made at, which differs from `lmbda` where rates are to be the same (of several clips
    their geometric mean). `tof` in pixels; `seam` as `codec.metrics.seams` defines it, for the mean over the boundaries
    of all clips.
    """

    clip: str
    lmbda: float
    coded: float
    mode: SeamMode
    bpp: float
    tof: float
    tlp: float
    psnr_db: float
    lpips: float
    seam: SeamRatio


@dataclass(frozen=True, slots=True)
class _Measured:
    row: OverlapRow
    changes: list[float]


def measure_overlap(clips: Sequence[Path], request: OverlapRequest, context: WorkContext = QUIET) -> list[OverlapRow]:
    """The table's rows: every clip, then, for several clips, their means. Raises MediaError and SettingError for clips
    that cannot be read or are too short to have a seam, ModelError, StreamError, Cancelled."""
    found: list[_Measured] = []
    steps = len(clips) * len(request.lambdas)
    for number, path in enumerate(clips):
        with _open(path, request.frames) as clip, tempfile.TemporaryDirectory(prefix="seamscope-overlap-") as folder:
            reference = spooled(clip.pictures(0, clip.frame_count), clip.frame_count, Path(folder) / "clip", context)
            scorer = _ClipScorer(reference, request.device)
            for place, lmbda in enumerate(request.lambdas):
                part = _Part(
                    context, (number * len(request.lambdas) + place) / steps, 1 / steps, f"{path.stem} λ {lmbda:g}"
                )
                found += _at(clip, scorer, lmbda, request, Path(folder), part)
            reference.close()
    rows = [measured.row for measured in found]
    return rows + (_means(found, request) if len(clips) > 1 else [])


def _open(path: Path, frames: int | None) -> Clip:
    with open_clip(path) as clip:
        count = clip.frame_count
    if min(count, frames or count) <= GOP_LENGTH + 1:
        raise SettingError(f"{path}: {count} frames are too few to have a seam; more than {GOP_LENGTH + 1} are needed.")
    return open_clip(path, stop=min(count, frames or count))


class _Part:
    """A stretch of the whole work's progress; one without length only asks whether to stop."""

    def __init__(self, context: WorkContext, start: float, span: float, label: str = "") -> None:
        self._context, self._start, self._span, self._label = context, start, span, label

    def report(self, fraction: float, message: str = "") -> None:
        if self._span:
            self._context.report(self._start + self._span * fraction, self._label or message)

    def check(self) -> None:
        self._context.check()


class _ClipScorer:
    """Scores takes of one clip; what only the clip decides is computed once."""

    def __init__(self, reference: SpooledFrames, device: str) -> None:
        from codec.metrics.frames import FrameScorer
        from codec.metrics.lpips import shared
        from codec.nn.device import pick

        self.reference = reference
        self._frames = FrameScorer(reference, shared(str(pick(device))))
        self._motion = FlowScorer(reference)

    def means(self, takes: Mapping[SeamMode, SpooledFrames], context: WorkContext) -> dict[SeamMode, dict[str, float]]:
        """Means over frames of "psnr_db", "lpips", "tlp" and "tof" of each take; frame by frame, all takes together."""
        found: dict[SeamMode, dict[str, list[float]]] = {mode: {} for mode in takes}
        count = self.reference.frame_count
        for index in range(count):
            for mode, take in takes.items():
                context.check()
                score = self._frames.score(mode.value, take, index)
                values = {"psnr_db": score.psnr_db, "lpips": score.lpips, "tlp": score.tlp}
                values["tof"] = self._motion.score(mode.value, take, index)
                for key, value in values.items():
                    if value is not None:
                        found[mode].setdefault(key, []).append(value)
            context.report((index + 1) / count)
        return {mode: {key: float(np.mean(v)) for key, v in values.items()} for mode, values in found.items()}


def _at(
    clip: Clip, scorer: _ClipScorer, lmbda: float, request: OverlapRequest, folder: Path, context: WorkContext
) -> list[_Measured]:
    """Every way of one clip at one λ."""
    from codec.pipeline.join import frames
    from codec.stream.decoder import decode_stream
    from codec.stream.encoder import encode_clip

    def encoded(structure: Structure, at: float) -> StreamInfo:
        file = folder / f"{structure.value}.gop"
        return encode_clip(
            clip, clip.timing, clip.info.sample_aspect, file, request.encoding(at, structure), _Part(context, 0.0, 0.0)
        )

    disjoint = encoded(Structure.DISJOINT, lmbda)
    coded = lmbda
    if request.same_rate:
        most = request.codec.lambda_range[1]
        coded = _largest(lambda at: encoded(Structure.OVERLAP, at).bpp <= disjoint.bpp, lmbda, most)
    streams = {Structure.DISJOINT: disjoint, Structure.OVERLAP: encoded(Structure.OVERLAP, coded)}
    decoder = request.encoding(lmbda, Structure.OVERLAP).decoder
    takes: dict[SeamMode, SpooledFrames] = {}
    for mode in SeamMode:
        info = streams[mode.structure]
        theta, wide = 1.0 if mode is SeamMode.HARD_CUT else DEFAULT_THETA, mode is SeamMode.WIDE
        decoded = decode_stream(
            info.path, request.device, threads=request.threads, precision=request.precision, decoder=decoder
        )
        file = folder / f"take {mode.value}"
        takes[mode] = spooled(
            frames(decoded, info.structure, theta, wide=wide), info.frame_count, file, _Part(context, 0.0, 0.0)
        )
    means = scorer.means(takes, context)
    measured: list[_Measured] = []
    for mode, take in takes.items():
        changes = error_changes(scorer.reference, take)
        bpp, seam = streams[mode.structure].bpp, seam_ratio(changes, mode)
        at = lmbda if mode is SeamMode.DISJOINT else coded
        measured.append(_Measured(OverlapRow(clip.path.name, lmbda, at, mode, bpp, seam=seam, **means[mode]), changes))
        take.close()
    return measured


def _largest(fits: Callable[[float], bool], lmbda: float, most: float) -> float:
    """The largest λ from `lmbda` to `most` that fits, within some per cent; `lmbda` where none does. By bisection of
    log λ: rate rises with λ."""
    low, high = lmbda, min(lmbda * _SEARCH_RANGE, most)
    for _ in range(_SEARCH_STEPS):
        # Kept between them: at the ends of the range a root rounded the wrong way would be refused.
        middle = min(max(math.sqrt(low * high), low), high)
        if fits(middle):
            low = middle
        else:
            high = middle
    return low


def _means(found: Sequence[_Measured], request: OverlapRequest) -> list[OverlapRow]:
    rows: list[OverlapRow] = []
    for lmbda in request.lambdas:
        for mode in SeamMode:
            own = [one for one in found if one.row.lmbda == lmbda and one.row.mode is mode]
            bpp, tof, tlp, psnr, lpips = np.mean(
                [(o.row.bpp, o.row.tof, o.row.tlp, o.row.psnr_db, o.row.lpips) for o in own], axis=0
            )
            seam = pooled_seam_ratio([one.changes for one in own], mode)
            coded = math.exp(float(np.mean([math.log(o.row.coded) for o in own])))
            rows.append(OverlapRow(ALL_CLIPS, lmbda, coded, mode, bpp, tof, tlp, psnr, lpips, seam))
    return rows


def as_text(rows: Sequence[OverlapRow]) -> str:
    """The table for a terminal, and what blending changes against disjoint GoPs."""
    lines = [
        ("clip", "λ", "coded at", "seams", "bpp", "tOF", "tLP", "PSNR", "LPIPS", "seam ratio (95 %)"),
        *map(_cells, rows),
    ]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    texts = []
    for line in lines:
        cells = (
            cell.ljust(w) if i in (0, 3) else cell.rjust(w)
            for i, (cell, w) in enumerate(zip(line, widths, strict=True))
        )
        texts.append("  ".join(cells).rstrip())
    return "\n".join([*texts, "", *_changes(rows)])


def _changes(rows: Sequence[OverlapRow]) -> Iterator[str]:
    """A line a λ, of the last clip named: the mean where there are several."""
    last = {(row.lmbda, row.mode): row for row in rows if row.clip == rows[-1].clip}
    for lmbda in dict.fromkeys(lmbda for lmbda, _ in last):
        before, after = last[lmbda, SeamMode.DISJOINT], last[lmbda, SeamMode.BLENDED]
        pairs = (("bpp", before.bpp, after.bpp), ("tOF", before.tof, after.tof), ("tLP", before.tlp, after.tlp))
        told = ", ".join(f"{name} {100 * (b / a - 1):+.1f} %" if a else f"{name} from 0" for name, a, b in pairs)
        yield f"{before.clip}, λ {lmbda:g}, blended against disjoint: {told}"


def _cells(row: OverlapRow) -> tuple[str, ...]:
    seam = f"{row.seam.ratio:.3f} ({row.seam.low:.3f} to {row.seam.high:.3f})"
    return (
        row.clip, f"{row.lmbda:g}", f"{row.coded:.3g}", row.mode.value, f"{row.bpp:.5f}", f"{row.tof:.4f}",
        f"{row.tlp:.5f}", f"{row.psnr_db:.2f}", f"{row.lpips:.4f}", seam,
    )  # fmt: skip


def write_csv(rows: Sequence[OverlapRow], folder: Path, inputs: Sequence[Path] = ()) -> Path:
    """The table as `folder`/overlap.csv. `inputs`: the clips. Raises OutputError when it is one of them,
    SettingError when it cannot be written."""
    path = folder / TABLE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_text(path, csv_text([_HEAD, *_values(rows)]), inputs)
    except OSError as error:
        raise SettingError(f"{path}: the table cannot be written ({error.strerror or error}).") from error
    return path


def _values(rows: Sequence[OverlapRow]) -> Iterator[tuple[str | float, ...]]:
    for row in rows:
        yield (
            row.clip, row.lmbda, round(row.coded, 6), row.mode.value, f"{row.bpp:.6f}", f"{row.tof:.5f}",
            f"{row.tlp:.6f}", f"{row.psnr_db:.3f}", f"{row.lpips:.5f}", f"{row.seam.ratio:.4f}", f"{row.seam.low:.4f}",
            f"{row.seam.high:.4f}", row.seam.boundaries,
        )  # fmt: skip
