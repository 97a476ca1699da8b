"""A clip as pictures by number: frame-exact random access, sequential reading without seeking."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from codec.context import QUIET, WorkContext
from codec.errors import MediaError, SettingError
from codec.media.picture import Picture, Timing
from codec.media.probe import ClipInfo, Coded
from codec.media.reader import FileReader
from codec.media.sequence import SequenceReader, is_sequence
from codec.media.timing import slice_timing

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
        self.info: ClipInfo = replace(reader.info, timing=slice_timing(reader.info.timing, start, end))

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

    def frame_bytes(self) -> tuple[int, ...]:
        """Coded bytes of each frame of the range: all packets it consists of, with references nobody sees before it."""
        return self._reader.frame_bytes()[self._start : self._start + self.frame_count]

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


def open_clip(
    path: Path | str,
    *,
    start: int = 0,
    stop: int | None = None,
    deinterlace: bool = False,
    coded: Coded | None = None,
    context: WorkContext = QUIET,
) -> Clip:
    """Open a video file, a folder of images, or a pattern such as `name_%04d.png`.

    `start` and `stop` are the in and out points in frames (stop excluded). With `deinterlace` a video file's pictures
    have the lines of one moment each (bwdif, as many pictures as frames). `coded` is what is known of its colours
    besides its tags. A file whose packets do not tell its pictures is decoded once to count them; `context` is told,
    and can end it. Raises MediaError, SettingError, Cancelled.
    """
    path = Path(path)
    reader = (
        SequenceReader(path, coded)
        if is_sequence(path)
        else FileReader(path, deinterlace=deinterlace, coded=coded, context=context)
    )
    return Clip(reader, start, stop)
