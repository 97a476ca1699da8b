"""Decoded pictures of one source on disk, so that metrics may read them in any order without decoding again."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from codec.bench.cache import Json
from codec.context import QUIET, WorkContext
from codec.errors import MediaError
from codec.media.picture import Colour, Matrix, Picture
from codec.media.spool import FrameSpool, SpoolSpec


def colour_values(colour: Colour) -> Json:
    """A coding as plain values, which another process gets."""
    return {"matrix": colour.matrix.value, "full_range": colour.full_range}


def colour_from(values: Json) -> Colour:
    """The coding among plain values."""
    return Colour(Matrix(values["matrix"]), values["full_range"])


class SpooledFrames:
    """FrameSource over a spool filled once. `seconds` is how long the pictures took to come, writing them excluded; 0
    when another process wrote them."""

    def __init__(self, spool: FrameSpool, frame_count: int, seconds: float) -> None:
        self._spool = spool
        self.frame_count = frame_count
        self.width, self.height = spool.spec.width, spool.spec.height
        self.seconds = seconds

    def picture(self, index: int) -> Picture:
        """Frame `index`. Raises MediaError outside the clip."""
        return self._spool.get(index)

    def pictures(self, start: int, stop: int) -> Iterator[Picture]:
        """Frames [start, stop) in order."""
        return (self.picture(index) for index in range(start, stop))

    def close(self, *, remove: bool = True) -> None:
        """Close and remove the file, or leave it to the process that opens its `place`."""
        self._spool.close(remove=remove)

    @property
    def place(self) -> Json:
        """All that another process needs to open it."""
        spec = self._spool.spec
        size = {"width": self.width, "height": self.height, "frame_count": self.frame_count}
        return {"file": str(spec.path), **size, **colour_values(spec.colour)}


def reopened(place: Json) -> SpooledFrames:
    """Pictures that another process left in a file. Raises MediaError when the file cannot be opened."""
    spec = SpoolSpec(Path(place["file"]), place["width"], place["height"], colour_from(place), place["frame_count"])
    return SpooledFrames(FrameSpool(spec), spec.slots, 0.0)


def spooled(pictures: Iterable[Picture], count: int, file: Path, context: WorkContext = QUIET) -> SpooledFrames:
    """All `count` pictures of a source in `file`. Raises MediaError when there are fewer or more, and what the source
    raises."""
    source = iter(pictures)
    spool: FrameSpool | None = None
    seconds, done = 0.0, 0
    while True:
        context.check()
        began = time.perf_counter()
        picture = next(source, None)
        seconds += time.perf_counter() - began
        if picture is None:
            break
        spool = spool or FrameSpool(SpoolSpec(file, picture.width, picture.height, picture.colour, count))
        spool.put(done, picture)
        done += 1
        context.report(min(1.0, done / count), f"frame {done} of {count}")
    if spool is None or done != count:
        raise MediaError(f"{file.stem}: {done} frames were decoded where {count} were expected.")
    return SpooledFrames(spool, count, seconds)
