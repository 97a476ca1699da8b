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

import numpy as np
from numpy.typing import NDArray

NODE = 16
"""Pixels between neighbouring nodes, in both directions; a node is in the middle of its cell."""
QUARTERS = 4
"""Vectors are integers, in quarter pixels."""


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
class MotionFields:
    """The same by what it moves: vectors `entry` and `anchor` (gh, gw, 2) or None, `before` and `after` (n - 2, gh, gw,
    2), and `late` (n - 2, gh, gw) float32, from 0 to 1: how much the last picture counts."""

    entry: NDArray[np.int32] | None
    anchor: NDArray[np.int32] | None
    before: NDArray[np.int32]
    after: NDArray[np.int32]
    late: NDArray[np.float32]


def grid_size(width: int, height: int) -> tuple[int, int]:
    """(gh, gw) of a picture's motion grid."""
    return -(-height // NODE), -(-width // NODE)


def plane_count(length: int, entry: bool) -> int:
    """Planes of vectors of a GoP of `length` pictures: entry, anchor, two for each picture between the anchors."""
    return int(entry) + int(length > 1) + 2 * max(0, length - 2)


@dataclass(frozen=True, slots=True)
class MotionShape:
    """Which planes a GoP of `length` pictures of `width` x `height` has; `entry`, `cut` as in `hybrid.shape`."""

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


def fields_of(vectors: MotionVectors, length: int, entry: bool) -> MotionFields:
    """The fields that a GoP's vectors stand for."""
    planes, inner = vectors.planes, max(0, length - 2)
    rest = int(entry) + int(length > 1)
    share = (np.arange(1, inner + 1, dtype=np.float32) / (inner + 1))[:, None, None]
    late = np.select([vectors.sides == Side.FIRST, vectors.sides == Side.LAST], [np.float32(0), np.float32(1)], share)
    return MotionFields(
        entry=planes[0] if entry else None,
        anchor=planes[int(entry)] if length > 1 else None,
        before=planes[rest : rest + inner],
        after=planes[rest + inner :],
        late=late.astype(np.float32),
    )
