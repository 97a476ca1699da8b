"""What a video file holds, found by reading its packets without decoding them (but for the first frame)."""

import itertools
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.video.reformatter import ColorRange, Colorspace

from codec.context import QUIET, WorkContext
from codec.errors import MediaError
from codec.media import place, raw
from codec.media.picture import Colour, Matrix, Timing, Transfer

MAX_SIDE = 16384
_MATRICES = {
    int(Colorspace.ITU709): Matrix.BT709,
    int(Colorspace.FCC): Matrix.BT601,
    int(Colorspace.ITU601): Matrix.BT601,
    int(Colorspace.SMPTE170M): Matrix.BT601,
    int(Colorspace.BT2020): Matrix.BT2020,
    10: Matrix.BT2020,
}
_HDR_TRANSFERS = {16: Transfer.PQ, 18: Transfer.HLG}
_DEFAULT_RATE = Fraction(25)


@dataclass(frozen=True, slots=True)
class ClipInfo:
    """A clip as opened. Sizes are as shown: after rotation, before the sample aspect ratio is applied."""

    path: Path
    container: str
    codec: str
    pixel_format: str
    bit_depth: int
    width: int
    height: int
    sample_aspect: Fraction
    """Width of a sample over its height."""
    rotation: int
    """Degrees counter-clockwise by which stored pictures are turned: 0, 90, 180 or 270."""
    colour: Colour
    timing: Timing
    """Of the in/out range."""
    total_frames: int
    """Of the whole file."""
    size_bytes: int
    keyframes: tuple[int, ...]
    """Display numbers (in the whole file) of frames that decode on their own."""
    notes: tuple[str, ...]
    """Sentences a viewer of the clip should know, such as conversions made on the way in."""
    transfer: Transfer = Transfer.SDR


@dataclass(frozen=True, slots=True)
class PacketIndex:
    """Display order of a file's frames. `pts` rises strictly; None when the file's own times are unusable, in which
    case frames are found by counting from the start."""

    pts: tuple[int, ...] | None
    count: int
    keyframes: tuple[int, ...]
    last_duration: int
    damaged: bool


def open_container(path: Path) -> InputContainer:
    """Open with ffmpeg. Raises MediaError in one sentence."""
    if raw.is_raw(path):
        return place.open_input(path, "rawvideo", raw.layout_of(place.regular_file(path)).options)
    return place.open_input(path)


def video_stream(container: InputContainer, path: Path) -> av.VideoStream:
    """The first video stream that is not a cover picture. Raises MediaError when there is none."""
    for stream in container.streams.video:
        if "attached_pic" not in str(stream.disposition).lower():
            return stream
    what = "only audio" if container.streams.audio else "no video"
    raise MediaError(f"{path}: the file holds {what}; open a file with a video track.")


def index_packets(container: InputContainer, stream: av.VideoStream, context: WorkContext = QUIET) -> PacketIndex:
    """Read every packet's time stamp and key flag. Raises Cancelled."""
    found: list[tuple[int | None, bool, int]] = []
    damaged = False
    try:
        for packet in container.demux(stream):
            context.check()
            if packet.size == 0:
                continue
            damaged |= packet.is_corrupt
            if not packet.is_discard:
                found.append((packet.pts, packet.is_keyframe, packet.duration or 0))
    except (OSError, FFmpegError):
        damaged = True
    times = [pts for pts, _, _ in found if pts is not None]
    if len(times) < len(found) or len(set(times)) < len(times):
        # Without a usable time for each packet (MPEG program streams, raw streams): count.
        keyframes = (0,) if found else ()
        return PacketIndex(None, len(found), keyframes, 0, damaged)
    rows = sorted((pts, key, duration) for (pts, key, duration) in found if pts is not None)
    keyframes = tuple(i for i, (_, key, _) in enumerate(rows) if key)
    return PacketIndex(tuple(r[0] for r in rows), len(rows), keyframes, rows[-1][2] if rows else 0, damaged)


def timing_of(index: PacketIndex, stream: av.VideoStream) -> Timing:
    """Times of the whole file, starting at 0."""
    rate = stream.average_rate or stream.guessed_rate or stream.base_rate or _DEFAULT_RATE
    rate = Fraction(rate) if 0 < rate < 1000 else _DEFAULT_RATE
    if index.pts is None or stream.time_base is None:
        return counted_timing(index.count, rate)
    base = Fraction(stream.time_base)
    pts = tuple(value - index.pts[0] for value in index.pts)
    gaps = [b - a for a, b in itertools.pairwise(pts)]
    typical = sorted(gaps)[len(gaps) // 2] if gaps else round(1 / (rate * base))
    last = index.last_duration if 0 < index.last_duration <= 4 * max(typical, 1) else typical
    duration = (pts[-1] + max(last, 1)) * base
    timing = Timing(pts, base, rate, float(duration))
    if timing.is_constant and abs(float(len(pts) / rate) - timing.duration_s) < 1.5 / float(rate):
        return replace(timing, duration_s=float(len(pts) / rate))
    return replace(timing, frame_rate=(len(pts) / Fraction(duration)).limit_denominator(100_000))


def counted_timing(count: int, rate: Fraction) -> Timing:
    """Times of `count` frames at a constant rate."""
    period = 1 / rate
    return Timing(tuple(range(count)), period, rate, float(count * period))


def slice_timing(timing: Timing, start: int, stop: int) -> Timing:
    """Times of frames [start, stop), starting at 0 again."""
    if (start, stop) == (0, timing.frame_count):
        return timing
    first = timing.pts[start]
    end = timing.duration_s if stop == timing.frame_count else float(timing.pts[stop] * timing.time_base)
    pts = tuple(value - first for value in timing.pts[start:stop])
    return Timing(pts, timing.time_base, timing.frame_rate, end - float(first * timing.time_base))


def colour_of(frame: av.VideoFrame) -> tuple[Colour, list[str]]:
    """The frame's colour description, with a note on whatever had to be assumed."""
    notes = []
    full = frame.format.name.startswith("yuvj") or int(frame.color_range) == int(ColorRange.JPEG)
    if frame.format.is_rgb:
        return Colour(Matrix.BT709, False), ["RGB source, shown through 4:2:0 with the BT.709 matrix."]
    matrix = _MATRICES.get(int(frame.colorspace))
    if matrix is None:
        matrix = Matrix.BT709 if frame.height >= 720 else Matrix.BT601
        shown = "BT.709" if matrix is Matrix.BT709 else "BT.601"
        notes.append(f"The file does not name its colour matrix; {shown} is assumed from its size.")
    return Colour(matrix, full), notes


def format_notes(frame: av.VideoFrame) -> tuple[int, list[str]]:
    """Bit depth, and notes on depth, chroma and transfer conversions."""
    depth = max(component.bits for component in frame.format.components)
    notes = []
    if depth > 8:
        notes.append(f"{depth}-bit source, shown and coded in 8 bits, dithered.")
    name = frame.format.name
    if not frame.format.is_rgb and not any(tag in name for tag in ("420", "nv12", "nv21", "p010")):
        notes.append(f"{name} source, shown and coded with 4:2:0 chroma.")
    transfer = transfer_of(frame)
    if transfer is not Transfer.SDR:
        notes.append(f"HDR source ({transfer.value}): panes are tone-mapped; codecs, scores and exports see its codes.")
    return depth, notes


def transfer_of(frame: av.VideoFrame) -> Transfer:
    """How the frame's codes turn into light."""
    return _HDR_TRANSFERS.get(int(frame.color_trc), Transfer.SDR)
