"""How unlike a block of a picture and moved references are: sums of absolute differences, the encoder's measure.

Pictures are luma (H, W) uint8; references carry a border of BORDER pixels that repeats their edge. Vectors are in
quarter pixels; between pixels references are interpolated linearly, which is near enough for choosing.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from codec.arrays import Int, UInt8_2d
from codec.compiled import compiled

BORDER = 64
Plane = NDArray[np.uint8]


def bordered(picture: Plane) -> Plane:
    """A picture as the reference of a search."""
    return np.pad(picture, BORDER, mode="edge")


def stacked(pictures: Sequence[Plane]) -> Plane:
    """Pictures (n, H, W), side by side in memory."""
    return np.ascontiguousarray(np.stack(pictures))


@compiled()
def _inside(start: Int, quarters: Int, side: Int, limit: Int) -> Int:
    """Where in a bordered reference a block begins; a vector that leaves the border behind stays at its edge."""
    return min(max(start + (quarters >> 2) + BORDER, 0), limit + 2 * BORDER - side - 1)


@compiled()
def difference(
    picture: UInt8_2d, reference: UInt8_2d, top: Int, left: Int, height: Int, width: Int, x: Int, y: Int, every: Int
) -> Int:
    """Sum of absolute differences over every `every`-th row of a block."""
    ry = _inside(top, y, height, picture.shape[0])
    rx = _inside(left, x, width, picture.shape[1])
    fx, fy = x & 3, y & 3
    total = np.int32(0)
    if fx == 0 and fy == 0:
        for row in range(0, height, every):
            shown = picture[top + row, left : left + width]
            moved = reference[ry + row, rx : rx + width]
            for column in range(width):
                total += abs(np.int32(shown[column]) - np.int32(moved[column]))
        return total
    a, b = np.int32((4 - fx) * (4 - fy)), np.int32(fx * (4 - fy))
    c, d = np.int32((4 - fx) * fy), np.int32(fx * fy)
    for row in range(0, height, every):
        shown = picture[top + row, left : left + width]
        upper = reference[ry + row, rx : rx + width + 1]
        lower = reference[ry + row + 1, rx : rx + width + 1]
        for column in range(width):
            here = a * np.int32(upper[column]) + b * np.int32(upper[column + 1])
            here += c * np.int32(lower[column]) + d * np.int32(lower[column + 1])
            total += abs(np.int32(shown[column]) - ((here + 8) >> 4))
    return total


@compiled()
def mean_difference(
    picture: UInt8_2d, first: UInt8_2d, last: UInt8_2d, top: Int, left: Int, height: Int, width: Int, ax: Int, ay: Int,
    bx: Int, by: Int, late: Int, length: Int, every: Int,
) -> Int:  # fmt: skip
    """The same for the mean of two references, the last one counting `late` of `length`."""
    ra, ca = _inside(top, ay, height, picture.shape[0]), _inside(left, ax, width, picture.shape[1])
    rb, cb = _inside(top, by, height, picture.shape[0]), _inside(left, bx, width, picture.shape[1])
    fx, fy, gx, gy = ax & 3, ay & 3, bx & 3, by & 3
    a0, a1 = np.int32((4 - fx) * (4 - fy)), np.int32(fx * (4 - fy))
    a2, a3 = np.int32((4 - fx) * fy), np.int32(fx * fy)
    b0, b1 = np.int32((4 - gx) * (4 - gy)), np.int32(gx * (4 - gy))
    b2, b3 = np.int32((4 - gx) * gy), np.int32(gx * gy)
    kb = np.int32(late * 256 // length)
    ka = np.int32(256 - kb)
    total = np.int32(0)
    for row in range(0, height, every):
        shown = picture[top + row, left : left + width]
        au, al = first[ra + row, ca : ca + width + 1], first[ra + row + 1, ca : ca + width + 1]
        bu, bl = last[rb + row, cb : cb + width + 1], last[rb + row + 1, cb : cb + width + 1]
        for column in range(width):
            early = a0 * np.int32(au[column]) + a1 * np.int32(au[column + 1])
            early += a2 * np.int32(al[column]) + a3 * np.int32(al[column + 1])
            later = b0 * np.int32(bu[column]) + b1 * np.int32(bu[column + 1])
            later += b2 * np.int32(bl[column]) + b3 * np.int32(bl[column + 1])
            total += abs(np.int32(shown[column]) - ((ka * early + kb * later + 2048) >> 12))
    return total
