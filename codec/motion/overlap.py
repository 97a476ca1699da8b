"""The processor's way of `codec.motion.warp`: between four nodes each distinct vector is interpolated once, as a whole
block. Compiled by numba, without the interpreter lock."""

import numba
import numpy as np
from numpy.typing import NDArray

from codec.motion.layout import NODE

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


def move(pictures: NDArray[np.float32], vectors: NDArray[np.int32]) -> NDArray[np.float32]:
    """Pictures (N, C, H, W) float32, each by n fields of vectors (N, n, gh, gw, 2) in quarter pixels -> (N, n, C, H,
    W)."""
    moved = np.empty((*vectors.shape[:2], *pictures.shape[1:]), np.float32)
    for picture, fields, made in zip(pictures, vectors, moved, strict=True):
        padded = np.pad(picture, ((0, 0), (_BORDER, _BORDER), (_BORDER, _BORDER)), mode="edge")
        for field, one in zip(fields, made, strict=True):
            _move(padded, field, one, _WEIGHTS)
    return moved


@numba.njit(cache=True, nogil=True, boundscheck=False, fastmath=True)
def _block(plane, top, left, x, y, height, width, weights, across, block):
    """`block` (height, width) = plane at a displacement."""
    row = min(max(top + (y >> 2) + _BORDER - 1, 0), plane.shape[0] - height - _TAPS + 1)
    column = min(max(left + (x >> 2) + _BORDER - 1, 0), plane.shape[1] - width - _TAPS + 1)
    fx, fy = x & 3, y & 3
    a, b, c, d = weights[fx, 0], weights[fx, 1], weights[fx, 2], weights[fx, 3]
    for r in range(height + _TAPS - 1):
        source, target = plane[row + r], across[r]
        if fx == 0:
            for k in range(width):
                target[k] = source[column + 1 + k]
        else:
            for k in range(width):
                target[k] = a * source[column + k] + b * source[column + k + 1]
                target[k] += c * source[column + k + 2] + d * source[column + k + 3]
    a, b, c, d = weights[fy, 0], weights[fy, 1], weights[fy, 2], weights[fy, 3]
    for r in range(height):
        one, two, three, four, target = across[r], across[r + 1], across[r + 2], across[r + 3], block[r]
        if fy == 0:
            for k in range(width):
                target[k] = two[k]
        else:
            for k in range(width):
                target[k] = a * one[k] + b * two[k] + c * three[k] + d * four[k]


@numba.njit(cache=True, nogil=True, boundscheck=False, fastmath=True)
def _move(padded, vectors, moved, weights):
    planes, height, width = moved.shape
    rows, columns = vectors.shape[:2]
    across = np.empty((NODE + _TAPS - 1, NODE), np.float32)
    block = np.empty((NODE, NODE), np.float32)
    share = np.empty((NODE, NODE), np.float32)
    corner_x, corner_y = np.empty(4, np.int64), np.empty(4, np.int64)
    used = np.empty(4, np.int64)
    for r in range(rows + 1):
        top = max(r * NODE - _HALF, 0)
        h = min(r * NODE + _HALF, height) - top
        upper, lower = max(r - 1, 0), min(r, rows - 1)
        for c in range(columns + 1):
            left = max(c * NODE - _HALF, 0)
            w = min(c * NODE + _HALF, width) - left
            before, after = max(c - 1, 0), min(c, columns - 1)
            for k in range(4):
                node = vectors[lower if k > 1 else upper, after if k & 1 else before]
                corner_x[k], corner_y[k] = node[0], node[1]
                used[k] = 0
            same = True
            for k in range(1, 4):
                if corner_x[k] != corner_x[0] or corner_y[k] != corner_y[0]:
                    same = False
            if same:
                for p in range(planes):
                    _block(padded[p], top, left, corner_x[0], corner_y[0], h, w, weights, across, block)
                    for i in range(h):
                        target = moved[p, top + i]
                        for j in range(w):
                            target[left + j] = block[i, j]
                continue
            for p in range(planes):
                for i in range(h):
                    moved[p, top + i, left : left + w] = 0.0
            for k in range(4):
                if used[k]:
                    continue
                share[:h, :w] = 0.0
                for m in range(k, 4):
                    if corner_x[m] != corner_x[k] or corner_y[m] != corner_y[k]:
                        continue
                    used[m] = 1
                    for i in range(h):
                        down = np.float32((top + i + 0.5) / NODE + 0.5 - r)
                        down = down if m > 1 else np.float32(1.0) - down
                        for j in range(w):
                            right = np.float32((left + j + 0.5) / NODE + 0.5 - c)
                            share[i, j] += down * (right if m & 1 else np.float32(1.0) - right)
                for p in range(planes):
                    _block(padded[p], top, left, corner_x[k], corner_y[k], h, w, weights, across, block)
                    for i in range(h):
                        target = moved[p, top + i]
                        for j in range(w):
                            target[left + j] += block[i, j] * share[i, j]
