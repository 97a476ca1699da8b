"""Single blocks: what a prediction misses, and the decoded samples."""

import numpy as np

from codec.arrays import Int, Int32_2d, UInt8_2d
from codec.compiled import compiled
from codec.hybrid.trees.planes import Room
from codec.hybrid.trees.prediction import AS_KNOWN
from codec.hybrid.trees.transform import LIMIT, inverse


@compiled()
def sine(size: Int, plane: Int, mode: Int) -> Int:
    """1 where the transform is by sines: the smallest luma blocks, which miss more the further they are from their
    neighbours."""
    return 1 if size == 0 and plane == 0 and mode != AS_KNOWN else 0


@compiled()
def take(known: UInt8_2d, top: Int, left: Int, n: Int, guess: UInt8_2d) -> None:
    """The prediction from another picture."""
    first, start = np.uintp(top), np.uintp(left)
    for i in range(np.uintp(n)):
        for j in range(np.uintp(n)):
            guess[i, j] = known[first + i, start + j]


@compiled()
def miss(source: UInt8_2d, top: Int, left: Int, n: Int, guess: UInt8_2d, missed: Int32_2d) -> None:
    """Source less prediction."""
    first, start = np.uintp(top), np.uintp(left)
    for i in range(np.uintp(n)):
        for j in range(np.uintp(n)):
            missed[i, j] = np.int32(source[first + i, start + j]) - np.int32(guess[i, j])


@compiled()
def make(
    levels: Int32_2d, rows: Int, columns: Int, size: Int, sines: Int, step: Int, room: Room, plane: UInt8_2d, top: Int,
    left: Int,
) -> None:  # fmt: skip
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
def extent(levels: Int32_2d, n: Int) -> tuple[Int, Int]:
    """One past the last row and column that are not zero."""
    rows = columns = 0
    for i in range(n):
        for j in range(n):
            if levels[i, j] != 0:
                rows, columns = i + 1, max(columns, j + 1)
    return rows, columns
