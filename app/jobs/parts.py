"""FrameSources over another: a region of it, a run of frames, shifted, or with the last pictures kept. No Qt."""

from collections.abc import Iterator

import numpy as np
from cachetools import FIFOCache

from app.state.inspection import Region
from codec.media.picture import FrameSource, Picture


class _Wrapped:
    """What a FrameSource over another has of it unless it says otherwise."""

    def __init__(self, source: FrameSource) -> None:
        self._source = source

    @property
    def frame_count(self) -> int:
        return self._source.frame_count

    @property
    def width(self) -> int:
        return self._source.width

    @property
    def height(self) -> int:
        return self._source.height


class CroppedSource(_Wrapped):
    """A region of another source's pictures; its left and top are even, so that chroma samples stay where they are."""

    def __init__(self, source: FrameSource, region: Region) -> None:
        super().__init__(source)
        self._region = region

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


class RunSource(_Wrapped):
    """A run of frames of another source; for those outside `known` its nearest frame stands in."""

    def __init__(self, source: FrameSource, frames: range, known: range) -> None:
        super().__init__(source)
        self._frames, self._known = frames, known

    @property
    def frame_count(self) -> int:
        return len(self._frames)

    def picture(self, index: int) -> Picture:
        """Frame `index` of the run."""
        return self._source.picture(min(self._known.stop - 1, max(self._known.start, self._frames[index])))

    def pictures(self, start: int, stop: int) -> Iterator[Picture]:
        """Frames [start, stop) in order."""
        for index in range(start, stop):
            yield self.picture(index)


class ShiftedSource(_Wrapped):
    """A FrameSource counted from another frame on: its frame i is the other's frame i + `shift`."""

    def __init__(self, source: FrameSource, shift: int) -> None:
        super().__init__(source)
        self._shift = shift

    @property
    def frame_count(self) -> int:
        return self._source.frame_count - self._shift

    def picture(self, index: int) -> Picture:
        """Frame `index` + shift of the other."""
        return self._source.picture(index + self._shift)

    def pictures(self, start: int, stop: int) -> Iterator[Picture]:
        """Frames [start, stop) in order."""
        return self._source.pictures(start + self._shift, stop + self._shift)


class RecentPictures(_Wrapped):
    """A FrameSource that keeps the last few pictures it gave: several metrics look at the same ones in turn, and to
    decode a frame again can mean to decode all since its key frame. Not for two threads at once."""

    KEPT = 4

    def __init__(self, source: FrameSource) -> None:
        super().__init__(source)
        self._kept: FIFOCache[int, Picture] = FIFOCache(self.KEPT)

    def picture(self, index: int) -> Picture:
        """Frame `index`."""
        found = self._kept.get(index)
        if found is None:
            found = self._kept[index] = self._source.picture(index)
        return found

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
