"""How vectors are predicted and their residuals binarised: the part that encoder and decoder share.

A cell's vector is predicted from its base (a smooth sketch for an anchor, straight-line motion between vectors already
known for the pictures between) plus the median of what the cells left, above and above right of it differ from theirs.
A residual is a flag "not zero", then flags whether it is one of those that would make the cell move as a neighbour does
(the merge candidates of HEVC, here in what remains after the prediction) or as the cell's other vector does, then for x
and y a magnitude (unary in contexts, Exp-Golomb beyond) and a sign. Contexts depend on the class of plane, on whether
there are residuals at the left and above and in the pictures known before and after, and on how much the neighbours
disagree. Where they start was measured on training clips.
"""

import numpy as np
from numpy.typing import NDArray

from codec.arrays import Int, Int32_2d, Int32_3d, Int64_1d, Int64_2d, Int64_3d, UInt8_1d, UInt8_2d, UInt8_3d
from codec.compiled import compiled
from codec.hybrid.entropy.range_coder import BIT_COST, FAULT, code_bit, code_even, cost, level_of

CLASSES = 4
"""Anchors and entries; the middle picture; those in the middle of its halves; the others."""
LIMIT = 1 << 14
"""Predicted and searched vectors stay within +- this many quarter pixels."""
_MOST = (1 << 15) - 1
"""Any vector beyond this is damage."""
_UNARY = 8
_GOLOMB = 14
FLAGS = 3
FLAGS_A_PLANE = 3 * FLAGS
_FLAGS_CALM = 2 * FLAGS_A_PLANE
_MAGNITUDES = 2 * _FLAGS_CALM
_SIDES = _MAGNITUDES + 4 * _UNARY
_WHICH = _SIDES + 6
_TAKEN = _WHICH + 3
_OFFERS = 5
_CLASS = _TAKEN + 2 * _OFFERS
_SKETCH = CLASSES * _CLASS
_CONTEXTS = _SKETCH + _UNARY
_RESTLESS = 4
"""Units of disagreement among neighbours beyond which residuals have contexts of their own."""
_STARTS_ANCHOR = {0: (0.05, 0.27, 0.4), _FLAGS_CALM: (0.3, 0.52, 0.7)}
_STARTS_BETWEEN = {
    0: (
        *(0.004, 0.15, 0.3), *(0.005, 0.15, 0.25), *(0.01, 0.3, 0.45),
        *(0.1, 0.35, 0.5), *(0.12, 0.35, 0.5), *(0.13, 0.5, 0.6),
    ),
    _FLAGS_CALM: (
        *(0.035, 0.3, 0.6), *(0.07, 0.33, 0.5), *(0.19, 0.5, 0.64),
        *(0.11, 0.3, 0.5), *(0.1, 0.35, 0.5), *(0.15, 0.42, 0.6),
    ),
    _SIDES: (0.01, 0.25, 0.7, 0.35, 0.77, 0.95),
    _WHICH: (0.5, 0.9, 0.1),
}  # fmt: skip
_STARTS_TAKEN = {_TAKEN: (0.68, 0.35, 0.3, 0.2, 0.2), _TAKEN + _OFFERS: (0.72, 0.4, 0.33, 0.22, 0.2)}
_START_LARGER = 0.78


def new_models() -> NDArray[np.int32]:
    """Contexts of a GoP, as they start: about where they were at the end of training clips' GoPs."""
    models = np.zeros((_CONTEXTS, 2), np.int32)
    models[:, 0] = level_of(_START_LARGER)
    for number in range(CLASSES):
        starts = (_STARTS_BETWEEN if number else _STARTS_ANCHOR) | _STARTS_TAKEN
        for first, shares in starts.items():
            at = number * _CLASS + first
            models[at : at + len(shares), 0] = [level_of(share) for share in shares]
    return models


def new_offers() -> NDArray[np.int64]:
    """Room for the residuals a cell may take over: their number, then they."""
    return np.zeros((1 + _OFFERS, 2), np.int64)


@compiled()
def _median(a: Int, b: Int, c: Int) -> Int:
    return max(min(a, b), min(max(a, b), c))


@compiled()
def neighbours(apart: Int64_3d, coded: UInt8_2d, row: Int, column: Int, offers: Int64_2d) -> tuple[Int, Int, Int, Int]:
    """Median of what the neighbours differ from their bases, x and y in units; how many of the two nearest have a
    residual; whether the neighbours disagree. `apart` (gh, gw, 2), `coded` (gh, gw): of the cells so far. Puts what
    makes the cell move like one of its neighbours into `offers`."""
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
    mx, my = _median(lx, ux, rx), _median(ly, uy, ry)
    offers[0, 0] = 0
    offer(offers, lx - mx, ly - my)
    offer(offers, ux - mx, uy - my)
    offer(offers, rx - mx, ry - my)
    if row > 0 and column > 0:
        offer(offers, apart[row - 1, column - 1, 0] - mx, apart[row - 1, column - 1, 1] - my)
    return mx, my, count, 1 if spread > _RESTLESS else 0


@compiled()
def offer(offers: Int64_2d, x: Int, y: Int) -> None:
    """Add a residual to `offers` unless it is zero or there."""
    if x == 0 and y == 0:
        return
    for k in range(1, offers[0, 0] + 1):
        if offers[k, 0] == x and offers[k, 1] == y:
            return
    offers[0, 0] += 1
    offers[offers[0, 0], 0], offers[offers[0, 0], 1] = x, y


