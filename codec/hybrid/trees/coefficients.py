"""Quantised coefficients of a block to bits and back.

Where the last one is that is not zero (ITU-T H.265, 9.3.4.2.3); then, along diagonals back to the first, whether each
is zero, how large it is, its sign. What the contexts know: the five neighbours towards higher frequencies (as VVC's),
the frequency, the block's size, the blocks at the left and above. Their say is mixed (`entropy.mixing`); what a
block is expected to take, while blocks are chosen, counts the first context's bits alone.
"""

import numpy as np
from numpy.typing import NDArray

from codec.arrays import Float, Float32_2d, Int, Int32_2d, Int64_1d, Int64_2d, UInt8_1d
from codec.compiled import compiled
from codec.hybrid.entropy.mixing import INPUTS, code_mixed
from codec.hybrid.entropy.range_coder import BIT_COST, FAULT, code_bit, code_even, code_golomb, cost
from codec.hybrid.trees.transform import LARGEST, SIZES

_PLANES = 2
_BANDS = 7
_NEAR = 8
_UNARY = 14
_PLACES = 5
_GOLOMB = 15
_LASTS = 10
_FAR = 4
ACTIVITIES = 5
"""How much the blocks around a block said, from 0 on."""
MAX_LEVEL = 30000
"""A larger one in a stream is damage."""
_ROUNDED_UP = np.float32(0.67)
"""Part of a step from which on a magnitude is rounded up. Weighing every coefficient's bits against its error instead
takes detail away block by block, which looks worse (LPIPS) for the bits it saves; an even dead zone keeps it even."""

_BAND = np.array([0, 1, 2, 3, 3, 4, 4, 4, *[5] * 5, *[6] * 50], np.int64)
"""By row plus column."""
_SUMS = np.array([0, 1, 2, 3, 4, 5, 5, 6, 6, 6, *[7] * 12], np.int64)
"""Neighbours' magnitudes in all, from 0 to _NEAR - 1."""
_CLASS = np.array([0, 1, 2, 3, 4, 4, 5, 5, *[6] * 4, *[7] * 4, *[8] * 8, *[9] * 8], np.int64)
"""Of a last row or column; the first of a class, and how many bits tell them apart, follow."""
_FIRST = np.array([0, 1, 2, 3, 4, 6, 8, 12, 16, 24], np.int64)
_EXTRA = np.array([0, 0, 0, 0, 1, 1, 2, 2, 3, 3], np.int64)

_ZERO_A = 0
_ZERO_B = _ZERO_A + 4 * _BANDS * _NEAR
_ZERO_C = _ZERO_B + 4 * 64 * 2
_ZERO_D = _ZERO_C + _BANDS * ACTIVITIES * 3 * 2
_LARGE_A = _ZERO_D + 27 * 4 * 2
_LARGE_B = _LARGE_A + _NEAR * 3 * _PLACES
_LARGE_C = _LARGE_B + 4 * _BANDS * _PLACES
_LARGE_D = _LARGE_C + _FAR * 3 * _PLACES
_LAST = _LARGE_D + ACTIVITIES * 3 * _PLACES
CODED = _LAST + 2 * 4 * _LASTS
OF_PLANE = CODED + 2 * 4 * 3
CONTEXTS = _PLANES * OF_PLANE
"""Of luma, then of chroma, by what they know. A coefficient is not zero: size, frequency and neighbours; place in the
block; frequency, blocks around and direction; the nearest three neighbours. Its magnitude is larger, by magnitude and:
neighbours; size and frequency; how many large ones came before; blocks around. The last row, the last column. A block
has coefficients: the context is the caller's."""
ROWS = _PLANES * (_BANDS + _PLACES)
"""Rows of weights."""


