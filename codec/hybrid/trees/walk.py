"""A picture's trees to bits and back. Chroma follows luma's leaves at half their size, two planes at a time, from 4
on."""

import numpy as np

from codec.arrays import Float, Int, Int32_2d, Int64_1d, UInt8_1d, UInt8_2d
from codec.compiled import compiled
from codec.hybrid.entropy.range_coder import BIT_COST, FAULT, READING, code_bit, cost
from codec.hybrid.trees.blocks import make, miss, sine, take
from codec.hybrid.trees.choice import choose
from codec.hybrid.trees.coefficients import CODED, OF_PLANE, quantise
from codec.hybrid.trees.coefficients import code as code_levels
from codec.hybrid.trees.modes import WAY, code_mode, direction, known_context, likely, split_context
from codec.hybrid.trees.planes import CHROMA, LUMA, ROOT, SMALLEST, Planes, Room, enter, next_part
from codec.hybrid.trees.prediction import AS_KNOWN, MEAN, PLANAR, from_luma, gather, predict, smooth
from codec.hybrid.trees.transform import LARGEST, SIZES, UNIT, forward

_LINE, _SAME, _SMOOTH, _FLAT = range(4)
"""How chroma is predicted: along luma, in luma's direction, as a smooth surface, by the mean."""
_STAINS = 0.25
"""What a bit has to save in chroma that looks as known, in what one has to in luma: less, for what has moved away else
leaves stains of its colour."""


@compiled()
def _activity(active: UInt8_2d, row: Int, column: Int) -> Int:
    """How much the blocks at the left and above said, below `coefficients.ACTIVITIES`."""
    total = 0
    if column > 0:
        total += active[row, column - 1]
    if row > 0:
        total += active[row - 1, column]
    return 0 if total == 0 else 1 if total < 3 else 2 if total < 7 else 3 if total < 16 else 4


