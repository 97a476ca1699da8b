"""A smooth field that an anchor's vectors are predicted from: the lowest frequencies of a cosine transform of the grid,
fitted so that what moves on its own does not count. Evaluated in integers, the same on every machine."""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

_ORDER = 6
"""Frequencies u, v with u + v below this."""
_STEP = 16
"""Quantiser step in quarter pixels of an orthonormal transform."""
_BITS = 12
_MOST = 1 << 17
"""Coefficients are clipped to this magnitude."""
_ROUNDS = 6
_SPREAD_LEAST = 2.0


def numbers_of(height: int, width: int) -> int:
    """How many integers sketch a grid (gh, gw)."""
    return 2 * len(_basis(height, width))


def fit(vectors: NDArray[np.int32]) -> NDArray[np.int64]:
    """Integers of the sketch of vectors (gh, gw, 2): least squares, reweighted so that outliers lose their say."""
    height, width = vectors.shape[:2]
    basis = _basis(height, width).reshape(-1, height * width).T / float(1 << 2 * _BITS)
    wanted = vectors.reshape(-1, 2).astype(np.float64)
    fitted = np.median(wanted, axis=0)[None]
    found = np.zeros((basis.shape[1], 2))
    for _ in range(_ROUNDS):
        off = np.abs(wanted - fitted).sum(axis=1)
        weight = 1 / (1 + (off / (np.median(off) + _SPREAD_LEAST)) ** 2)
        weighted = basis * weight[:, None]
        found = np.linalg.solve(weighted.T @ basis + 1e-3 * np.eye(basis.shape[1]), weighted.T @ wanted)
        fitted = basis @ found
    return np.clip(np.round(found / _STEP), -_MOST, _MOST).astype(np.int64).T.ravel()


def field(numbers: NDArray[np.int64], height: int, width: int, unit: int, limit: int) -> NDArray[np.int32]:
    """Base vectors (gh, gw, 2), multiples of `unit` quarter pixels within +- `limit`, of a sketch's integers."""
    levels = np.clip(numbers, -_MOST, _MOST).reshape(2, -1) * _STEP
    total = np.einsum("kn,nhw->hwk", levels, _basis(height, width))
    scale = unit << 2 * _BITS
    return np.clip((total + scale // 2) // scale * unit, -limit, limit).astype(np.int32)


@cache
def _basis(height: int, width: int) -> NDArray[np.int64]:
    """Products of cosines (n, gh, gw) in 1/2^24."""
    rows, columns = _cosines(height), _cosines(width)
    pairs = [
        np.outer(rows[u], columns[v])
        for u in range(min(_ORDER, height))
        for v in range(min(_ORDER, width))
        if u + v < _ORDER
    ]
    return np.stack(pairs)


def _cosines(size: int) -> NDArray[np.int64]:
    """Orthonormal DCT-II (size, size) in 1/2^12, a row a frequency."""
    k = np.arange(size)
    matrix = np.cos(math.pi / size * (k[None] + 0.5) * k[:, None]) * math.sqrt(2 / size)
    matrix[0] /= math.sqrt(2)
    return np.round(matrix * (1 << _BITS)).astype(np.int64)
