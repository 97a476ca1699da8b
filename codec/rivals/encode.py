"""A clip through HEVC, VVC or AV1, at a quality or at a bitrate met within a tolerance.

ffmpeg gets exactly the pictures that the neural codec gets, raw on its standard input, and always muxes, so that the
frame rate is in the file. The container and the options that keep encoders from writing their settings into the stream
were chosen so that a rival is charged for as little besides pictures as possible.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from av.error import FFmpegError

from codec.context import QUIET, WorkContext
from codec.errors import MediaError, RivalError
from codec.ffmpeg import ffmpeg_program, run_with_pictures
from codec.media import place
from codec.media.picture import Colour, FrameSource, Picture, Timing
from codec.output import WholeFile, read_by
from codec.rivals.settings import ConstantQuality, RivalCodec, RivalEncode, RivalSettings, TargetBitrate

CONTAINER_SUFFIX = ".mkv"
MAX_TRIALS = 9
# x265 refuses pictures narrower than its smallest coding unit; all are padded up to this side.
MIN_SIDE = 32


def encode(
    source: FrameSource, timing: Timing, settings: RivalSettings, output: Path, context: WorkContext = QUIET
) -> RivalEncode:
    """Encode `source` into `output` (a Matroska file), which appears whole or not at all.

    A TargetBitrate is met by trials; when it cannot be (a clip too short, a rate below what the codec can do) the
    nearest trial is kept, `within_tolerance` is False and `note` says why. Raises OutputError when the output is the
    source's file, RivalError, Cancelled.
    """
    place.output_file(output, RivalError)
    attempt = _Attempt(source, timing, settings, output, context)
    try:
        if isinstance(settings.quality, ConstantQuality):
            best = attempt.run(_quality_arguments(settings.codec, settings.quality.value), 0.0, 1.0)
        else:
            best = _search(attempt, settings.codec, settings.quality)
        attempt.keep(best)
    finally:
        attempt.clean()
    return best.result


@dataclass(frozen=True, slots=True)
class _Trial:
    result: RivalEncode
    file: WholeFile


class _Attempt:
    """Runs of one encode; every run writes a file of its own beside the output."""

    def __init__(
        self, source: FrameSource, timing: Timing, settings: RivalSettings, output: Path, context: WorkContext
    ) -> None:
        self._source, self._timing, self._settings = source, timing, settings
        self._output, self._context = output, context
        self._colour = source.picture(0).colour
        self._files: list[WholeFile] = []

    def run(self, rate: list[str], start: float, span: float) -> _Trial:
        """One ffmpeg run; progress goes from `start` to `start + span`."""
        try:
            file = WholeFile(self._output, read_by(self._source), suffix=CONTAINER_SUFFIX)
        except OSError as error:
            raise RivalError(f"{self._output}: the file cannot be written ({error.strerror or error}).") from error
        self._files.append(file)
        command = build_command(self._source, self._timing, self._colour, self._settings, rate, file.part)
        shown = (*command[:-1], place.ffmpeg_name(self._output))
        count = self._source.frame_count
        began = time.monotonic()
        span_context = _Span(self._context, start, span)
        run_with_pictures(command, _raw(self._source), count, span_context, self._settings.codec.label)
        return _Trial(self._measure(file.part, shown, time.monotonic() - began), file)

    def _measure(self, file: Path, command: tuple[str, ...], seconds: float) -> RivalEncode:
        sizes = packet_sizes(file)
        if len(sizes) != self._source.frame_count:
            raise RivalError(
                f"{self._output}: {self._settings.codec.label} wrote {len(sizes)} frames of {self._source.frame_count}."
            )
        return RivalEncode(
            path=self._output,
            settings=self._settings,
            command=command,
            width=self._source.width,
            height=self._source.height,
            frame_count=self._source.frame_count,
            duration_s=self._timing.duration_s,
            size_bytes=file.stat().st_size,
            video_bytes=sum(sizes),
            frame_sizes=sizes,
            encode_s=seconds,
            within_tolerance=True,
            note="",
        )

    def keep(self, trial: _Trial) -> None:
        try:
            trial.file.keep()
        except OSError as error:
            raise RivalError(f"{self._output}: the file cannot be written ({error.strerror or error}).") from error

    def clean(self) -> None:
        for file in self._files:
            file.drop()


class _Span:
    """A part of a longer work's progress."""

    def __init__(self, context: WorkContext, start: float, span: float) -> None:
        self._context, self._start, self._span = context, start, span

    def report(self, fraction: float, message: str = "") -> None:
        self._context.report(self._start + self._span * fraction, message)

    def check(self) -> None:
        self._context.check()


def padded_size(width: int, height: int) -> tuple[int, int]:
    """The even size, at least MIN_SIDE, in which rivals code a picture."""
    return max(MIN_SIDE, width + width % 2), max(MIN_SIDE, height + height % 2)


def build_command(
    source: FrameSource, timing: Timing, colour: Colour, settings: RivalSettings, rate: list[str], file: Path
) -> tuple[str, ...]:
    """The ffmpeg command of one run."""
    width, height = padded_size(source.width, source.height)
    fps = timing.frame_rate
    picture_range = "pc" if colour.full_range else "tv"
    tags = ["-colorspace", colour.matrix.value, "-color_range", picture_range]
    return (
        ffmpeg_program(), "-hide_banner", "-nostdin", "-loglevel", "error", "-progress", "pipe:1", "-y",
        "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{width}x{height}", "-r", f"{fps.numerator}/{fps.denominator}",
        *tags, "-i", "pipe:0", "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact",
        *_encoder_arguments(settings, colour), *rate, *tags, "-pix_fmt", "yuv420p",
        "-fps_mode", "passthrough", "-f", "matroska", "-write_crc32", "0", place.ffmpeg_name(file),
    )  # fmt: skip