@compiled()
def _note(active: UInt8_2d, row: Int, column: Int, squares: Int, levels: Int32_2d, n: Int) -> None:
    """Remember how much a block said, a number for each of its squares."""
    total = 0
    for i in range(n):
        for j in range(n):
            total += min(abs(levels[i, j]), 8)
    share = min(-(-2 * total // (squares * squares)), 100)
    for i in range(row, row + squares):
        for j in range(column, column + squares):
            active[i, j] = share


@compiled()
def _walk(
    io: Int64_1d, data: UInt8_1d, models: Int32_2d, weights: Int32_2d, planes: Planes, room: Room, top: Int, left: Int,
    step: Int, step_chroma: Int, price: Float,
) -> None:  # fmt: skip
    """Code or read the tree under the largest square at (top, left)."""
    height, width = planes.made_y.shape
    size = np.int64(ROOT)
    enter(room, size, top, left)
    while size <= ROOT:
        n = 4 << size
        y, x = room.tops[size], room.lefts[size]
        whole = y + n <= height and x + n <= width
        if room.child[size] < 0:
            split = 0 if size == 0 else 1
            if whole and size > 0:
                context = split_context(planes.sizes, y >> 2, x >> 2, size)
                split = code_bit(io, data, models, context, 1 if planes.sizes[y >> 2, x >> 2] < size else 0)
            if not split:
                _code_leaf(io, data, models, weights, planes, room, y, x, size, step, step_chroma, price)
                if io[FAULT]:
                    return
                size += 1
                continue
        k, below, beside = next_part(room, size, height, width)
        room.child[size] = k
        if k < 4:
            size -= 1
            enter(room, size, below, beside)
            continue
        if size == 1:
            _chroma(io, data, models, weights, planes, room, y, x, SMALLEST, step_chroma, price)
            if io[FAULT]:
                return
        size += 1


@compiled()
def _code_leaf(
    io: Int64_1d, data: UInt8_1d, models: Int32_2d, weights: Int32_2d, planes: Planes, room: Room, top: Int, left: Int,
    size: Int, step: Int, step_chroma: Int, price: Float,
) -> None:  # fmt: skip
    """Code or read a leaf: luma, and chroma unless it is shared by four leaves."""
    n = 4 << size
    row, column = top >> 2, left >> 2
    active = _activity(planes.active, row, column)
    mode, coded = np.int64(planes.modes[row, column]), CODED + size * 3
    known = 0
    if planes.known_y.shape[0] > 0:
        context = known_context(planes.modes, row, column, size)
        known = code_bit(io, data, models, context, 1 if mode == AS_KNOWN else 0)
    if known:
        mode, coded = np.int64(AS_KNOWN), CODED + (SIZES + size) * 3 + (0 if active == 0 else 1 if active < 3 else 2)
    else:
        a, b, c = likely(planes.modes, row, column)
        mode = code_mode(io, data, models, size, mode, a, b, c)
    levels = planes.levels[top : top + n, left : left + n]
    last = np.int64(planes.lasts[row, column])
    some = code_bit(io, data, models, coded, 1 if last >= 0 else 0)
    rows = columns = 0
    if some:
        rows, columns = code_levels(
            io, data, models, weights, room.said, levels, size, LUMA, direction(mode), active, last
        )
        if io[FAULT]:
            return
    squares = n >> 2
    _note(planes.active, row, column, squares, levels, n)
    if io[READING]:
        for i in range(row, row + squares):
            for j in range(column, column + squares):
                planes.modes[i, j], planes.sizes[i, j] = mode, size
        if known:
            take(planes.known_y, top, left, n, room.guess)
        else:
            gather(planes.made_y, planes.done, top, left, n, room.found)
            smooth(room.found, n, room.smoothed)
            predict(room.found, room.smoothed, mode, size, LUMA, room.line, room.guess)
        make(levels, rows, columns, size, sine(size, LUMA, mode), step, room, planes.made_y, top, left)
        planes.done[row : row + squares, column : column + squares] = 1
    if size > 0:
        _chroma(io, data, models, weights, planes, room, top, left, size - 1, step_chroma, price)


@compiled()
def _guess_chroma(
    planes: Planes, room: Room, plane: UInt8_2d, known: UInt8_2d, way: Int, mode: Int, top: Int, left: Int, size: Int
) -> None:
    """Predict a chroma block into `room.guess`; `known` is the plane as another picture predicts it."""
    n = 4 << size
    if mode == AS_KNOWN:
        take(known, top, left, n, room.guess)
        return
    if way == _LINE:
        from_luma(planes.made_y, plane, planes.done_chroma, top, left, n, room.guess)
        return
    gather(plane, planes.done_chroma, top, left, n, room.found)
    chosen = mode if way == _SAME else PLANAR if way == _SMOOTH else MEAN
    predict(room.found, room.found, chosen, size, CHROMA, room.line, room.guess)


@compiled()
def _plane(planes: Planes, k: Int) -> tuple[UInt8_2d, UInt8_2d, UInt8_2d]:
    """Source, decoded and known samples of a chroma plane."""
    if k == 0:
        return planes.u, planes.made_u, planes.known_u
    return planes.v, planes.made_v, planes.known_v


@compiled()
def _pays(room: Room, n: Int, error: Float, dearness: Float) -> bool | np.bool_:
    """Whether coefficients that leave `error` lower it by more than `dearness`, the bits at their price."""
    whole = np.int64(0)
    for i in range(n):
        for j in range(n):
            whole += np.int64(room.missed[i, j]) * room.missed[i, j]
    return error + dearness < whole


@compiled()
def _choose_way(
    models: Int32_2d, planes: Planes, room: Room, mode: Int, top: Int, left: Int, size: Int, step: Int, price: Float
) -> Int:
    """The cheapest way to predict both chroma blocks."""
    n = 4 << size
    best, way = 1e30, 0
    for trial in range(4):
        total = 0.0
        for k in range(2):
            source, made, known = _plane(planes, k)
            _guess_chroma(planes, room, made, known, trial, mode, top, left, size)
            miss(source, top, left, n, room.guess, room.missed)
            forward(room.missed, size, sine(size, CHROMA, mode), room.work_f, room.coefficients)
            _, error, bits = quantise(models, room.coefficients, size, CHROMA, step / UNIT, room.trial[size])
            total += error + price * (bits + BIT_COST)
        total += price * BIT_COST * (1 if trial == _LINE else 2 if trial == _SAME else 3)
        if total < best:
            best, way = total, trial
    return way


@compiled()
def _code_way(io: Int64_1d, data: UInt8_1d, models: Int32_2d, way: Int) -> Int:
    if not code_bit(io, data, models, WAY, 1 if way != _LINE else 0):
        return _LINE
    if not code_bit(io, data, models, WAY + 1, 1 if way != _SAME else 0):
        return _SAME
    return _SMOOTH + code_bit(io, data, models, WAY + 2, 1 if way == _FLAT else 0)


@compiled()
def _chroma(
    io: Int64_1d, data: UInt8_1d, models: Int32_2d, weights: Int32_2d, planes: Planes, room: Room, top_luma: Int,
    left_luma: Int, size: Int, step: Int, price: Float,
) -> None:  # fmt: skip
    """Both chroma blocks of a leaf."""
    n = 4 << size
    top, left = top_luma >> 1, left_luma >> 1
    row, column, squares = top >> 2, left >> 2, n >> 2
    mode = np.int64(planes.modes[top_luma >> 2, left_luma >> 2])
    way = np.int64(_SAME)
    if mode != AS_KNOWN:
        if not io[READING]:
            way = _choose_way(models, planes, room, mode, top, left, size, step, price)
        way = _code_way(io, data, models, way)
    active = _activity(planes.active_chroma, row, column)
    levels = room.chroma_levels[:n, :n]
    total = some = 0
    for k in range(2):
        source, made, known = _plane(planes, k)
        _guess_chroma(planes, room, made, known, way, mode, top, left, size)
        last = -1
        levels[:] = 0
        context = OF_PLANE + CODED + size * 3 + (0 if k == 0 else 1 + some)
        if mode == AS_KNOWN:
            context += SIZES * 3
        if not io[READING]:
            miss(source, top, left, n, room.guess, room.missed)
            forward(room.missed, size, sine(size, CHROMA, mode), room.work_f, room.coefficients)
            last, error, bits = quantise(models, room.coefficients, size, CHROMA, step / UNIT, levels)
            dearness = _STAINS * price * (bits + cost(models, context, 1))
            if mode == AS_KNOWN and last >= 0 and not _pays(room, n, error, dearness):
                last = -1
                levels[:] = 0
        some = code_bit(io, data, models, context, 1 if last >= 0 else 0)
        rows = columns = 0
        if some:
            rows, columns = code_levels(
                io, data, models, weights, room.said, levels, size, CHROMA, direction(mode), active, last
            )
            if io[FAULT]:
                return
        for i in range(rows):
            for j in range(columns):
                total += min(abs(levels[i, j]), 8)
        make(levels, rows, columns, size, sine(size, CHROMA, mode), step, room, made, top, left)
    share = min(-(-total // (squares * squares)), 100)
    for i in range(row, row + squares):
        for j in range(column, column + squares):
            planes.active_chroma[i, j], planes.done_chroma[i, j] = share, 1


@compiled()
def code_picture(
    io: Int64_1d, data: UInt8_1d, models: Int32_2d, weights: Int32_2d, planes: Planes, room: Room, step: Int,
    step_chroma: Int, price: Float,
) -> None:  # fmt: skip
    """Choose and code, or read, a whole picture; leaves it decoded in `planes`. Steps in 1/UNIT; `price`: squared
    error a 1/BIT_COST bit has to save."""
    height, width = planes.made_y.shape
    for top in range(0, height, LARGEST):
        for left in range(0, width, LARGEST):
            if not io[READING]:
                choose(planes, room, models, top, left, step, price)
            _walk(io, data, models, weights, planes, room, top, left, step, step_chroma, price)
            if io[FAULT]:
                return
