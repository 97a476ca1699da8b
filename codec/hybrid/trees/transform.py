"""Integer cosine and sine transforms of blocks of 4, 8, 16 and 32, inverse exact on every machine.

Matrices are 256 · sqrt(N) times the orthonormal ones, rounded: two of them and a shift make the identity, as in ITU-T
H.265, and no sum leaves 32 bits. Coefficients travel in 1/8 of an orthonormal one's unit.
"""

import math

import numpy as np
from numpy.typing import NDArray

from codec.arrays import Float32_2d, Int, Int32_2d
from codec.compiled import compiled

SIZES = 4
"""Blocks of 4, 8, 16, 32: size number 0 .. 3."""
LARGEST = 32
UNIT = 8
"""Coefficients are in parts of this."""
LIMIT = 1 << 16
_SCALE = 256
_FIRST_SHIFT = 9
_SECOND_SHIFT = 12
"""For blocks of 4; one more for each size."""


def _cosines(size: int) -> NDArray[np.float64]:
    """Orthonormal DCT-II, a row a frequency."""
    k, n = np.arange(size)[:, None], np.arange(size)[None]
    rows = np.sqrt(2 / size) * np.cos(math.pi / size * (n + 0.5) * k)
    rows[0] /= math.sqrt(2)
    return rows


def _sines(size: int) -> NDArray[np.float64]:
    """Orthonormal DST-VII: its first rows rise from the known border, as what prediction misses does."""
    k, n = np.arange(size)[:, None], np.arange(size)[None]
    return 2 / np.sqrt(2 * size + 1) * np.sin(math.pi * (2 * k + 1) * (n + 1) / (2 * size + 1))


def _table() -> NDArray[np.float64]:
    """(2, SIZES, LARGEST, LARGEST): cosines, sines; what a size does not need is zero."""
    table = np.zeros((2, SIZES, LARGEST, LARGEST))
    for s in range(SIZES):
        size = 4 << s
        table[0, s, :size, :size], table[1, s, :size, :size] = _cosines(size), _sines(size)
    return table


_EXACT = _table()
_FORWARD = _EXACT.astype(np.float32)
_INVERSE = np.round(_EXACT * (_SCALE * np.sqrt(4 << np.arange(SIZES)))[None, :, None, None]).astype(np.int32)


@compiled(fastmath=True)
def forward(missed: Int32_2d, size: Int, sine: Int, work: Float32_2d, out: Float32_2d) -> None:
    """Orthonormal coefficients `out` (N, N) float32 of `missed` (N, N) int32; `work` of their shape."""
    n = 4 << size
    matrix = _FORWARD[sine, size]
    for k in range(n):
        for j in range(n):
            work[k, j] = np.float32(0.0)
        for i in range(n):
            w = matrix[k, i]
            for j in range(n):
                work[k, j] += w * np.float32(missed[i, j])
    for k in range(n):
        for m in range(n):
            total = np.float32(0.0)
            for j in range(n):
                total += work[k, j] * matrix[m, j]
            out[k, m] = total


@compiled()
def inverse(values: Int32_2d, rows: Int, columns: Int, size: Int, sine: Int, work: Int32_2d, out: Int32_2d) -> None:
    """Samples `out` (N, N) int32 of coefficients `values` (N, N) int32 in 1/UNIT, zero from `rows` and `columns` on."""
    n = 4 << size
    matrix = _INVERSE[sine, size]
    for i in range(n):
        for m in range(columns):
            work[i, m] = 1 << (_FIRST_SHIFT - 1)
    for k in range(rows):
        for i in range(n):
            w = matrix[k, i]
            for m in range(columns):
                work[i, m] += w * values[k, m]
    for i in range(n):
        for m in range(columns):
            work[i, m] = min(max(work[i, m] >> _FIRST_SHIFT, -LIMIT), LIMIT)
    shift = _SECOND_SHIFT + size
    for i in range(n):
        for j in range(n):
            out[i, j] = 1 << (shift - 1)
        for m in range(columns):
            w = work[i, m]
            for j in range(n):
                out[i, j] += w * matrix[m, j]
        for j in range(n):
            out[i, j] >>= shift
