"""How vectors are predicted and their residuals binarised: the part that encoder and decoder share.

A cell's vector is predicted from its base (a smooth sketch for an anchor, straight-line motion between vectors already
known for the pictures between) plus the median of what the cells left, above and above right of it differ from theirs.
A residual is a flag "not zero", then for x and y a magnitude (unary in contexts, Exp-Golomb beyond) and a sign.
Contexts depend on the class of plane, on whether the left and upper residual were zero, and on how much the neighbours
disagree.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from codec.entropy.range_coder import BIT_COST, FAULT, code_bit, code_even, cost, level_of

CLASSES = 4
"""Anchors and entries; the middle picture; those in the middle of its halves; the others."""
LIMIT = 1 << 14
"""Predicted and searched vectors stay within +- this many quarter pixels."""
_MOST = (1 << 15) - 1
"""Any vector beyond this is damage."""
_UNARY = 8
_GOLOMB = 14
_FLAGS = 6
_MAGNITUDES = _FLAGS
_SIDES = _FLAGS + 4 * _UNARY
_WHICH = _SIDES + 3
_CLASS = _WHICH + 1
_SKETCH = CLASSES * _CLASS
_CONTEXTS = _SKETCH + _UNARY
_RESTLESS = 4
"""Units of disagreement among neighbours beyond which magnitudes have contexts of their own."""


def new_models() -> NDArray[np.int32]:
    """Contexts of a GoP, as they start."""
    models = np.zeros((_CONTEXTS, 2), np.int32)
    models[:, 0] = level_of(0.5)
    anchor, between = (0.12, 0.3, 0.55, 0.3, 0.5, 0.7), (0.04, 0.2, 0.45, 0.25, 0.45, 0.65)
    for number in range(CLASSES):
        for i, share in enumerate(between if number else anchor):
            models[number * _CLASS + i, 0] = level_of(share)
        for i, share in enumerate((0.1, 0.3, 0.5)):
            models[number * _CLASS + _SIDES + i, 0] = level_of(share)
    return models


@numba.njit(cache=True, nogil=True, boundscheck=False)
def _median(a, b, c):
    return max(min(a, b), min(max(a, b), c))


@numba.njit(cache=True, nogil=True, boundscheck=False)
def neighbours(apart, coded, row, column):
    """Median of what the neighbours differ from their bases, x and y in units; how many of the two nearest have a
    residual; whether the neighbours disagree. `apart` (gh, gw, 2), `coded` (gh, gw): of the cells so far."""
    lx = ly = ux = uy = rx = ry = np.int64(0)
    count = 0
    if column > 0:
        lx, ly = apart[row, column - 1, 0], apart[row, column - 1, 1]
        count += coded[row, column - 1]
    if row > 0:
        ux, uy = apart[row - 1, column, 0], apart[row - 1, column, 1]
        count += coded[row - 1, column]
        right = min(column + 1, apart.shape[1] - 1)
        rx, ry = apart[row - 1, right, 0], apart[row - 1, right, 1]
        if column == 0:
            lx, ly = ux, uy
    else:
        ux, uy, rx, ry = lx, ly, lx, ly
    spread = abs(lx - ux) + abs(ly - uy) + abs(rx - ux) + abs(ry - uy)
    return _median(lx, ux, rx), _median(ly, uy, ry), count, 1 if spread > _RESTLESS else 0


@numba.njit(cache=True, nogil=True, boundscheck=False)
def predicted(base, middle, unit):
    """A component's prediction in quarter pixels."""
    return min(max(base + middle * unit, -LIMIT), LIMIT)


@numba.njit(cache=True, nogil=True, boundscheck=False)
def _magnitude_cost(models, first, value):
    size = abs(value)
    total = cost(models, first, 1 if size > 0 else 0)
    if size == 0:
        return total
    total += BIT_COST
    for k in range(1, _UNARY):
        more = 1 if size > k else 0
        total += cost(models, first + k, more)
        if more == 0:
            return total
    rest = size - _UNARY + 1
    length = 0
    while rest >> (length + 1) > 0:
        length += 1
    return total + BIT_COST * (2 * length + 1)


