"""Which motion a GoP carries, and what each part means.

The picture is cut into cells of NODE x NODE pixels. A vector says for a cell: the picture at p looks like its reference
at p + vector. A GoP of n pictures numbered 0 .. n - 1 has, in this order, planes of vectors

    entry    picture 0 from the last picture of the GoP before   (only chained GoPs that share no picture with it)
    anchor   picture n - 1 from picture 0
    before   pictures 1 .. n - 2 from picture 0
    after    pictures 1 .. n - 2 from picture n - 1

and for each cell of the pictures between which of the two it is predicted from (`Side`).
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

NODE = 16
"""Pixels between neighbouring nodes, in both directions; a node is in the middle of its cell."""
QUARTERS = 4
"""Vectors are integers, in quarter pixels."""

Array = TypeVar("Array")


class Side(IntEnum):
    """What a cell of a picture between two anchors is predicted from."""

    BOTH = 0
    """Their mean, the nearer one counting more."""
    FIRST = 1
    LAST = 2


@dataclass(frozen=True, slots=True)
class MotionVectors:
    """A GoP's motion in integers: `planes` (planes, gh, gw, 2) int32 in quarter pixels, x before y, and `sides`
    (n - 2, gh, gw) uint8, values of Side."""

    planes: NDArray[np.int32]
    sides: NDArray[np.uint8]

    def same_as(self, other: "MotionVectors") -> bool:
        """True when all integers agree."""
        return np.array_equal(self.planes, other.planes) and np.array_equal(self.sides, other.sides)


@dataclass(frozen=True, slots=True)
class MotionFields(Generic[Array]):
    """The same as numbers the networks work with, numpy arrays or tensors: `entry` and `anchor` (..., 2, gh, gw) or
    None, `before` and `after` (..., n - 2, 2, gh, gw) or None, in pixels, x before y; `late` (..., n - 2, gh, gw) or
    None, from 0 to 1: how much the last picture counts."""

    entry: Array | None
    anchor: Array | None
    before: Array | None
    after: Array | None
    late: Array | None


def grid_size(width: int, height: int) -> tuple[int, int]:
    """(gh, gw) of a picture's motion grid."""
    return -(-height // NODE), -(-width // NODE)


def plane_count(length: int, entry: bool) -> int:
    """Planes of vectors of a GoP of `length` pictures: entry, anchor, two for each picture between the anchors."""
    return int(entry) + int(length > 1) + 2 * max(0, length - 2)


@dataclass(frozen=True, slots=True)
class MotionShape:
    """Which planes a GoP of `length` pictures of `width` x `height` has; `entry`, `cut` as in `stream.shape`."""

    length: int
    width: int
    height: int
    entry: bool
    cut: int = 0

    @property
    def grid(self) -> tuple[int, int]:
        return grid_size(self.width, self.height)

    @property
    def planes(self) -> int:
        return plane_count(self.length, self.entry)


def fields_of(vectors: MotionVectors, length: int, entry: bool) -> MotionFields[NDArray[np.float32]]:
    """The fields that a GoP's vectors stand for."""
    pixels = (vectors.planes.astype(np.float32) / QUARTERS).transpose(0, 3, 1, 2)
    first = pixels[0] if entry else None
    if length < 2:
        return MotionFields(first, None, None, None, None)
    anchor, between = pixels[int(entry)], pixels[int(entry) + 1 :]
    if length < 3:
        return MotionFields(first, anchor, None, None, None)
    share = (np.arange(1, length - 1, dtype=np.float32) / (length - 1))[:, None, None]
    late = np.select([vectors.sides == Side.FIRST, vectors.sides == Side.LAST], [np.float32(0), np.float32(1)], share)
    return MotionFields(first, anchor, between[: length - 2], between[length - 2 :], late.astype(np.float32))
