"""Pictures to files: lossless video and PNG. A file appears under its name whole or not at all."""

import contextlib
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
from av.error import FFmpegError
from PIL import Image

from codec.errors import MediaError
from codec.ffmpeg import set_display_aspect
from codec.media.coding import number_of
from codec.media.colour import range_of, to_frame
from codec.media.picture import Colour, Picture, Rgb, Timing


class LosslessWriter:
    """FFV1 version 3 in Matroska, yuv420p, one keyframe a picture; a context manager."""

    def __init__(
        self,
        path: Path,
        width: int,
        height: int,
        colour: Colour,
        timing: Timing,
        sample_aspect: Fraction = Fraction(1),
    ) -> None:
        """Raises MediaError when the file cannot be made."""
        self._path, self._timing, self._count = path, timing, 0
        self._shape = width * sample_aspect / height if sample_aspect != 1 else None
        self._temporary = path.with_name(f".{path.name}.part")
        try:
            # The container opens its file with the first packet only; find out now.
            self._temporary.touch()
            self._container = av.open(str(self._temporary), "w", format="matroska")
        except (OSError, FFmpegError) as error:
            raise MediaError(f"{path}: the file cannot be written ({_reason(error)}).") from error
        stream = self._container.add_stream("ffv1", rate=timing.frame_rate)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = timing.time_base
        stream.codec_context.colorspace = number_of(colour.matrix)
        stream.codec_context.color_range = int(range_of(colour.full_range))
        stream.codec_context.options = {"level": "3", "slicecrc": "1", "g": "1"}
        self._stream = stream

    def write(self, picture: Picture) -> None:
        """Append the next picture. Raises MediaError (disk full)."""
        frame = to_frame(picture)
        frame.pts = self._timing.pts[self._count]
        frame.time_base = self._timing.time_base
        self._count += 1
        try:
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
        except (OSError, FFmpegError) as error:
            raise MediaError(f"{self._path}: the file cannot be written ({_reason(error)}).") from error

    def finish(self) -> None:
        """Complete the file and give it its name. Raises MediaError."""
        try:
            for packet in self._stream.encode():
                self._container.mux(packet)
            self._container.close()
            if self._shape is not None:
                set_display_aspect(self._temporary, self._shape)
            self._temporary.replace(self._path)
        except (OSError, FFmpegError) as error:
            self.abandon()
            raise MediaError(f"{self._path}: the file cannot be written ({_reason(error)}).") from error

    def abandon(self) -> None:
        """Drop what was written."""
        # Flushing to a full disk fails again; the file goes either way.
        with contextlib.suppress(OSError, FFmpegError):
            self._container.close()
        self._temporary.unlink(missing_ok=True)

    def __enter__(self) -> "LosslessWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.finish()
        else:
            self.abandon()


def write_png(path: Path, rgb: Rgb) -> None:
    """(H, W, 3) uint8 to a PNG. Raises MediaError."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        Image.fromarray(rgb).save(temporary, "PNG")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise MediaError(f"{path}: the picture cannot be written ({_reason(error)}).") from error


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error)