@compiled()
def predicted(base: Int, middle: Int, unit: Int) -> Int:
    """A component's prediction in quarter pixels."""
    return min(max(base + middle * unit, -LIMIT), LIMIT)


@compiled()
def _magnitude_cost(models: Int32_2d, first: Int, value: Int) -> Int:
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


@compiled()
def _code_magnitude(io: Int64_1d, data: UInt8_1d, models: Int32_2d, first: Int, value: Int) -> Int:
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


@compiled()
def residual_cost(models: Int32_2d, number: Int, flag: Int, restless: Int, offers: Int64_2d, x: Int, y: Int) -> Int:
    """What `code_residual` would take now, in 1/16 bit."""
    first = number * _CLASS
    some = 1 if x != 0 or y != 0 else 0
    total = cost(models, first + flag + _FLAGS_CALM * restless, some)
    if some:
        taken = first + _TAKEN + _OFFERS * restless
        for k in range(1, offers[0, 0] + 1):
            hit = 1 if x == offers[k, 0] and y == offers[k, 1] else 0
            total += cost(models, taken + k - 1, hit)
            if hit:
                return total
        start = first + _MAGNITUDES + 2 * _UNARY * restless
        total += _magnitude_cost(models, start, x) + _magnitude_cost(models, start + _UNARY, y)
    return total


@compiled()
def code_residual(
    io: Int64_1d, data: UInt8_1d, models: Int32_2d, number: Int, flag: Int, restless: Int, offers: Int64_2d, x: Int,
    y: Int,
) -> tuple[Int, Int]:  # fmt: skip
    """Code (or find) a residual in units; `number`: class of plane; `flag`: how many of the two nearest
    neighbours have one, FLAGS more for each step of disturbance around, FLAGS_A_PLANE more when the cell's other vector
    has one. Returns x and y."""
    first = number * _CLASS
    if code_bit(io, data, models, first + flag + _FLAGS_CALM * restless, 1 if x != 0 or y != 0 else 0) == 0:
        return np.int64(0), np.int64(0)
    taken = first + _TAKEN + _OFFERS * restless
    for k in range(1, offers[0, 0] + 1):
        if code_bit(io, data, models, taken + k - 1, 1 if x == offers[k, 0] and y == offers[k, 1] else 0):
            return offers[k, 0], offers[k, 1]
    start = first + _MAGNITUDES + 2 * _UNARY * restless
    x = _code_magnitude(io, data, models, start, x)
    y = _code_magnitude(io, data, models, start + _UNARY, y)
    return x, y


@compiled()
def _side_contexts(sides: UInt8_2d, around: UInt8_3d, row: Int, column: Int) -> tuple[Int, Int]:
    """Contexts of "one side" and of which; `around` (2, gh, gw): sides of the known pictures before and after."""
    count = lean = 0
    if column > 0:
        side = sides[row, column - 1]
        count += 1 if side > 0 else 0
        lean += 1 if side == 2 else -1 if side == 1 else 0
    if row > 0:
        side = sides[row - 1, column]
        count += 1 if side > 0 else 0
        lean += 1 if side == 2 else -1 if side == 1 else 0
    known = 0
    for k in range(2):
        side = around[k, row, column]
        known |= 1 if side > 0 else 0
        lean += 1 if side == 2 else -1 if side == 1 else 0
    return count + 3 * known, 0 if lean == 0 else 1 if lean > 0 else 2


@compiled()
def side_cost(
    models: Int32_2d, number: Int, sides: UInt8_2d, around: UInt8_3d, row: Int, column: Int, side: Int
) -> Int:
    """What `code_side` would take now, in 1/16 bit."""
    first = number * _CLASS
    some, which = _side_contexts(sides, around, row, column)
    total = cost(models, first + _SIDES + some, 1 if side > 0 else 0)
    return total + (cost(models, first + _WHICH + which, side - 1) if side > 0 else 0)


@compiled()
def code_side(
    io: Int64_1d, data: UInt8_1d, models: Int32_2d, number: Int, sides: UInt8_2d, around: UInt8_3d, row: Int,
    column: Int, side: Int,
) -> Int:  # fmt: skip
    """Code (or find) the Side of a cell; `sides` (gh, gw) of the cells so far. Returns it."""
    first = number * _CLASS
    some, which = _side_contexts(sides, around, row, column)
    if code_bit(io, data, models, first + _SIDES + some, 1 if side > 0 else 0) == 0:
        return 0
    return 1 + code_bit(io, data, models, first + _WHICH + which, 1 if side > 1 else 0)


@compiled()
def code_sketch(io: Int64_1d, data: UInt8_1d, models: Int32_2d, numbers: Int64_1d) -> None:
    """Code (or find, in place) the integers of a sketch, flat."""
    for i in range(numbers.size):
        numbers[i] = _code_magnitude(io, data, models, _SKETCH, numbers[i])


@compiled()
def place(
    io: Int64_1d, vectors: Int32_3d, apart: Int64_3d, coded: UInt8_2d, base: Int32_3d, row: Int, column: Int, x: Int,
    y: Int, rx: Int, ry: Int, unit: Int,
) -> None:  # fmt: skip
    """Write down a cell's vector (quarter pixels) and residual."""
    if abs(x) > _MOST or abs(y) > _MOST:
        io[FAULT] = 1
        x = y = np.int64(0)
    vectors[row, column, 0] = x
    vectors[row, column, 1] = y
    apart[row, column, 0] = (x - base[row, column, 0]) // unit
    apart[row, column, 1] = (y - base[row, column, 1]) // unit
    coded[row, column] = 1 if rx != 0 or ry != 0 else 0
