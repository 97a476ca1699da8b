"""Cell after cell through a plane of vectors: choosing (the encoder) and coding, or reading (the decoder).

The encoder weighs what a vector saves, sums of absolute differences over the cell and a margin around it (a node's
vector is felt in the cells offers it), against what it costs to code right now.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from codec.arrays import Int, Int32_2d, Int32_3d, Int32_4d, Int64_1d, Int64_2d, UInt8_1d, UInt8_2d, UInt8_3d
from codec.compiled import compiled
from codec.hybrid.entropy.range_coder import BIT_COST, READING
from codec.hybrid.motion.layout import NODE
from codec.hybrid.motion.match import difference, mean_difference
from codec.hybrid.motion.residuals import (
    FLAGS,
    FLAGS_A_PLANE,
    LIMIT,
    code_residual,
    code_side,
    neighbours,
    new_offers,
    offer,
    place,
    predicted,
    residual_cost,
    side_cost,
)

_MARGIN = 8
_EVERY = 2
_AREA = NODE * NODE
_STEPS = 4
_Block: TypeAlias = tuple[Int, Int, Int, Int]
"""Top, left, height and width."""
_Before: TypeAlias = tuple[Int, Int, Int, Int, Int, Int, Int64_2d, Int]
"""A vector by the picture before: x, y, the prediction's x and y, flag, restless, offers, what it loses."""
_After: TypeAlias = tuple[Int, Int, Int, Int, Int, Int, Int64_2d, Int, Int]
"""The same by the picture after; before what it loses: how many offers are there without the other vector's."""


@compiled()
def _block(row: Int, column: Int, height: Int, width: Int) -> _Block:
    """Top, left, height and width of a cell with its margin."""
    top, left = max(row * NODE - _MARGIN, 0), max(column * NODE - _MARGIN, 0)
    bottom, right = min((row + 1) * NODE + _MARGIN, height), min((column + 1) * NODE + _MARGIN, width)
    return top, left, bottom - top, right - left


@compiled()
def _price(picture: UInt8_2d, reference: UInt8_2d, block: _Block, x: Int, y: Int, rate: Int, price: Int) -> Int:
    """What a vector loses, in 1/BIT_COST grey levels a cell: difference and bits together."""
    top, left, h, w = block
    lost = np.int64(difference(picture, reference, top, left, h, w, x, y, _EVERY)) * (_AREA * _EVERY) // (h * w)
    return lost * BIT_COST + price * rate