@numba.njit(cache=True, nogil=True, boundscheck=False)
def _code_magnitude(io, data, models, first, value):
    size = abs(value)
    if code_bit(io, data, models, first, 1 if size > 0 else 0) == 0:
        return np.int64(0)
    negative = code_even(io, data, 1 if value < 0 else 0)
    found = np.int64(_UNARY)
    for k in range(1, _UNARY):
        if code_bit(io, data, models, first + k, 1 if size > k else 0) == 0:
            found = np.int64(k)
            break
    else:
        rest = max(size - _UNARY + 1, 1)
        length = 0
        while code_even(io, data, 1 if rest >> (length + 1) > 0 else 0):
            length += 1
            if length > _GOLOMB:
                io[FAULT] = 1
                return np.int64(0)
        read = np.int64(1)
        for k in range(length - 1, -1, -1):
            read = (read << 1) | code_even(io, data, (rest >> k) & 1)
        found = read + _UNARY - 1
    return -found if negative else found


@numba.njit(cache=True, nogil=True, boundscheck=False)
def residual_cost(models, number, flag, restless, x, y):
    """What `code_residual` would take now, in 1/16 bit."""
    first = number * _CLASS
    some = 1 if x != 0 or y != 0 else 0
    total = cost(models, first + flag, some)
    if some:
        start = first + _MAGNITUDES + 2 * _UNARY * restless
        total += _magnitude_cost(models, start, x) + _magnitude_cost(models, start + _UNARY, y)
    return total


@numba.njit(cache=True, nogil=True, boundscheck=False)
def code_residual(io, data, models, number, flag, restless, x, y):
    """Code (or find) a residual in units; `number`: class of plane, `flag`: 0 .. 5. Returns x and y."""
    first = number * _CLASS
    if code_bit(io, data, models, first + flag, 1 if x != 0 or y != 0 else 0) == 0:
        return np.int64(0), np.int64(0)
    start = first + _MAGNITUDES + 2 * _UNARY * restless
    x = _code_magnitude(io, data, models, start, x)
    y = _code_magnitude(io, data, models, start + _UNARY, y)
    return x, y


@numba.njit(cache=True, nogil=True, boundscheck=False)
def _side_context(sides, row, column):
    context = 0
    if column > 0 and sides[row, column - 1] > 0:
        context += 1
    if row > 0 and sides[row - 1, column] > 0:
        context += 1
    return context


@numba.njit(cache=True, nogil=True, boundscheck=False)
def side_cost(models, number, sides, row, column, side):
    """What `code_side` would take now, in 1/16 bit."""
    first = number * _CLASS
    total = cost(models, first + _SIDES + _side_context(sides, row, column), 1 if side > 0 else 0)
    return total + (cost(models, first + _WHICH, side - 1) if side > 0 else 0)


@numba.njit(cache=True, nogil=True, boundscheck=False)
def code_side(io, data, models, number, sides, row, column, side):
    """Code (or find) the Side of a cell; `sides` (gh, gw) of the cells so far. Returns it."""
    first = number * _CLASS
    context = first + _SIDES + _side_context(sides, row, column)
    if code_bit(io, data, models, context, 1 if side > 0 else 0) == 0:
        return 0
    return 1 + code_bit(io, data, models, first + _WHICH, 1 if side > 1 else 0)


@numba.njit(cache=True, nogil=True, boundscheck=False)
def code_sketch(io, data, models, numbers):
    """Code (or find, in place) the integers of a sketch, flat."""
    for i in range(numbers.size):
        numbers[i] = _code_magnitude(io, data, models, _SKETCH, numbers[i])


@numba.njit(cache=True, nogil=True, boundscheck=False)
def place(io, vectors, apart, coded, base, row, column, x, y, rx, ry, unit):
    """Write down a cell's vector (quarter pixels) and residual."""
    if abs(x) > _MOST or abs(y) > _MOST:
        io[FAULT] = 1
        x = y = np.int64(0)
    vectors[row, column, 0] = x
    vectors[row, column, 1] = y
    apart[row, column, 0] = (x - base[row, column, 0]) // unit
    apart[row, column, 1] = (y - base[row, column, 1]) // unit
    coded[row, column] = 1 if rx != 0 or ry != 0 else 0
