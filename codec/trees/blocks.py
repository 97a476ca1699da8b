"""Single blocks: what a prediction misses, and the decoded samples."""

import numba
import numpy as np

from codec.trees.prediction import AS_KNOWN
from codec.trees.transform import LIMIT, inverse


@numba.njit(cache=True, nogil=True, boundscheck=False)
def sine(size, plane, mode):
    """1 where the transform is by sines: the smallest luma blocks, which miss more the further they are from their
    neighbours."""
    return 1 if size == 0 and plane == 0 and mode != AS_KNOWN else 0


@numba.njit(cache=True, nogil=True, boundscheck=False)
def take(known, top, left, n, guess):
    """The prediction from another picture."""
    for i in range(n):
        for j in range(n):
            guess[i, j] = known[top + i, left + j]


@numba.njit(cache=True, nogil=True, boundscheck=False)
def miss(source, top, left, n, guess, missed):
    """Source less prediction."""
    for i in range(n):
        for j in range(n):
            missed[i, j] = np.int32(source[top + i, left + j]) - guess[i, j]


@numba.njit(cache=True, nogil=True, boundscheck=False)
def make(levels, rows, columns, size, sines, step, room, plane, top, left):
    """The decoded block: prediction and the transform's inverse."""
    n = 4 << size
    if rows == 0:
        for i in range(n):
            for j in range(n):
                plane[top + i, left + j] = min(max(room.guess[i, j], 0), 255)
        return
    for i in range(rows):
        for j in range(columns):
            room.values[i, j] = min(max(levels[i, j] * step, -LIMIT), LIMIT)
    inverse(room.values, rows, columns, size, sines, room.work, room.samples)
    for i in range(n):
        for j in range(n):
            plane[top + i, left + j] = min(max(room.guess[i, j] + room.samples[i, j], 0), 255)


@numba.njit(cache=True, nogil=True, boundscheck=False)
def extent(levels, n):
    """One past the last row and column that are not zero."""
    rows = columns = 0
    for i in range(n):
        for j in range(n):
            if levels[i, j] != 0:
                rows, columns = i + 1, max(columns, j + 1)
    return rows, columns
