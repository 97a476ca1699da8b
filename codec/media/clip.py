"""A video file as pictures by number: frame-exact random access, sequential reading without seeking."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from av.error import FFmpegError, InvalidDataError
from av.video.frame import PictureType

from codec.context import QUIET, WorkContext
from codec.errors import MediaError, SettingError
from codec.media import colour, probe, raw
from codec.media.picture import Colour, DeepPlanes, Picture, Timing
from codec.media.probe import ClipInfo
from codec.media.sequence import SequenceReader, is_sequence

# Decoding on is cheaper than seeking for this many frames.
_SHORT_WALK = 12
# Who closes a clip waits so long for whoever is reading it; a reader that is stuck gives the file back itself.
_PATIENCE_S = 0.5


class Clip:
    """Frames [start, stop) of a file or image sequence; implements FrameSource. Thread-safe."""

    def __init__(self, reader: "FileReader | SequenceReader", start: int, stop: int | None) -> None:
        """Raises SettingError when the range is empty or outside the file."""
        total = reader.info.total_frames
        end = total if stop is None else stop
        if not 0 <= start < end <= total:
            reader.close()
            raise SettingError(
                f"{reader.info.path}: frames {start} to {end} are not a range within its {total} frames."
            )
        self._reader = reader
        self._lock = threading.Lock()
        self._closed = self._given_back = False
        self._start = start
        timing = probe.slice_timing(reader.info.timing, start, end)
        info = reader.info
        self.info = ClipInfo(
            info.path, info.container, info.codec, info.pixel_format, info.bit_depth, info.width, info.height,
            info.sample_aspect, info.rotation, info.colour, timing, total, info.size_bytes, info.keyframes, info.notes,
            info.transfer,
        )  # fmt: skip

    @property
    def path(self) -> Path:
        return self.info.path

    @property
    def start(self) -> int:
        """The in point: number in the file of this clip's frame 0."""
        return self._start

    @property
    def timing(self) -> Timing:
        return self.info.timing

    @property
    def frame_count(self) -> int:
        return self.info.timing.frame_count

    @property
    def width(self) -> int:
        return self.info.width

    @property
    def height(self) -> int:
        return self.info.height

    def picture(self, index: int) -> Picture:
        """Frame `index` of the range. Raises IndexError outside it, MediaError when it cannot be decoded."""
        if not 0 <= index < self.frame_count:
            raise IndexError(f"no frame {index} in {self.frame_count}")
        with self._lock:
            if self._closed:
                raise MediaError(f"{self.path}: the clip has been closed.")
            try:
                return self._reader.read(self._start + index)
            finally:
                if self._closed:
                    self._give_back()

    def frame_type(self, index: int) -> str:
        """ "I", "P" or "B" as the decoder names it, once the frame has been decoded; empty where there is none."""
        return self._reader.frame_type(self._start + index)

    def pictures(self, start: int, stop: int) -> Iterator[Picture]:
        """Frames [start, stop) of the range, in order."""
        for index in range(start, stop):
            yield self.picture(index)

    def keep_deep(self, keep: bool) -> None:
        """From now on pictures of a source of more than 8 bits bring what they were before dithering, or not."""
        if isinstance(self._reader, FileReader):
            self._reader.keep_deep = keep

    def close(self) -> None:
        """Give back the file; the clip is of no use afterwards."""
        if self._closed:
            return
        self._closed = True
        if self._lock.acquire(timeout=_PATIENCE_S):
            try:
                self._give_back()
            finally:
                self._lock.release()

    def _give_back(self) -> None:
        """Called with the lock held: by who closes the clip, or by who was reading it then."""
        if not self._given_back:
            self._given_back = True
            self._reader.close()

    def __enter__(self) -> "Clip":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_clip(path: Path | str, *, start: int = 0, stop: int | None = None, context: WorkContext = QUIET) -> Clip:
    """Open a video file, a folder of images, or a pattern such as `name_%04d.png`.

    `start` and `stop` are the in and out points in frames (stop excluded). `context` can stop the reading of a long
    file. Raises MediaError, SettingError, Cancelled.
    """
    path = Path(path)
    reader = SequenceReader(path) if is_sequence(path) else FileReader(path, context)
    return Clip(reader, start, stop)