def _encoder_arguments(settings: RivalSettings, colour: Colour) -> list[str]:
    threads = settings.threads
    if settings.codec is RivalCodec.HEVC:
        # info=0: the encoder's settings are not written into the stream.
        parameters = f"log-level=error:info=0:pools={threads}"
        return ["-c:v", "libx265", "-preset", settings.effort, "-x265-params", parameters]
    if settings.codec is RivalCodec.VVC:
        arguments = ["-c:v", "libvvenc", "-preset", settings.effort, "-threads", str(threads)]
        # ffmpeg does not hand the range on: the stream would say limited.
        return [*arguments, "-vvenc-params", "Range=full"] if colour.full_range else arguments
    return ["-c:v", "libsvtav1", "-preset", settings.effort, "-svtav1-params", f"lp={threads}"]


def _quality_arguments(codec: RivalCodec, value: float) -> list[str]:
    if codec is RivalCodec.VVC:
        return ["-qp", str(round(value))]
    return ["-crf", f"{value:.3f}" if codec is RivalCodec.HEVC else str(round(value))]


def _bitrate_arguments(kbps: float) -> list[str]:
    return ["-b:v", str(max(1000, round(kbps * 1000)))]


def _raw(source: FrameSource) -> Iterator[bytes]:
    width, height = padded_size(source.width, source.height)
    for picture in source.pictures(0, source.frame_count):
        yield raw_picture(picture, width, height)


def raw_picture(picture: Picture, width: int, height: int) -> bytes:
    """The picture's planes, padded to `width` x `height` by repeating their last row and column."""
    if (picture.width, picture.height) == (width, height):
        return picture.y.tobytes() + picture.u.tobytes() + picture.v.tobytes()
    half = width // 2, height // 2
    return b"".join(
        np.pad(plane, ((0, h - plane.shape[0]), (0, w - plane.shape[1])), mode="edge").tobytes()
        for plane, (w, h) in ((picture.y, (width, height)), (picture.u, half), (picture.v, half))
    )


def packet_sizes(file: Path) -> tuple[int, ...]:
    """Bytes of each frame's packet in display order. Raises RivalError when the file cannot be read."""
    try:
        with place.open_input(file) as container:
            packets = [(p.pts, p.size) for p in container.demux(video=0) if p.size and p.pts is not None]
    except (MediaError, OSError, FFmpegError) as error:
        raise RivalError(f"{file}: the encoder's file cannot be read ({error}).") from error
    return tuple(size for _, size in sorted(packets))


def _search(attempt: _Attempt, codec: RivalCodec, target: TargetBitrate) -> _Trial:
    """Trials until the file's bitrate is within tolerance: by CRF for x265, by target bitrate for the others, whose
    quality knob is too coarse."""
    if codec is RivalCodec.HEVC:
        low, high = codec.quality_range
        knob = _Knob(lambda x: _quality_arguments(codec, x), start=32.0, low=low, high=high, slope=-1 / 6)
    else:
        start = math.log2(target.kbps)
        knob = _Knob(lambda x: _bitrate_arguments(2**x), start=start, low=start - 4, high=start + 3, slope=1.0)
    tried: list[tuple[float, float, _Trial]] = []
    value = knob.start
    for number in range(MAX_TRIALS):
        trial = attempt.run(knob.arguments(value), number / MAX_TRIALS, 1 / MAX_TRIALS)
        error = math.log2(trial.result.kbps / target.kbps)
        tried.append((value, error, trial))
        if abs(trial.result.kbps / target.kbps - 1) <= target.tolerance:
            return trial
        following = _next_value(tried, knob)
        if any(abs(following - v) < 1e-3 for v, _, _ in tried):
            break
        value = following
    best = min(tried, key=lambda entry: abs(entry[1]))[2]
    kbps = best.result.kbps
    note = (
        f"{codec.label} came to {kbps:.1f} kbps where {target.kbps:.1f} were asked for ({kbps / target.kbps - 1:+.1%})."
    )
    return _Trial(replace(best.result, within_tolerance=False, note=note), best.file)


@dataclass(frozen=True, slots=True)
class _Knob:
    """A monotone control: `slope` is the expected change of log2(kbps) per unit."""

    arguments: Callable[[float], list[str]]
    start: float
    low: float
    high: float
    slope: float


def _next_value(tried: list[tuple[float, float, _Trial]], knob: _Knob) -> float:
    """Regula falsi on the log rate between the tightest bracket, else a step by the expected slope."""
    sign = math.copysign(1.0, knob.slope)
    over = [(v, e) for v, e, _ in tried if e > 0]
    under = [(v, e) for v, e, _ in tried if e <= 0]
    if over and under:
        # Nearest in the knob, so that the bracket shrinks from both sides.
        a = min(over, key=lambda p: sign * p[0])
        b = max(under, key=lambda p: sign * p[0])
        share = a[1] / (a[1] - b[1])
        # Keep off the ends: a flat stretch would otherwise be crept along.
        return a[0] + min(0.85, max(0.15, share)) * (b[0] - a[0])
    value, error, _ = min(tried, key=lambda entry: abs(entry[1]))
    return min(knob.high, max(knob.low, value - error / knob.slope * 1.05))
