"""The loops of `motion.warp`: between four nodes each distinct vector is interpolated once, as a whole
block. Compiled by numba, without the interpreter lock."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from codec.arrays import Float32_2d, Float32_3d, Float32_4d, Int, Int32_3d, Int64_2d
from codec.compiled import compiled
from codec.hybrid.motion.layout import NODE

_BORDER = 2 * NODE
_HALF = NODE // 2
_TAPS = 4


def _taps() -> NDArray[np.float32]:
    """Cubic convolution (Keys 1981, a = -0.75) at quarters: (4, 4)."""
    a = -0.75

    def weight(x: float) -> float:
        x = abs(x)
        if x <= 1:
            return (a + 2) * x**3 - (a + 3) * x**2 + 1
        return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a if x < 2 else 0.0

    return np.array([[weight(k - 1 - q / 4) for k in range(_TAPS)] for q in range(4)], np.float32)


_WEIGHTS = _taps()


class _Room(NamedTuple):
    """Working space: rows of a block that are moved sideways already; the block of one vector and how much it counts;
    the vectors around a cell and around the one after it; which of them are done."""

    across: NDArray[np.float32]
    block: NDArray[np.float32]
    share: NDArray[np.float32]
    corners: NDArray[np.int64]
    following: NDArray[np.int64]
    used: NDArray[np.uint8]


def _new_room(width: int) -> _Room:
    square = (NODE, NODE)
    return _Room(
        np.empty((NODE + _TAPS - 1, width), np.float32), np.empty(square, np.float32), np.empty(square, np.float32),
        np.empty((4, 2), np.int64), np.empty((4, 2), np.int64), np.empty(4, np.uint8),
    )  # fmt: skip


def move(picture: NDArray[np.float32], vectors: NDArray[np.int32], moved: NDArray[np.float32]) -> None:
    """A picture (C, H, W) by each of n planes of vectors (n, gh, gw, 2) in quarter pixels, into `moved` (n, C, H,
    W)."""
    room = _new_room(picture.shape[-1])
    padded = np.pad(picture, ((0, 0), (_BORDER, _BORDER), (_BORDER, _BORDER)), mode="edge")
    for plane, one in zip(vectors, moved, strict=True):
        _move(padded, np.ascontiguousarray(plane), one, _WEIGHTS, room)


@compiled(fastmath=True)
def _block(
    plane: Float32_2d, top: Int, left: Int, x: Int, y: Int, height: Int, width: Int, weights: Float32_2d,
    across: Float32_2d, target: Float32_2d, row_to: Int, column_to: Int,
) -> None:  # fmt: skip
    """`target` from (row_to, column_to) on: a block of `plane` (with its border) at a displacement."""
    row = min(max(top + (y >> 2) + _BORDER - 1, 0), plane.shape[0] - height - _TAPS + 1)
    column = min(max(left + (x >> 2) + _BORDER - 1, 0), plane.shape[1] - width - _TAPS + 1)
    fx, fy = x & 3, y & 3
    a, b, c, d = weights[fx, 0], weights[fx, 1], weights[fx, 2], weights[fx, 3]
    for r in range(height + _TAPS - 1):
        source, made = plane[row + r, column : column + width + _TAPS - 1], across[r]
        if fx == 0:
            for k in range(width):
                made[k] = source[k + 1]
        else:
            for k in range(width):
                made[k] = a * source[k] + b * source[k + 1] + c * source[k + 2] + d * source[k + 3]
    a, b, c, d = weights[fy, 0], weights[fy, 1], weights[fy, 2], weights[fy, 3]
    for r in range(height):
        one, two, three, four = across[r], across[r + 1], across[r + 2], across[r + 3]
        made = target[row_to + r, column_to : column_to + width]
        if fy == 0:
            for k in range(width):
                made[k] = two[k]
        else:
            for k in range(width):
                made[k] = a * one[k] + b * two[k] + c * three[k] + d * four[k]


@compiled()
def _corners(vectors: Int32_3d, r: Int, c: Int, found: Int64_2d) -> bool:
    """The vectors (4, 2) of the nodes around the cell between them; True when they are all one."""
    rows, columns = vectors.shape[:2]
    same = True
    for k in range(4):
        node = vectors[min(r, rows - 1) if k > 1 else max(r - 1, 0), min(c, columns - 1) if k & 1 else max(c - 1, 0)]
        found[k, 0], found[k, 1] = node[0], node[1]
        if found[k, 0] != found[0, 0] or found[k, 1] != found[0, 1]:
            same = False
    return same


@compiled(fastmath=True)
def _move(padded: Float32_3d, vectors: Int32_3d, moved: Float32_3d, weights: Float32_2d, room: _Room) -> None:
    planes, height, width = moved.shape
    rows, columns = vectors.shape[:2]
    across, block, share, corners, following, used = room
    for r in range(rows + 1):
        top = max(r * NODE - _HALF, 0)
        h = min(r * NODE + _HALF, height) - top
        c = 0
        while c <= columns:
            left = max(c * NODE - _HALF, 0)
            if _corners(vectors, r, c, corners):
                # A run of cells that move alike is one block.
                c += 1
                while c <= columns and _corners(vectors, r, c, following):
                    if following[0, 0] != corners[0, 0] or following[0, 1] != corners[0, 1]:
                        break
                    c += 1
                w = min((c - 1) * NODE + _HALF, width) - left
                x, y = corners[0, 0], corners[0, 1]
                for p in range(planes):
                    _block(padded[p], top, left, x, y, h, w, weights, across, moved[p], top, left)
                continue
            w = min(c * NODE + _HALF, width) - left
            for p in range(planes):
                moved[p, top : top + h, left : left + w] = 0.0
            used[:] = 0
            for k in range(4):
                if used[k]:
                    continue
                share[:h, :w] = 0.0
                for m in range(k, 4):
                    if corners[m, 0] != corners[k, 0] or corners[m, 1] != corners[k, 1]:
                        continue
                    used[m] = 1
                    for i in range(h):
                        down = np.float32((top + i + 0.5) / NODE + 0.5 - r)
                        down = down if m > 1 else np.float32(1.0) - down
                        for j in range(w):
                            right = np.float32((left + j + 0.5) / NODE + 0.5 - c)
                            share[i, j] += down * (right if m & 1 else np.float32(1.0) - right)
                for p in range(planes):
                    _block(padded[p], top, left, corners[k, 0], corners[k, 1], h, w, weights, across, block, 0, 0)
                    for i in range(h):
                        made, added, part = moved[p, top + i, left : left + w], block[i], share[i]
                        for j in range(w):
                            made[j] += added[j] * part[j]
            c += 1


@compiled(fastmath=True)
def mix(early: Float32_4d, late: Float32_4d, share: Float32_3d) -> None:
    """Moved pictures (n, C, H, W), `early` in place: to its mix with `late`, which counts `share` (n, H, W)."""
    count, planes, height, width = early.shape
    for i in range(count):
        for row in range(height):
            counts = share[i, row]
            for p in range(planes):
                first, second = early[i, p, row], late[i, p, row]
                for j in range(width):
                    first[j] += (second[j] - first[j]) * counts[j]
