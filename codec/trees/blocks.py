"""Single blocks: what a prediction misses, and the decoded samples."""

import numpy as np

from codec.compiled import compiled
from codec.trees.prediction import AS_KNOWN
from codec.trees.transform import LIMIT, inverse


@compiled()
def sine(size, plane, mode):
    """1 where the transform is by sines: the smallest luma blocks, which miss more the further they are from their
    neighbours."""
    return 1 if size == 0 and plane == 0 and mode != AS_KNOWN else 0


@compiled()
def take(known, top, left, n, guess):
    """The prediction from another picture."""
    first, start = np.uintp(top), np.uintp(left)
    for i in range(np.uintp(n)):
        for j in range(np.uintp(n)):
            guess[i, j] = known[first + i, start + j]


@compiled()
def miss(source, top, left, n, guess, missed):
    """Source less prediction."""
    first, start = np.uintp(top), np.uintp(left)
    for i in range(np.uintp(n)):
        for j in range(np.uintp(n)):
            missed[i, j] = np.int32(source[first + i, start + j]) - np.int32(guess[i, j])


@compiled()
def make(levels, rows, columns, size, sines, step, room, plane, top, left):
    """The decoded block: prediction and the transform's inverse."""
    n = 4 << size
    first, start = np.uintp(top), np.uintp(left)
    if rows == 0:
        for i in range(np.uintp(n)):
            for j in range(np.uintp(n)):
                plane[first + i, start + j] = room.guess[i, j]
        return
    for i in range(rows):
        for j in range(columns):
            room.values[i, j] = min(max(levels[i, j] * step, -LIMIT), LIMIT)
    inverse(room.values, rows, columns, size, sines, room.work, room.samples)
    for i in range(np.uintp(n)):
        for j in range(np.uintp(n)):
            plane[first + i, start + j] = min(max(np.int32(room.guess[i, j]) + room.samples[i, j], 0), 255)


@compiled()
def extent(levels, n):
    """One past the last row and column that are not zero."""
    rows = columns = 0
    for i in range(n):
        for j in range(n):
            if levels[i, j] != 0:
                rows, columns = i + 1, max(columns, j + 1)
    return rows, columns
