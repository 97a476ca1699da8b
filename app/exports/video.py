"""Takes side by side as one video file, coded finely with H.264 or HEVC, labels over the pictures."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from pathlib import Path

import numpy as np

from app.exports import labels
from app.exports.frames import Box
from app.state.takes import Take
from codec.context import WorkContext
from codec.errors import MediaError, SettingError
from codec.ffmpeg import ffmpeg_program, run_with_pictures
from codec.gop import SeamMode
from codec.media import place
from codec.media.colour import to_rgb
from codec.media.picture import Rgb
from codec.output import WholeFile, check_output

GAP = 4
MAX_SIDE = 16384
CONTAINERS = (".mp4", ".mkv", ".mov")
"""Suffixes of videos; others would make ffmpeg write playlists, or a file a picture."""
CRF = 12
"""Fine enough that this video adds nothing a viewer would take for a take's own errors."""


class VideoCodec(Enum):
    """How the video is coded; the value is its name for a user."""

    H264 = "H.264"
    HEVC = "HEVC"

    @property
    def arguments(self) -> tuple[str, ...]:
        """ffmpeg's options."""
        if self is VideoCodec.H264:
            return ("-c:v", "libx264", "-preset", "medium", "-crf", str(CRF))
        return (
            "-c:v",
            "libx265",
            "-preset",
            "medium",
            "-crf",
            str(CRF),
            "-tag:v",
            "hvc1",
            "-x265-params",
            "log-level=error",
        )


@dataclass(frozen=True, slots=True)
class VideoChoice:
    """What a user decides; as in VideoRequest."""

    codec: VideoCodec
    labelled: bool
    half_speed: bool
    per_row: int


@dataclass(frozen=True, slots=True)
class VideoColumn:
    """One take of the video and its label."""

    take: Take
    label: str
    colour: str
    dash: int | None = None
    """Its kind of line; None: it has none."""


@dataclass(frozen=True, slots=True)
class VideoRequest:
    """What is to be seen. Frames [start, stop) of the clip."""

    columns: tuple[VideoColumn, ...]
    start: int
    stop: int
    mode: SeamMode
    frame_rate: Fraction
    sample_aspect: Fraction = Fraction(1)
    codec: VideoCodec = VideoCodec.H264
    labelled: bool = True
    half_speed: bool = False
    per_row: int = 0
    """Takes in a row; 0: up to three in one row, more in two."""
    box: Box | None = None
    """What is seen of the pictures; None: all."""


def export_video(context: WorkContext, request: VideoRequest, target: Path, inputs: tuple[Path, ...] = ()) -> Path:
    """Write the video, whole or not at all. `inputs`: files in use. Raises OutputError, SettingError, RivalError,
    MediaError, Cancelled."""
    check_output(target, inputs)
    if not request.columns or request.stop <= request.start:
        raise SettingError(f"{target}: there is nothing to export.")
    first = compose(request, request.start)
    height, width = first.shape[:2]
    if max(height, width) > MAX_SIDE:
        raise SettingError(f"{target}: a video of {width}x{height} is too large; show fewer takes.")
    place.output_file(target, what="video")
    if target.suffix.lower() not in ("", *CONTAINERS):
        raise SettingError(f"{target}: videos are written as {', '.join(CONTAINERS)}.")
    rate = request.frame_rate / (2 if request.half_speed else 1)
    command = [
        ffmpeg_program(), "-hide_banner", "-nostdin", "-loglevel", "error", "-progress", "pipe:1", "-y",
        "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", f"{rate.numerator}/{rate.denominator}",
        "-i", "pipe:0", "-vf", f"scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int,"
        f"setsar={request.sample_aspect.numerator}/{request.sample_aspect.denominator},format=yuv420p,"
        # What the encoder is told is replaced by what pictures say of themselves.
        "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv",
        *request.codec.arguments, "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
        "-color_range", "tv", "-movflags", "+faststart",
    ]  # fmt: skip
    try:
        count = request.stop - request.start
        with WholeFile(target, inputs, suffix=target.suffix or ".mp4") as part:
            run_with_pictures((*command, str(part)), _frames(request, context), count, context, "Video")
    except OSError as error:
        raise MediaError(f"{target}: the video cannot be written ({error.strerror or error}).") from error
    return target


def _frames(request: VideoRequest, context: WorkContext) -> Iterator[bytes]:
    for frame in range(request.start, request.stop):
        context.check()
        yield compose(request, frame).tobytes()


def compose(request: VideoRequest, frame: int) -> Rgb:
    """All takes at one frame: (H, W, 3) uint8 with even sides."""
    cells = [_cell(column, frame, request) for column in request.columns]
    per_row = request.per_row or (len(cells) if len(cells) <= 3 else -(-len(cells) // 2))
    height, width = (max(cell.shape[axis] for cell in cells) for axis in (0, 1))
    rows = -(-len(cells) // per_row)
    whole = np.full(
        (_even(rows * height + (rows - 1) * GAP), _even(per_row * width + (per_row - 1) * GAP), 3), 0x16, np.uint8
    )
    for number, cell in enumerate(cells):
        top, left = (number // per_row) * (height + GAP), (number % per_row) * (width + GAP)
        whole[top : top + cell.shape[0], left : left + cell.shape[1]] = cell
    return whole


def _cell(column: VideoColumn, frame: int, request: VideoRequest) -> Rgb:
    take = column.take
    if take.ready(frame, request.mode):
        picture = to_rgb(take.picture(frame, request.mode))
    else:
        assert take.source is not None
        picture = labels.notice("no such frame", take.source.width, take.source.height)
    if request.box is not None:
        picture = request.box.of(picture)
    if not request.labelled:
        return picture
    size = max(12, min(40, picture.shape[0] // 24))
    bar = labels.label_bar(column.label, picture.shape[1], column.colour, size, column.dash)
    return np.concatenate([bar, picture])


def _even(side: int) -> int:
    return side + side % 2
