"""Pictures to files: lossless video and PNG. A file appears under its name whole or not at all."""

import contextlib
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
from av.error import FFmpegError
from PIL import Image

from codec.errors import MediaError
from codec.ffmpeg import set_display_aspect
from codec.media import place
from codec.media.coding import number_of
from codec.media.colour import range_of, to_frame
from codec.media.picture import Colour, Picture, Rgb, Timing
from codec.output import WholeFile

_FAILURES = (OSError, FFmpegError, OverflowError)
_MAX_SHAPE = 255
"""Ratio of a picture's sides as shown, above which ffmpeg's `-aspect` gives up."""


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
        inputs: Iterable[Path] = (),
    ) -> None:
        """`inputs`: files that are read meanwhile. Raises OutputError when the file is one of them, MediaError when it
        cannot be made."""
        self._path, self._timing, self._count = place.output_file(path), timing, 0
        self._shape = width * sample_aspect / height if sample_aspect != 1 else None
        if self._shape is not None and not 1 / _MAX_SHAPE <= self._shape <= _MAX_SHAPE:
            raise MediaError(f"{path}: pictures with samples of {sample_aspect} as wide as high cannot be written.")
        try:
            # The container opens its file with the first packet only; this one is there now.
            self._file = WholeFile(path, inputs)
        except OSError as error:
            raise self._failed(error) from error
        try:
            self._container = av.open(place.ffmpeg_name(self._file.part), "w", format="matroska")
            self._stream = self._stream_of(width, height, colour)
        except BaseException as error:
            self._file.drop()
            if isinstance(error, _FAILURES):
                raise self._failed(error) from error
            raise

    def _stream_of(self, width: int, height: int, colour: Colour) -> av.VideoStream:
        timing = self._timing
        stream = self._container.add_stream("ffv1", rate=timing.frame_rate)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = timing.time_base
        stream.codec_context.colorspace = number_of(colour.matrix)
        stream.codec_context.color_range = int(range_of(colour.full_range))
        stream.codec_context.options = {"level": "3", "slicecrc": "1", "g": "1"}
        return stream

    def _failed(self, error: BaseException) -> MediaError:
        if isinstance(error, OverflowError):
            rate = f"{self._timing.frame_rate} frames a second in steps of {self._timing.time_base} s"
            return MediaError(f"{self._path}: video of {rate} cannot be written.")
        return MediaError(f"{self._path}: the file cannot be written ({_reason(error)}).")

    def write(self, picture: Picture) -> None:
        """Append the next picture. Raises MediaError (disk full)."""
        frame = to_frame(picture)
        try:
            frame.pts = self._timing.pts[self._count]
            frame.time_base = self._timing.time_base
            self._count += 1
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
        except _FAILURES as error:
            raise self._failed(error) from error

    def finish(self) -> None:
        """Complete the file and give it its name. Raises MediaError."""
        try:
            for packet in self._stream.encode():
                self._container.mux(packet)
            self._container.close()
            if self._shape is not None:
                set_display_aspect(self._file.part, self._shape)
            self._file.keep()
        except BaseException as error:
            self.abandon()
            if isinstance(error, _FAILURES):
                raise self._failed(error) from error
            raise

    def abandon(self) -> None:
        """Drop what was written."""
        # Flushing to a full disk fails again; the file goes either way.
        with contextlib.suppress(OSError, FFmpegError):
            self._container.close()
        self._file.drop()

    def __enter__(self) -> "LosslessWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.finish()
        else:
            self.abandon()


def write_png(path: Path, rgb: Rgb, inputs: Iterable[Path] = ()) -> None:
    """(H, W, 3) uint8 to a PNG. `inputs`: files that are being read. Raises OutputError, MediaError."""
    place.output_file(path, what="picture")
    try:
        with WholeFile(path, inputs) as part:
            Image.fromarray(rgb).save(part, "PNG")
    except OSError as error:
        raise MediaError(f"{path}: the picture cannot be written ({_reason(error)}).") from error


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error)