@compiled()
def _choose(
    picture: UInt8_2d, reference: UInt8_2d, block: _Block, row: Int, column: Int, px: Int, py: Int, vectors: Int32_3d,
    wanted: Int32_3d, base: Int32_3d, unit: Int, price: Int, models: Int32_2d, number: Int, flag: Int, restless: Int,
    offers: Int64_2d,
) -> tuple[Int, Int, Int]:  # fmt: skip
    """The best vector of a cell by one reference: its x and y, and what it loses."""
    bx, by = px, py
    best = _price(picture, reference, block, px, py, residual_cost(models, number, flag, restless, offers, 0, 0), price)
    for k in range(4 + offers[0, 0]):
        if k >= 4:
            x, y = px + offers[k - 3, 0] * unit, py + offers[k - 3, 1] * unit
        elif k == 0:
            x, y = np.int64(wanted[row, column, 0]), np.int64(wanted[row, column, 1])
        elif k == 1:
            x, y = np.int64(base[row, column, 0]), np.int64(base[row, column, 1])
        elif k == 2 and column > 0:
            x, y = np.int64(vectors[row, column - 1, 0]), np.int64(vectors[row, column - 1, 1])
        elif k == 3 and row > 0:
            x, y = np.int64(vectors[row - 1, column, 0]), np.int64(vectors[row - 1, column, 1])
        else:
            continue
        rx, ry = (x - px + unit // 2) // unit, (y - py + unit // 2) // unit
        x, y = px + rx * unit, py + ry * unit
        if (x == bx and y == by) or max(abs(x), abs(y)) > LIMIT:
            continue
        rate = residual_cost(models, number, flag, restless, offers, rx, ry)
        if price * rate >= best:
            continue
        here = _price(picture, reference, block, x, y, rate, price)
        if here < best:
            best, bx, by = here, x, y
    for _ in range(_STEPS):
        ox, oy = bx, by
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            x, y = ox + dx * unit, oy + dy * unit
            rate = residual_cost(models, number, flag, restless, offers, (x - px) // unit, (y - py) // unit)
            if price * rate >= best or max(abs(x), abs(y)) > LIMIT:
                continue
            here = _price(picture, reference, block, x, y, rate, price)
            if here < best:
                best, bx, by = here, x, y
        if bx == ox and by == oy:
            break
    return bx, by, best


class Notes(NamedTuple):
    """What is remembered of a plane while it is coded: residuals (gh, gw, 2), which cells have one (gh, gw), and what a
    cell may take over."""

    apart: NDArray[np.int64]
    coded: NDArray[np.uint8]
    offers: NDArray[np.int64]


def new_notes(grid: tuple[int, int]) -> Notes:
    """Of a plane of `grid` (gh, gw), none of which is coded."""
    return Notes(np.zeros((*grid, 2), np.int64), np.zeros(grid, np.uint8), new_offers())


@compiled()
def single(
    io: Int64_1d, data: UInt8_1d, models: Int32_2d, number: Int, unit: Int, base: Int32_3d, vectors: Int32_3d,
    picture: UInt8_2d, reference: UInt8_2d, wanted: Int32_3d, price: Int, coded: UInt8_2d, notes: Notes,
) -> Int:  # fmt: skip
    """A plane with one reference; `base`, `vectors` (result), `wanted` (gh, gw, 2) in quarter pixels. A decoder gives
    empty pictures. `coded` (gh, gw) uint8, result: which cells have a residual. Returns what the plane loses."""
    rows, columns = vectors.shape[:2]
    apart, offers = notes.apart, notes.offers
    lost = np.int64(0)
    for row in range(rows):
        for column in range(columns):
            mx, my, flag, restless = neighbours(apart, coded, row, column, offers)
            px = predicted(np.int64(base[row, column, 0]), mx, unit)
            py = predicted(np.int64(base[row, column, 1]), my, unit)
            rx = ry = np.int64(0)
            if not io[READING]:
                block = _block(row, column, *picture.shape)
                x, y, here = _choose(
                    picture, reference, block, row, column, px, py, vectors, wanted, base, unit, price, models, number,
                    flag, restless, offers,
                )  # fmt: skip
                rx, ry = (x - px) // unit, (y - py) // unit
                lost += here
            rx, ry = code_residual(io, data, models, number, flag, restless, offers, rx, ry)
            place(io, vectors, apart, coded, base, row, column, px + rx * unit, py + ry * unit, rx, ry, unit)
    return lost


@compiled()
def _stirred(stirred: UInt8_2d, row: Int, column: Int) -> Int:
    """0: nothing was coded at or around a cell in the known pictures before and after; 1: offers it; 2: at it."""
    if stirred[row, column]:
        return 2
    for r in range(max(row - 1, 0), min(row + 2, stirred.shape[0])):
        for c in range(max(column - 1, 0), min(column + 2, stirred.shape[1])):
            if stirred[r, c]:
                return 1
    return 0


@compiled()
def between(
    io: Int64_1d, data: UInt8_1d, models: Int32_2d, number: Int, unit: Int, bases: Int32_4d, before: Int32_3d,
    after: Int32_3d, sides: UInt8_2d, picture: UInt8_2d, first: UInt8_2d, last: UInt8_2d, wanted: Int32_4d, late: Int,
    length: Int, price: Int, stirred: UInt8_2d, around: UInt8_3d, coded: UInt8_2d, notes_b: Notes, notes_a: Notes,
) -> None:  # fmt: skip
    """The two planes of a picture between anchors, and the sides its cells are predicted from; `bases` and `wanted`: of
    `before` and of `after`; `late` of `length`: how much the last anchor counts. Of the known pictures before and after
    it: `stirred` (gh, gw), which cells have a residual, and `around` (2, gh, gw), their sides. `coded` (gh, gw) uint8,
    result."""
    rows, columns = before.shape[:2]
    apart_b, coded_b, offers_b = notes_b.apart, notes_b.coded, notes_b.offers
    apart_a, coded_a, offers_a = notes_a.apart, notes_a.coded, notes_a.offers
    for row in range(rows):
        for column in range(columns):
            nearby = FLAGS * _stirred(stirred, row, column)
            mx, my, flag_b, restless_b = neighbours(apart_b, coded_b, row, column, offers_b)
            flag_b += nearby
            pbx = predicted(np.int64(bases[0, row, column, 0]), mx, unit)
            pby = predicted(np.int64(bases[0, row, column, 1]), my, unit)
            mx, my, flag_a, restless_a = neighbours(apart_a, coded_a, row, column, offers_a)
            flag_a += nearby
            pax = predicted(np.int64(bases[1, row, column, 0]), mx, unit)
            pay = predicted(np.int64(bases[1, row, column, 1]), my, unit)
            rbx = rby = rax = ray = np.int64(0)
            side = 0
            if not io[READING]:
                block = _block(row, column, *picture.shape)
                bx, by, lost_b = _choose(
                    picture, first, block, row, column, pbx, pby, before, wanted[0], bases[0], unit, price, models,
                    number, flag_b, restless_b, offers_b,
                )  # fmt: skip
                some = 1 if bx != pbx or by != pby else 0
                own = offers_a[0, 0]
                offer(offers_a, (bx - pbx) // unit, (by - pby) // unit)
                ax, ay, lost_a = _choose(
                    picture, last, block, row, column, pax, pay, after, wanted[1], bases[1], unit, price, models,
                    number, flag_a + FLAGS_A_PLANE * some, restless_a, offers_a,
                )  # fmt: skip
                side, use_b, use_a = _weigh(
                    models, number, unit, sides, around, picture, first, last, block, row, column, late, length, price,
                    (bx, by, pbx, pby, flag_b, restless_b, offers_b, lost_b),
                    (ax, ay, pax, pay, flag_a, restless_a, offers_a, own, lost_a),
                )  # fmt: skip
                offers_a[0, 0] = own
                if use_b:
                    rbx, rby = (bx - pbx) // unit, (by - pby) // unit
                if use_a:
                    rax, ray = (ax - pax) // unit, (ay - pay) // unit
            side = code_side(io, data, models, number, sides, around, row, column, side)
            sides[row, column] = side
            rbx, rby = code_residual(io, data, models, number, flag_b, restless_b, offers_b, rbx, rby)
            some = 1 if rbx != 0 or rby != 0 else 0
            offer(offers_a, rbx, rby)
            rax, ray = code_residual(
                io, data, models, number, flag_a + FLAGS_A_PLANE * some, restless_a, offers_a, rax, ray
            )
            bx, by, ax, ay = pbx + rbx * unit, pby + rby * unit, pax + rax * unit, pay + ray * unit
            place(io, before, apart_b, coded_b, bases[0], row, column, bx, by, rbx, rby, unit)
            place(io, after, apart_a, coded_a, bases[1], row, column, ax, ay, rax, ray, unit)
            coded[row, column] = 1 if coded_b[row, column] or coded_a[row, column] else 0


@compiled()
def _mean_price(
    picture: UInt8_2d, first: UInt8_2d, last: UInt8_2d, block: _Block, ax: Int, ay: Int, bx: Int, by: Int, late: Int,
    length: Int, rate: Int, price: Int,
) -> Int:  # fmt: skip
    top, left, h, w = block
    lost = np.int64(mean_difference(picture, first, last, top, left, h, w, ax, ay, bx, by, late, length, _EVERY))
    return lost * (_AREA * _EVERY) // (h * w) * BIT_COST + price * rate


@compiled()
def _weigh(
    models: Int32_2d, number: Int, unit: Int, sides: UInt8_2d, around: UInt8_3d, picture: UInt8_2d, first: UInt8_2d,
    last: UInt8_2d, block: _Block, row: Int, column: Int, late: Int, length: Int, price: Int, b: _Before, a: _After,
) -> tuple[Int, bool, bool]:  # fmt: skip
    """Which side a cell is predicted from, and whether each of the two vectors found is worth coding."""
    bx, by, pbx, pby, flag_b, restless_b, offers_b, lost_b = b
    ax, ay, pax, pay, flag_a, restless_a, offers_a, own, lost_a = a
    found_b = residual_cost(models, number, flag_b, restless_b, offers_b, (bx - pbx) // unit, (by - pby) // unit)
    none_b = residual_cost(models, number, flag_b, restless_b, offers_b, 0, 0)
    some = FLAGS_A_PLANE * (1 if bx != pbx or by != pby else 0)
    found_a = residual_cost(models, number, flag_a + some, restless_a, offers_a, (ax - pax) // unit, (ay - pay) // unit)
    none_a = residual_cost(models, number, flag_a, restless_a, offers_a, 0, 0)
    mean = side_cost(models, number, sides, around, row, column, 0)
    best = _mean_price(picture, first, last, block, bx, by, ax, ay, late, length, found_b + found_a + mean, price)
    side, use_b, use_a = 0, True, True
    here = _mean_price(picture, first, last, block, pbx, pby, pax, pay, late, length, none_b + none_a + mean, price)
    if here < best:
        best, side, use_b, use_a = here, 0, False, False
    here = lost_b + price * (none_a + side_cost(models, number, sides, around, row, column, 1))
    if here < best:
        best, side, use_b, use_a = here, 1, True, False
    offers_a[0, 0] = own
    only_a = residual_cost(models, number, flag_a, restless_a, offers_a, (ax - pax) // unit, (ay - pay) // unit)
    here = lost_a + price * (only_a - found_a + none_b + side_cost(models, number, sides, around, row, column, 2))
    if here < best:
        side, use_b, use_a = 2, False, True
    return side, use_b, use_a
