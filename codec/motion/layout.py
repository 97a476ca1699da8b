"""Which motion a GoP carries, and what each part means.

A field holds, for every node of a grid with one node per NODE x NODE pixels (node centres lie in the cells' middles), a
displacement in pixels (x, y): the picture it belongs to, at p, looks like its reference at p + displacement. A GoP of n
pictures numbered 0 .. n - 1 has

    entry    picture 0 from the last picture of the GoP before   (only chained GoPs that share no picture with it)
    anchor   picture n - 1 from picture 0
    before   pictures 1 .. n - 2 from picture 0
    after    pictures 1 .. n - 2 from picture n - 1
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

NODE = 32
"""Pixels between neighbouring nodes, in both directions."""

Array = TypeVar("Array")


@dataclass(frozen=True, slots=True)
class MotionFields(Generic[Array]):
    """The fields of a GoP, numpy arrays or tensors: `entry` and `anchor` (..., 2, gh, gw) or None, `before` and `after`
    (..., n - 2, 2, gh, gw) or None; in pixels, x before y."""

    entry: Array | None
    anchor: Array | None
    before: Array | None
    after: Array | None


def grid_size(width: int, height: int) -> tuple[int, int]:
    """(gh, gw) of a picture's motion grid."""
    return -(-height // NODE), -(-width // NODE)


def plane_count(length: int, entry: bool) -> int:
    """Coded planes of a GoP of `length` pictures: entry, anchor, two for each picture between the anchors."""
    return int(entry) + int(length > 1) + 2 * max(0, length - 2)
