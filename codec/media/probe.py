"""What a video file is: opening it, and what its first frame says of colour and format."""

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.video.reformatter import ColorRange

from codec.errors import MediaError
from codec.media import coding, place, raw
from codec.media.picture import Colour, Matrix, Timing, Transfer

MAX_SIDE = 16384
_CONSTANT_LUMINANCE = 10
_HDR_TRANSFERS = {16: Transfer.PQ, 18: Transfer.HLG}


class Assumed(Enum):
    """What of its coding a file does not say."""

    NOTHING = "nothing"
    MATRIX = "matrix"
    CODING = "coding"
    """Neither matrix nor range; or there is none, the pictures being RGB."""

    def filled(self, said: Colour, other: Colour) -> Colour:
        """What the file says, with what it does not say taken from `other`."""
        if self is Assumed.CODING:
            return other
        return said if self is Assumed.NOTHING else Colour(other.matrix, said.full_range)


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
    assumed: Assumed = Assumed.NOTHING
    mirrored: bool = False
    """Stored pictures are mirrored left to right before they are turned."""
    interlaced: bool = False
    """A picture's lines are of two moments."""
    deinterlaced: bool = False
    """They have been interpolated to one moment on the way in."""
    can_deinterlace: bool = False
    """True for a video file, False for images."""


@dataclass(frozen=True, slots=True)
class Coded:
    """What is known of a file's coding from elsewhere."""

    surely: Colour | None = None
    """How its codes are to be read whatever the file says: what an encoder was given is what comes back."""
    otherwise: Colour | None = None
    """How they are to be read where the file says nothing; of RGB, how its YCbCr is computed."""


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


def colour_of(frame: av.VideoFrame, coded: Coded | None = None) -> tuple[Colour, Assumed, list[str]]:
    """How the frame's codes are to be read, what of that it does not say itself, and a note on whatever had to be
    assumed. Its tags decide, unless `coded` says better."""
    coded = coded or Coded()
    if coded.surely is not None:
        return coded.surely, Assumed.NOTHING, []
    if frame.format.is_rgb:
        made = coded.otherwise or Colour(Matrix.BT709, False)
        return made, Assumed.CODING, [f"RGB source, shown through 4:2:0 with the {made.matrix.title} matrix."]
    named, stated = int(frame.colorspace), int(frame.color_range)
    full = frame.format.name.startswith("yuvj") or stated == int(ColorRange.JPEG)
    matrix = coding.matrix_of(named)
    if matrix is not None:
        return Colour(matrix, full), Assumed.NOTHING, []
    guess = Matrix.BT709 if frame.height >= 720 else Matrix.BT601
    other = coded.otherwise
    if len(frame.format.components) < 3:
        # Grey has no matrix, and its codes span all of their range unless it says otherwise, as ffmpeg has it.
        full = stated != int(ColorRange.MPEG)
        return Colour(guess if other is None else other.matrix, full), Assumed.MATRIX, []
    if named != coding.UNSPECIFIED:
        shown = Matrix.BT2020 if named == _CONSTANT_LUMINANCE else guess
        title = coding.unsupported_title(named)
        note = f"The file's colour matrix is {title}, which is not supported: {shown.title} is shown, colours are off."
        return Colour(shown, full), Assumed.NOTHING, [note]
    if other is None:
        note = f"The file does not name its colour matrix; {guess.title} is assumed from its size."
        return Colour(guess, full), Assumed.MATRIX, [note]
    # Decoded by a program that keeps no tags, as raw files and many streams are.
    silent = stated == int(ColorRange.UNSPECIFIED) and not full
    shown = other if silent else Colour(other.matrix, full)
    note = f"The file does not name its colour matrix; {shown.title}, as of the clip, is assumed."
    return shown, Assumed.CODING if silent else Assumed.MATRIX, [note]


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
