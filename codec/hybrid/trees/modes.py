"""How a leaf's direction and splitting are coded: contexts, costs, bits."""

import numpy as np

from codec.arrays import Int, Int32_2d, Int64_1d, UInt8_1d, UInt8_2d
from codec.compiled import compiled
from codec.hybrid.entropy.range_coder import BIT_COST, code_bit, cost
from codec.hybrid.trees import coefficients
from codec.hybrid.trees.prediction import AS_KNOWN, MEAN, MODES, PLANAR, VERTICAL

_SPLIT = coefficients.CONTEXTS
_LIKELY = _SPLIT + 3 * 5
_WHICH = _LIKELY + 4
_OTHER = _WHICH + 2
WAY = _OTHER + 32
_KNOWN = WAY + 3
CONTEXTS = _KNOWN + 4 * 3
"""Those of coefficients, then: a square is split, by size and neighbours; its direction is a likely one, which, which
of the others; how chroma is predicted; it looks as known, by size and neighbours."""
ROWS = coefficients.ROWS
"""Rows of the mixer's weights."""


@compiled()
def likely(modes: UInt8_2d, row: Int, column: Int) -> tuple[Int, Int, Int]:
    """The three likeliest modes at a 4x4 square: those at the left and above, and near them or common ones."""
    left = np.int64(modes[row, column - 1]) if column > 0 else MEAN
    up = np.int64(modes[row - 1, column]) if row > 0 else MEAN
    left, up = left if left < MODES else PLANAR, up if up < MODES else PLANAR
    if left == up:
        if left < 2:
            return PLANAR, MEAN, VERTICAL
        return left, 2 + (left - 2 + 31) % 32, 2 + (left - 2 + 1) % 32
    third = PLANAR
    if PLANAR in (left, up):
        third = MEAN
        if MEAN in (left, up):
            third = VERTICAL
    return left, up, third


@compiled()
def mode_cost(models: Int32_2d, size: Int, mode: Int, a: Int, b: Int, c: Int) -> Int:
    """Bits of a mode where a, b and c are likely, in 1/BIT_COST."""
    if mode == a:
        return cost(models, _LIKELY + size, 1) + cost(models, _WHICH, 0)
    if mode == b:
        return cost(models, _LIKELY + size, 1) + cost(models, _WHICH, 1) + cost(models, _WHICH + 1, 0)
    if mode == c:
        return cost(models, _LIKELY + size, 1) + cost(models, _WHICH, 1) + cost(models, _WHICH + 1, 1)
    return cost(models, _LIKELY + size, 0) + 5 * BIT_COST


@compiled()
def code_mode(io: Int64_1d, data: UInt8_1d, models: Int32_2d, size: Int, mode: Int, a: Int, b: Int, c: Int) -> Int:
    """Code a mode where a, b and c are likely; returns it."""
    if code_bit(io, data, models, _LIKELY + size, 1 if mode in (a, b, c) else 0):
        if not code_bit(io, data, models, _WHICH, 1 if mode != a else 0):
            return a
        return c if code_bit(io, data, models, _WHICH + 1, 1 if mode == c else 0) else b
    # The others by number, in a tree of contexts.
    low, middle, high = min(a, b, c), max(min(a, b), min(max(a, b), c)), max(a, b, c)
    number = mode - (1 if mode > low else 0) - (1 if mode > middle else 0) - (1 if mode > high else 0)
    node = 1
    for i in range(4, -1, -1):
        node = 2 * node + code_bit(io, data, models, _OTHER + node, (number >> i) & 1)
    number = node - 32
    number += 1 if number >= low else 0
    number += 1 if number >= middle else 0
    number += 1 if number >= high else 0
    return number


@compiled()
def direction(mode: Int) -> Int:
    """0: none, 1: more level, 2: more upright."""
    return 0 if mode < 2 or mode == AS_KNOWN else 1 if mode < 18 else 2


@compiled()
def split_context(sizes: UInt8_2d, row: Int, column: Int, size: Int) -> Int:
    """By how many of the neighbours at the left and above are smaller, and by how much."""
    smaller = 0
    if column > 0:
        smaller += min(max(size - np.int64(sizes[row, column - 1]), 0), 2)
    if row > 0:
        smaller += min(max(size - np.int64(sizes[row - 1, column]), 0), 2)
    return _SPLIT + (size - 1) * 5 + smaller


@compiled()
def known_context(modes: UInt8_2d, row: Int, column: Int, size: Int) -> Int:
    """By how many of the neighbours at the left and above look as known."""
    near = 0
    if column > 0 and modes[row, column - 1] == AS_KNOWN:
        near += 1
    if row > 0 and modes[row - 1, column] == AS_KNOWN:
        near += 1
    return _KNOWN + size * 3 + near