def _scans() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and column of every place of a block of each size, along diagonals from the first coefficient on; and the
    place of every row and column."""
    scans = np.zeros((SIZES, LARGEST * LARGEST, 2), np.int64)
    ranks = np.zeros((SIZES, LARGEST, LARGEST), np.int64)
    for size in range(SIZES):
        n = 4 << size
        places = np.array(sorted(np.ndindex(n, n), key=lambda p: (p[0] + p[1], p[1])))
        scans[size, : n * n] = places
        ranks[size, places[:, 0], places[:, 1]] = np.arange(n * n)
    return scans, ranks


_SCAN, _RANK = _scans()


@compiled(inline="always")
def _around(levels: Int32_2d, r: Int, c: Int, n: Int) -> tuple[Int, Int, Int]:
    """Magnitudes of the five neighbours at higher frequencies: how many, capped, and in all; and the nearest three."""
    a = np.int64(abs(levels[r, c + 1])) if c + 1 < n else 0
    b = np.int64(abs(levels[r + 1, c])) if r + 1 < n else 0
    d = np.int64(abs(levels[r + 1, c + 1])) if r + 1 < n and c + 1 < n else 0
    e = np.int64(abs(levels[r, c + 2])) if c + 2 < n else 0
    f = np.int64(abs(levels[r + 2, c])) if r + 2 < n else 0
    few = min(a, 3) + min(b, 3) + min(d, 3) + min(e, 3) + min(f, 3)
    return few, a + b + d + e + f, (min(a, 2) * 3 + min(b, 2)) * 3 + min(d, 2)


@compiled(inline="always")
def _part(s: Int) -> Int:
    """A frequency, row plus column, more coarsely."""
    return 0 if s == 0 else 1 if s < 3 else 2


@compiled()
def code(
    io: Int64_1d, data: UInt8_1d, models: Int32_2d, weights: Int32_2d, said: Int64_2d, levels: Int32_2d, size: Int,
    plane: Int, direction: Int, active: Int, last: Int,
) -> tuple[Int, Int]:  # fmt: skip
    """Code (or read) the levels (N, N) of a block that has some; `last`: their last place in the scan (encoder).
    Returns one past the last row and column that are not zero."""
    n = 4 << size
    base, row = plane * OF_PLANE, plane * (_BANDS + _PLACES)
    r, c = _SCAN[size, last, 0], _SCAN[size, last, 1]
    r = _last_part(io, data, models, base + _LAST + size * _LASTS, r, n)
    c = _last_part(io, data, models, base + _LAST + (4 + size) * _LASTS, c, n)
    if io[FAULT]:
        return 0, 0
    last = _RANK[size, r, c]
    rows = columns = 0
    beyond = 0
    for k in range(last, -1, -1):
        r, c = _SCAN[size, k, 0], _SCAN[size, k, 1]
        s: Int = r + c
        band = _BAND[s]
        few, many, three = _around(levels, r, c, n)
        value = np.int64(levels[r, c])
        if k < last:
            said[0, 0] = base + _ZERO_A + (size * _BANDS + band) * _NEAR + _SUMS[few]
            said[0, 1] = base + _ZERO_B + ((size * 8 + min(r, 7)) * 8 + min(c, 7)) * 2 + (1 if few > 0 else 0)
            said[0, 2] = base + _ZERO_C + ((band * ACTIVITIES + active) * 3 + direction) * 2 + (1 if few > 1 else 0)
            said[0, 3] = base + _ZERO_D + (three * 4 + size) * 2 + (1 if many > 3 else 0)
            if not code_mixed(io, data, models, weights, row + band, said, 4, 1 if value != 0 else 0):
                continue
        negative = code_even(io, data, 1 if value < 0 else 0)
        magnitude = _magnitude(
            io, data, models, weights, said, base, row, size, band, s, many, beyond, active, abs(value)
        )
        if magnitude > MAX_LEVEL:
            io[FAULT] = 1
            return 0, 0
        if magnitude > 1:
            beyond = min(beyond + 1, _FAR - 1)
        levels[r, c] = -magnitude if negative else magnitude
        rows, columns = max(rows, r + 1), max(columns, c + 1)
    return rows, columns


@compiled()
def _last_part(io: Int64_1d, data: UInt8_1d, models: Int32_2d, start: Int, value: Int, n: Int) -> Int:
    """Code the last row or column: its class, rising, and which of the class it is."""
    kind = _CLASS[value]
    most = _CLASS[n - 1]
    k = 0
    while k < most and code_bit(io, data, models, start + k, 1 if kind > k else 0):
        k += 1
    found = _FIRST[k]
    left = value - found
    more = 0
    for i in range(_EXTRA[k] - 1, -1, -1):
        more = (more << 1) | code_even(io, data, (left >> i) & 1)
    return found + more


@compiled()
def _magnitude(
    io: Int64_1d, data: UInt8_1d, models: Int32_2d, weights: Int32_2d, said: Int64_2d, base: Int, row: Int, size: Int,
    band: Int, s: Int, many: Int, beyond: Int, active: Int, value: Int,
) -> Int:  # fmt: skip
    """Code a magnitude of at least one."""
    near = _SUMS[min(many, 21)]
    part = _part(s)
    k = 1
    while k < _UNARY:
        place = min(k, _PLACES) - 1
        said[0, 0] = base + _LARGE_A + (near * 3 + part) * _PLACES + place
        said[0, 1] = base + _LARGE_B + (size * _BANDS + band) * _PLACES + place
        said[0, 2] = base + _LARGE_C + (beyond * 3 + part) * _PLACES + place
        said[0, 3] = base + _LARGE_D + (active * 3 + part) * _PLACES + place
        if not code_mixed(io, data, models, weights, row + _BANDS + place, said, 4, 1 if value > k else 0):
            return k
        k += 1
    return code_golomb(io, data, value - _UNARY + 1, _GOLOMB) + _UNARY - 1


@compiled()
def _size_cost(models: Int32_2d, base: Int, near: Int, part: Int, value: Int) -> Int:
    """Bits of a magnitude and its sign, in 1/BIT_COST."""
    total = BIT_COST
    start = base + _LARGE_A + (near * 3 + part) * _PLACES
    k = 1
    while k < _UNARY:
        larger = value > k
        total += cost(models, start + min(k, _PLACES) - 1, 1 if larger else 0)
        if not larger:
            return total
        k += 1
    left = value - _UNARY + 1
    while left > 1:
        total += 2 * BIT_COST
        left >>= 1
    return total + BIT_COST


@compiled()
def _last_cost(models: Int32_2d, start: Int, value: Int, n: Int) -> Int:
    """Bits of a last row or column, in 1/BIT_COST."""
    kind: Int = _CLASS[value]
    most, total = _CLASS[n - 1], 0
    for k in range(kind):
        total += cost(models, start + k, 1)
    if kind < most:
        total += cost(models, start + kind, 0)
    return total + BIT_COST * _EXTRA[kind]


@compiled()
def quantise(
    models: Int32_2d, wanted: Float32_2d, size: Int, plane: Int, step: Float, levels: Int32_2d
) -> tuple[Int, Float, Int]:
    """Levels (N, N) of the coefficients `wanted` (N, N) float32. Returns the last place (-1: all are zero), the squared
    error, and about how many bits they take, in 1/BIT_COST, without the flag that says whether there are any."""
    n = 4 << size
    base = plane * OF_PLANE
    step = np.float32(step)
    inverse = np.float32(1.0) / step
    last = -1
    error = 0.0
    for k in range(n * n):
        r: Int = _SCAN[size, k, 0]
        c: Int = _SCAN[size, k, 1]
        x = abs(wanted[r, c])
        level = np.int32(x * inverse + (np.float32(1.0) - _ROUNDED_UP))
        if level > 0:
            last = k
            x -= level * step
        error += x * x
        levels[r, c] = level if wanted[r, c] > 0 else -level
    if last < 0:
        return -1, error, 0
    r, c = _SCAN[size, last, 0], _SCAN[size, last, 1]
    bits = np.int64(_last_cost(models, base + _LAST + size * _LASTS, r, n))
    bits += _last_cost(models, base + _LAST + (4 + size) * _LASTS, c, n)
    for k in range(last, -1, -1):
        r, c = _SCAN[size, k, 0], _SCAN[size, k, 1]
        few, many, _ = _around(levels, r, c, n)
        level = np.int64(abs(levels[r, c]))
        if k < last:
            zero = base + _ZERO_A + (size * _BANDS + _BAND[r + c]) * _NEAR + _SUMS[few]
            bits += cost(models, zero, 1 if level > 0 else 0)
        if level > 0:
            bits += _size_cost(models, base, _SUMS[min(many, 21)], _part(r + c), level)
    return last, error, bits


def new_said() -> NDArray[np.int64]:
    """Working space of `code`."""
    return np.zeros((2, INPUTS), np.int64)
