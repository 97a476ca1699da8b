"""A rival's file read back as pictures of the clip's size."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from codec.errors import RivalError
from codec.media.clip import open_clip
from codec.media.picture import Colour, Picture
from codec.media.probe import Coded


class RivalSource:
    """Pictures of a rival's file, cut to the clip's size; implements FrameSource."""

    def __init__(self, path: Path, width: int, height: int, frame_count: int, colour: Colour) -> None:
        """`colour` is the clip's, in which the encoder got its pictures: what comes back is read so, whatever the
        stream says. Raises MediaError when the file cannot be opened, RivalError when it has another frame count."""
        self._clip = open_clip(path, coded=Coded(surely=colour))
        self._width, self._height = width, height
        if self._clip.frame_count != frame_count:
            self._clip.close()
            raise RivalError(f"{path}: the file has {self._clip.frame_count} frames, the clip {frame_count}.")

    @property
    def frame_count(self) -> int:
        return self._clip.frame_count

    @property
    def width(self) -> int:
        return self._width

    @property
    def height(self) -> int:
        return self._height

    def picture(self, index: int) -> Picture:
        """Frame `index`. Raises MediaError."""
        return self._cut(self._clip.picture(index))

    def frame_type(self, index: int) -> str:
        """As of `Clip`."""
        return self._clip.frame_type(index)

    def pictures(self, start: int, stop: int) -> Iterator[Picture]:
        """Frames [start, stop) in order."""
        for picture in self._clip.pictures(start, stop):
            yield self._cut(picture)

    def close(self) -> None:
        """Give back the file."""
        self._clip.close()

    def _cut(self, picture: Picture) -> Picture:
        if (picture.width, picture.height) == (self._width, self._height):
            return picture
        half = (slice((self._height + 1) // 2), slice((self._width + 1) // 2))
        planes = (picture.y[: self._height, : self._width], picture.u[half], picture.v[half])
        y, u, v = (np.ascontiguousarray(plane) for plane in planes)
        return Picture(y, u, v, picture.colour)
