"""How stored pictures are turned and mirrored before they are shown: the display matrix of a video file."""

from dataclasses import dataclass
from typing import cast

import av
import numpy as np
from av.sidedata.sidedata import SideDataContainer, Type

from codec.media.picture import DeepPlanes, Picture


@dataclass(frozen=True, slots=True)
class Orientation:
    """One of the eight ways to lay a picture on a screen: rows and columns change places first, then it is flipped."""

    transposed: bool = False
    flip_x: bool = False
    flip_y: bool = False

    @property
    def is_upright(self) -> bool:
        return self == Orientation()

    @property
    def mirrored(self) -> bool:
        """True when no turning alone gives it."""
        return self.transposed ^ self.flip_x ^ self.flip_y

    @property
    def rotation(self) -> int:
        """Degrees counter-clockwise by which it is turned, after mirroring left to right where `mirrored`."""
        if self.transposed:
            # Where the stored left edge goes, seen from the picture as it is turned.
            return 90 if self.flip_y ^ self.mirrored else 270
        return 180 if self.flip_y else 0

    def applied(self, picture: Picture) -> Picture:
        """The picture as it is shown, with its deeper planes."""
        if self.is_upright:
            return picture
        y, u, v = (self._plane(plane) for plane in (picture.y, picture.u, picture.v))
        deep = picture.deep
        if deep is not None:
            deep = DeepPlanes(*(self._plane(plane) for plane in (deep.y, deep.u, deep.v)))
        return Picture(y, u, v, picture.colour, deep)

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height as shown of a stored picture."""
        return (height, width) if self.transposed else (width, height)

    def _plane(self, plane: np.ndarray) -> np.ndarray:
        shown = plane.T if self.transposed else plane
        shown = shown[:: -1 if self.flip_y else 1, :: -1 if self.flip_x else 1]
        return np.ascontiguousarray(shown)


def orientation_of(frame: av.VideoFrame) -> Orientation:
    """As the file's display matrix says; angles between the four right ones go to the nearest."""
    try:
        # Iterating gives the entries, unlike a mapping's; PyAV's stub takes it for a dictionary by names.
        entries = cast(SideDataContainer, frame.side_data)
        data = next((entry for entry in entries if entry.type is Type.DISPLAYMATRIX), None)
    except ValueError:
        # The binding does not know all kinds of side data that frames carry.
        return Orientation()
    if data is None:
        return Orientation()
    # Stored (x, y) is shown at (a x + c y, b x + d y), y pointing down.
    a, b, _, c, d = (int(value) for value in np.frombuffer(bytes(data), np.int32)[:5])
    if abs(b) > abs(a):
        return Orientation(True, c < 0, b < 0)
    return Orientation(False, a < 0, d < 0)
