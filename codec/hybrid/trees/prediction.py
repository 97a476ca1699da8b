"""What a block looks like by its neighbours: smooth surfaces and 33 directions (ITU-T H.265, 8.4.4.2), and chroma from
luma by a line fitted at the border (as in JCTVC-E266).

References of a block of N: 4N + 1 samples, from the lowest at the left, up to the corner, and on to the rightmost
above. Those that are not decoded yet repeat the nearest one.
"""

import numpy as np

from codec.arrays import Int, UInt8_1d, UInt8_2d
from codec.compiled import compiled

PLANAR, MEAN, HORIZONTAL, VERTICAL = 0, 1, 10, 26
MODES = 35
AS_KNOWN = 35
"""The mode of a block that looks as it was predicted from another picture."""
_ANGLES = np.array(
    [0, 0, *(32, 26, 21, 17, 13, 9, 5, 2, 0, -2, -5, -9, -13, -17, -21, -26), *(-32, -26, -21, -17, -13, -9, -5, -2, 0),
     *(2, 5, 9, 13, 17, 21, 26, 32)], np.int64,
)  # fmt: skip
"""Displacement by mode, in 1/32 sample a row (or column)."""
_GREY = 128
_SMOOTHED = np.array([99, 7, 1, 0], np.int64)
"""How many modes away from horizontal and vertical a direction has to be for its references to be smoothed, by size."""


@compiled()
def gather(plane: UInt8_2d, done: UInt8_2d, top: Int, left: Int, n: Int, found: UInt8_1d) -> None:
    """Write the references of the block at (top, left) into `found`. `done` (H/4, W/4): decoded parts of `plane`."""
    height, width = plane.shape
    count = 4 * n + 1
    first = -1
    # In steps of four samples: nothing smaller is decoded on its own.
    for k in range(0, 2 * n, 4):
        row = top + 2 * n - 1 - k
        here = left > 0 and row < height and done[row >> 2, (left - 1) >> 2]
        if here:
            for i in range(4):
                found[k + i] = plane[row - i, left - 1]
            if first < 0:
                first = k
        elif first >= 0:
            for i in range(4):
                found[k + i] = found[k - 1]
    if top > 0 and left > 0 and done[(top - 1) >> 2, (left - 1) >> 2]:
        found[2 * n] = plane[top - 1, left - 1]
        if first < 0:
            first = 2 * n
    elif first >= 0:
        found[2 * n] = found[2 * n - 1]
    for k in range(2 * n + 1, count, 4):
        column = left + k - 2 * n - 1
        here = top > 0 and column < width and done[(top - 1) >> 2, column >> 2]
        if here:
            for i in range(4):
                found[k + i] = plane[top - 1, column + i]
            if first < 0:
                first = k
        elif first >= 0:
            for i in range(4):
                found[k + i] = found[k - 1]
    if first < 0:
        for i in range(count):
            found[i] = _GREY
    else:
        for i in range(first):
            found[i] = found[first]


@compiled()
def smooth(found: UInt8_1d, n: Int, smoothed: UInt8_1d) -> None:
    """References averaged with their neighbours."""
    last = 4 * n
    smoothed[0], smoothed[last] = found[0], found[last]
    for i in range(1, last):
        smoothed[i] = (np.int64(found[i - 1]) + 2 * np.int64(found[i]) + np.int64(found[i + 1]) + 2) >> 2


