"""What a video file is: opening it, and what its first frame says of colour and format."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.video.reformatter import ColorRange, Colorspace

from codec.errors import MediaError
from codec.media import raw
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
    mirrored: bool = False
    """Stored pictures are mirrored left to right before they are turned."""
    interlaced: bool = False
    """A picture's lines are of two moments."""
    deinterlaced: bool = False
    """They have been made of one moment on the way in."""
    can_deinterlace: bool = False
    """True for a video file, False for images."""


def open_container(path: Path) -> InputContainer:
    """Open with ffmpeg. Raises MediaError in one sentence."""
    try:
        if path.is_file() and path.stat().st_size == 0:
            raise MediaError(f"{path}: the file is empty.")
        if raw.is_raw(path) and path.exists():
            return av.open(str(path), format="rawvideo", options=raw.layout_of(path).options)
        return av.open(str(path), metadata_errors="replace")
    except FileNotFoundError as error:
        raise MediaError(f"{path}: there is no such file.") from error
    except PermissionError as error:
        raise MediaError(f"{path}: the file may not be read (permission denied).") from error
    except (OSError, FFmpegError, ValueError) as error:
        raise MediaError(f"{path}: this is not a video file that can be read, or it is damaged.") from error


def video_stream(container: InputContainer, path: Path) -> av.VideoStream:
    """The first video stream that is not a cover picture. Raises MediaError when there is none."""
    for stream in container.streams.video:
        if "attached_pic" not in str(stream.disposition).lower():
            return stream
    what = "only audio" if container.streams.audio else "no video"
    raise MediaError(f"{path}: the file holds {what}; open a file with a video track.")


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