class FileReader:
    """Frames of one video file. Not thread-safe: `Clip` holds the lock."""

    def __init__(self, path: Path, context: WorkContext = QUIET) -> None:
        self._container = probe.open_container(path)
        try:
            self._stream = probe.video_stream(self._container, path)
            self._stream.thread_type = "AUTO"
            self._index = probe.index_packets(self._container, self._stream, context)
            if self._index.count == 0:
                raise MediaError(f"{path}: the video track holds no frames.")
            self._path = path
            self._numbers = None if self._index.pts is None else {pts: i for i, pts in enumerate(self._index.pts)}
            self._frames: Iterator[av.VideoFrame] = iter(())
            self._types: dict[int, str] = {}
            self.keep_deep = False
            self._position = 0
            self._restart(0)
            first = self._first_frame()
            self.info = self._describe(first)
            self._restart(0)
        except BaseException:
            self._container.close()
            raise

    def close(self) -> None:
        self._frames = iter(())
        self._container.close()
        # Who still holds the clip must not hold the decoder with the pictures it refers to: 48 MiB at 1920x1080.
        del self._stream

    def _first_frame(self) -> av.VideoFrame:
        try:
            frame = next(self._frames)
        except (StopIteration, FFmpegError, OSError) as error:
            raise MediaError(f"{self._path}: no frame of the video track can be decoded.") from error
        if max(frame.width, frame.height) > probe.MAX_SIDE:
            raise MediaError(f"{self._path}: pictures of {frame.width}x{frame.height} are too large.")
        return frame

    def _describe(self, frame: av.VideoFrame) -> ClipInfo:
        self._rotation = round(frame.rotation / 90) * 90 % 360
        self._size = frame.width, frame.height
        self._colour, notes = probe.colour_of(frame)
        depth, more = probe.format_notes(frame)
        notes += more
        if raw.is_raw(self._path):
            notes.append(raw.layout_of(self._path).note)
        if self._index.damaged:
            notes.append("The file is damaged or cut short; what can be read of it is shown.")
        if self._index.pts is None:
            notes.append("The file's time stamps are unusable; a constant frame rate is assumed.")
        width, height = self._size if self._rotation % 180 == 0 else self._size[::-1]
        aspect = Fraction(self._stream.sample_aspect_ratio or 1)
        if aspect <= 0:
            aspect = Fraction(1)
        timing = probe.timing_of(self._index, self._stream)
        if not timing.is_constant:
            notes.append("Variable frame rate: frames are shown at their own times.")
        return ClipInfo(
            path=self._path,
            container=self._container.format.name,
            codec=self._stream.codec_context.name,
            pixel_format=frame.format.name,
            bit_depth=depth,
            width=width,
            height=height,
            sample_aspect=aspect if self._rotation % 180 == 0 else 1 / aspect,
            rotation=self._rotation,
            colour=self._colour,
            timing=timing,
            total_frames=timing.frame_count,
            size_bytes=self._path.stat().st_size,
            keyframes=self._index.keyframes,
            notes=tuple(notes),
            transfer=probe.transfer_of(frame),
        )

    def _restart(self, keyframe: int) -> None:
        """Decode from the frame numbered `keyframe` (display order) on."""
        pts = self._index.pts
        offset = (pts[keyframe] if keyframe else min(pts[0], 0)) if pts is not None else 0
        try:
            self._container.seek(offset, stream=self._stream, backward=True)
        except (FFmpegError, OSError):
            # Some formats cannot seek: open again.
            self._container.close()
            self._container = probe.open_container(self._path)
            self._stream = probe.video_stream(self._container, self._path)
            self._stream.thread_type = "AUTO"
        self._frames = self._decoded()
        self._position = 0 if pts is None else keyframe

    def _decoded(self) -> Iterator[av.VideoFrame]:
        for packet in self._container.demux(self._stream):
            try:
                yield from packet.decode()
            except InvalidDataError:
                # A damaged packet loses its own frame; the frames after it may be whole.
                continue

    def frame_type(self, index: int) -> str:
        """Of a frame that has been decoded; empty when it has not, or the format has no types."""
        found = self._types.get(index, "")
        return "" if found == PictureType.NONE.name else found

    def read(self, index: int) -> Picture:
        starts = [k for k in self._index.keyframes if k <= index] or [0]
        walk = index - self._position
        if not 0 <= walk <= _SHORT_WALK and not (walk > 0 and starts[-1] <= self._position):
            self._restart(starts[-1])
        picture = self._walk_to(index)
        # Where the nearest key frame does not bring the frame (broken links), start earlier, at last from the top.
        for keyframe in (*starts[-2:-1], 0):
            if picture is not None:
                return picture
            self._restart(keyframe)
            picture = self._walk_to(index)
        if picture is None:
            raise MediaError(f"{self._path}: frame {index} cannot be decoded; the file is damaged there.")
        return picture

    def _walk_to(self, index: int) -> Picture | None:
        try:
            for frame in self._frames:
                if self._numbers is None:
                    number = self._position
                else:
                    number = self._numbers.get(frame.pts if frame.pts is not None else -1, -1)
                    if number < 0:
                        continue
                self._position = number + 1
                self._types[number] = PictureType(frame.pict_type).name
                if number == index:
                    return self._convert(frame)
                if number > index:
                    return None
        except (FFmpegError, OSError):
            return None
        return None

    def _convert(self, frame: av.VideoFrame) -> Picture:
        keep_deep = self.keep_deep and self.info.bit_depth > 8
        return convert(frame, self._colour, self._rotation, self._size, keep_deep=keep_deep)


def convert(
    frame: av.VideoFrame, shown: Colour, rotation: int, size: tuple[int, int], *, keep_deep: bool = False
) -> Picture:
    """An ffmpeg frame of any format as an upright 8-bit 4:2:0 picture; frames of another size are scaled to `size`.
    With `keep_deep` it brings 10 bits too."""
    picture = colour.from_frame(_formatted(frame, shown, size, ("yuv420p", "yuvj420p")), shown)
    deep = colour.deep_planes(_formatted(frame, shown, size, ("yuv420p10le",))) if keep_deep else None
    if rotation:
        y, u, v = (np.ascontiguousarray(np.rot90(p, rotation // 90)) for p in (picture.y, picture.u, picture.v))
        picture = Picture(y, u, v, shown)
    if deep is None:
        return picture
    turned = (np.ascontiguousarray(np.rot90(p, rotation // 90)) for p in (deep.y, deep.u, deep.v))
    return replace(picture, deep=DeepPlanes(*turned))


def _formatted(frame: av.VideoFrame, shown: Colour, size: tuple[int, int], formats: tuple[str, ...]) -> av.VideoFrame:
    """The frame in one of `formats`, the first if it is in none, and of that size."""
    if frame.format.name in formats and (frame.width, frame.height) == size:
        return frame
    return frame.reformat(
        width=size[0],
        height=size[1],
        format=formats[0],
        src_colorspace=None if frame.format.is_rgb else colour.space_of(shown.matrix),
        dst_colorspace=colour.space_of(shown.matrix),
        src_color_range=None if frame.format.is_rgb else colour.range_of(shown.full_range),
        dst_color_range=colour.range_of(shown.full_range),
        interpolation=colour.FLAGS,
    )