@compiled()
def predict(
    found: UInt8_1d, smoothed: UInt8_1d, mode: Int, size: Int, plane: Int, line: UInt8_1d, out: UInt8_2d
) -> None:
    """The block (N, N) uint8 that a mode makes of its references, plain and smoothed; `plane` is
    0 for luma, which alone is smoothed; `line` is working space."""
    n, luma = 4 << size, plane == 0
    if mode == MEAN:
        total = n
        for i in range(n):
            total += np.int64(found[2 * n - 1 - i]) + np.int64(found[2 * n + 1 + i])
        mean = total // (2 * n)
        for i in range(n):
            for j in range(n):
                out[i, j] = mean
        if luma and n < 32:
            out[0, 0] = (np.int64(found[2 * n - 1]) + 2 * mean + np.int64(found[2 * n + 1]) + 2) >> 2
            for i in range(1, n):
                out[0, i] = (np.int64(found[2 * n + 1 + i]) + 3 * mean + 2) >> 2
                out[i, 0] = (np.int64(found[2 * n - 1 - i]) + 3 * mean + 2) >> 2
        return
    if mode == PLANAR:
        used = smoothed if luma and n > 4 else found
        far_up, far_left = np.int64(used[3 * n + 1]), np.int64(used[n - 1])
        for i in range(n):
            left = np.int64(used[2 * n - 1 - i])
            for j in range(n):
                up = np.int64(used[2 * n + 1 + j])
                total = (n - 1 - j) * left + (j + 1) * far_up + (n - 1 - i) * up + (i + 1) * far_left + n
                out[i, j] = total >> (size + 3)
        return
    distance = min(abs(mode - HORIZONTAL), abs(mode - VERTICAL))
    used = smoothed if luma and distance > _SMOOTHED[size] else found
    upright = mode >= 18
    angle = _ANGLES[mode]
    # `line`: the main side's references from n - 1 before the corner on, the other side's projected before it.
    sign = 1 if upright else -1
    for k in range(2 * n + 1):
        line[n + k] = used[2 * n + sign * k]
    if angle < 0:
        for k in range(1, n + 1):
            away = min((k * 32 * 8 * 32 // -angle + 128) >> 8, 2 * n)
            line[n - k] = used[2 * n - sign * away]
    one = np.uintp(1)
    for i in range(np.uintp(n)):
        whole, part = ((np.int64(i) + 1) * angle) >> 5, ((np.int64(i) + 1) * angle) & 31
        start = np.uintp(n + whole + 1)
        if upright:
            for j in range(np.uintp(n)):
                out[i, j] = ((32 - part) * np.int64(line[start + j]) + part * np.int64(line[start + j + one]) + 16) >> 5
        else:
            for j in range(np.uintp(n)):
                out[j, i] = ((32 - part) * np.int64(line[start + j]) + part * np.int64(line[start + j + one]) + 16) >> 5
    if luma and angle == 0 and n < 32:
        corner = np.int64(used[2 * n])
        for i in range(n):
            if upright:
                out[i, 0] = min(max(np.int64(out[i, 0]) + ((np.int64(used[2 * n - 1 - i]) - corner) >> 1), 0), 255)
            else:
                out[0, i] = min(max(np.int64(out[0, i]) + ((np.int64(used[2 * n + 1 + i]) - corner) >> 1), 0), 255)


@compiled()
def _halved(luma: UInt8_2d, row: Int, column: Int) -> Int:
    """Luma at a chroma sample."""
    total = np.int64(luma[2 * row, 2 * column]) + luma[2 * row, 2 * column + 1]
    return (total + luma[2 * row + 1, 2 * column] + luma[2 * row + 1, 2 * column + 1] + 2) >> 2


@compiled()
def from_luma(luma: UInt8_2d, plane: UInt8_2d, done: UInt8_2d, top: Int, left: Int, n: Int, out: UInt8_2d) -> None:
    """The chroma block (n, n) at (top, left) as a line of luma that fits the samples above and at the left."""
    count = np.int64(0)
    sl = sc = sll = slc = np.int64(0)
    if top > 0 and done[(top - 1) >> 2, left >> 2]:
        for j in range(n):
            a, b = _halved(luma, top - 1, left + j), np.int64(plane[top - 1, left + j])
            sl, sc, sll, slc = sl + a, sc + b, sll + a * a, slc + a * b
        count += n
    if left > 0 and done[top >> 2, (left - 1) >> 2]:
        for i in range(n):
            a, b = _halved(luma, top + i, left - 1), np.int64(plane[top + i, left - 1])
            sl, sc, sll, slc = sl + a, sc + b, sll + a * a, slc + a * b
        count += n
    if count == 0:
        for i in range(n):
            for j in range(n):
                out[i, j] = _GREY
        return
    spread = count * sll - sl * sl
    slope = np.int64(0)
    if spread > 0:
        slope = min(max(((count * slc - sl * sc) << 8) // spread, -1024), 1024)
    offset = ((sc << 8) - slope * sl) // count
    for i in range(n):
        for j in range(n):
            out[i, j] = min(max((slope * _halved(luma, top + i, left + j) + offset + 128) >> 8, 0), 255)
