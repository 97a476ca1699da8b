"""FrameSources of a part of another: a region of its pictures, a run of its frames. No Qt."""

from collections.abc import Iterator

import numpy as np

from app.state.inspection import Region
from codec.media.picture import FrameSource, Picture


class CroppedSource:
    """A region of another source's pictures; its left and top are even, so that chroma samples stay where they are."""

    def __init__(self, source: FrameSource, region: Region) -> None:
        self._source, self._region = source, region

    @property
    def frame_count(self) -> int:
        return self._source.frame_count

    @property
    def width(self) -> int:
        return self._region.width

    @property
    def height(self) -> int:
        return self._region.height

    def picture(self, index: int) -> Picture:
        """The region of frame `index`."""
        return cut(self._source.picture(index), self._region)

    def pictures(self, start: int, stop: int) -> Iterator[Picture]:
        """Frames [start, stop) in order."""
        for picture in self._source.pictures(start, stop):
            yield cut(picture, self._region)


class RunSource:
    """A run of frames of another source; for those outside `known` its nearest frame stands in."""

    def __init__(self, source: FrameSource, frames: range, known: range) -> None:
        self._source, self._frames, self._known = source, frames, known

    @property
    def frame_count(self) -> int:
        return len(self._frames)

    @property
    def width(self) -> int:
        return self._source.width

    @property
    def height(self) -> int:
        return self._source.height

    def picture(self, index: int) -> Picture:
        """Frame `index` of the run."""
        return self._source.picture(min(self._known.stop - 1, max(self._known.start, self._frames[index])))

    def pictures(self, start: int, stop: int) -> Iterator[Picture]:
        """Frames [start, stop) in order."""
        for index in range(start, stop):
            yield self.picture(index)


def cut(picture: Picture, region: Region) -> Picture:
    """A region of a picture whose left and top are even."""
    rows, columns = (slice(a, a + b) for a, b in ((region.top, region.height), (region.left, region.width)))
    chroma = tuple(slice(part.start // 2, (part.stop + 1) // 2) for part in (rows, columns))
    planes = (picture.y[rows, columns], picture.u[chroma], picture.v[chroma])
    y, u, v = (np.ascontiguousarray(plane) for plane in planes)
    return Picture(y, u, v, picture.colour)
