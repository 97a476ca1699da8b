"""The encoder's choice of a tree: squares are split as long as that costs less, squared error and `price` times bits.
Each leaf has the direction that costs least."""

import numpy as np

from codec.arrays import Float, Int, Int32_1d, Int32_2d
from codec.compiled import compiled
from codec.hybrid.entropy.range_coder import cost
from codec.hybrid.trees.blocks import extent, make, miss, sine, take
from codec.hybrid.trees.coefficients import CODED, quantise
from codec.hybrid.trees.modes import known_context, likely, mode_cost, split_context
from codec.hybrid.trees.planes import LUMA, ROOT, Planes, Room, enter, next_part
from codec.hybrid.trees.prediction import AS_KNOWN, MEAN, MODES, PLANAR, gather, predict, smooth
from codec.hybrid.trees.transform import SIZES, UNIT, forward

_CALM = 0.02
"""A leaf that codes nothing and costs less than this for each sample, in squared steps, is not tried in parts."""
_STILL = 0.02
"""A leaf whose prediction from another picture misses less than this for each sample, in squared steps, stays so."""
_KNOWN_WELL = 0.06
"""One that costs less than this so is not tried in directions."""
_TRIES = 3
"""Directions that are tried in full, of those that a Hadamard transform of what they miss ranks first."""


@compiled()
def _hadamard(missed: Int32_2d, n: Int, sums: Int32_1d) -> Int:
    """Sum of absolute Hadamard coefficients over squares of 4x4, a measure of what coding will take."""
    total = np.int64(0)
    four = np.uintp(4)
    one, two, three = np.uintp(1), np.uintp(2), np.uintp(3)
    for band in range(np.uintp(n >> 2)):
        i = band * four
        for j in range(np.uintp(n)):
            a, b, c, d = missed[i, j], missed[i + one, j], missed[i + two, j], missed[i + three, j]
            p, q, r, s = np.int32(a + b), np.int32(a - b), np.int32(c + d), np.int32(c - d)
            sums[j], sums[np.uintp(n) + j] = np.int32(p + r), np.int32(p - r)
            sums[two * np.uintp(n) + j], sums[three * np.uintp(n) + j] = np.int32(q + s), np.int32(q - s)
        part = np.int32(0)
        for k in range(np.uintp(n)):
            a, b, c, d = sums[four * k], sums[four * k + one], sums[four * k + two], sums[four * k + three]
            p, q, r, s = np.int32(a + b), np.int32(a - b), np.int32(c + d), np.int32(c - d)
            part = np.int32(
                part + abs(np.int32(p + r)) + abs(np.int32(p - r)) + abs(np.int32(q + s)) + abs(np.int32(q - s))
            )
        total += part
    return total


@compiled()
def _rank(
    room: Room, planes: Planes, top: Int, left: Int, size: Int, mode: Int, price: Float, models: Int32_2d,
    probable: tuple[Int, Int, Int],
) -> Float:  # fmt: skip
    """How much predicting in a mode is expected to cost."""
    n = 4 << size
    predict(room.found, room.smoothed, mode, size, LUMA, room.line, room.guess)
    miss(planes.y, top, left, n, room.guess, room.missed)
    return _hadamard(room.missed, n, room.sums) + price * mode_cost(
        models, size, mode, probable[0], probable[1], probable[2]
    )


@compiled()
def _directions(
    planes: Planes, room: Room, models: Int32_2d, top: Int, left: Int, size: Int, step: Int, price: Float, best: Float,
    best_mode: Int, best_last: Int, more: Int,
) -> tuple[Float, Int, Int]:  # fmt: skip
    """Try a luma leaf as its neighbours predict it, `more` bits dearer than the leaf is so far: its cost, mode and last
    level's place. Leaves the levels of the best, and its prediction."""
    n = 4 << size
    row, column = top >> 2, left >> 2
    gather(planes.made_y, planes.done, top, left, n, room.found)
    smooth(room.found, n, room.smoothed)
    probable = likely(planes.modes, row, column)
    root = np.sqrt(price)
    losses = room.losses
    losses[:] = 1e30
    for mode in (PLANAR, MEAN, 2, 6, 10, 14, 18, 22, 26, 30, 34):
        losses[mode] = _rank(room, planes, top, left, size, mode, root, models, probable)
    for mode in probable:
        if losses[mode] >= 1e29:
            losses[mode] = _rank(room, planes, top, left, size, mode, root, models, probable)
    for reach in (2, 1):
        first, second = 2, 2
        for mode in range(2, MODES):
            if losses[mode] < losses[first]:
                first, second = mode, first
            elif mode != first and (losses[mode] < losses[second] or second == first):
                second = mode
        for middle in (first, second):
            for mode in (middle - reach, middle + reach):
                if 2 <= mode < MODES and losses[mode] >= 1e29:
                    losses[mode] = _rank(room, planes, top, left, size, mode, root, models, probable)
    for _ in range(_TRIES):
        mode = 0
        for m in range(MODES):
            if losses[m] < losses[mode]:
                mode = m
        losses[mode] = 2e30
        predict(room.found, room.smoothed, mode, size, LUMA, room.line, room.guess)
        miss(planes.y, top, left, n, room.guess, room.missed)
        forward(room.missed, size, sine(size, LUMA, mode), room.work_f, room.coefficients)
        levels = room.trial[size]
        last, error, bits = quantise(models, room.coefficients, size, LUMA, step / UNIT, levels)
        bits += mode_cost(models, size, mode, probable[0], probable[1], probable[2])
        bits += cost(models, CODED + size * 3, 1 if last >= 0 else 0) + more
        here = error + price * bits
        if here < best:
            best, best_mode, best_last = here, mode, last
            _copy(planes, levels, top, left, n)
    if best_mode != AS_KNOWN:
        predict(room.found, room.smoothed, best_mode, size, LUMA, room.line, room.guess)
    return best, best_mode, best_last


@compiled()
def _copy(planes: Planes, levels: Int32_2d, top: Int, left: Int, n: Int) -> None:
    for i in range(n):
        for j in range(n):
            planes.levels[top + i, left + j] = levels[i, j]


@compiled()
def _as_known(
    planes: Planes, room: Room, models: Int32_2d, top: Int, left: Int, size: Int, step: Int, price: Float
) -> tuple[Float, Int]:
    """Try a luma leaf as it is known, as it is or with coefficients; leaves the levels of the better one. Returns what
    it costs and the last level's place."""
    n = 4 << size
    row, column = top >> 2, left >> 2
    take(planes.known_y, top, left, n, room.guess)
    miss(planes.y, top, left, n, room.guess, room.missed)
    total = np.int64(0)
    for i in range(n):
        for j in range(n):
            planes.levels[top + i, left + j] = 0
            total += np.int64(room.missed[i, j]) * room.missed[i, j]
    flag = cost(models, known_context(planes.modes, row, column, size), 1)
    coded = CODED + (SIZES + size) * 3
    best = total + price * (flag + cost(models, coded, 0))
    if total < n * n * (step / UNIT) * (step / UNIT) * _STILL:
        return best, -1
    forward(room.missed, size, sine(size, LUMA, AS_KNOWN), room.work_f, room.coefficients)
    levels = room.trial[size]
    last, error, bits = quantise(models, room.coefficients, size, LUMA, step / UNIT, levels)
    here = error + price * (bits + flag + cost(models, coded, 1))
    if last < 0 or here >= best:
        return best, -1
    _copy(planes, levels, top, left, n)
    return here, last


@compiled()
def _leaf(
    planes: Planes, room: Room, models: Int32_2d, top: Int, left: Int, size: Int, step: Int, price: Float
) -> Float:
    """Choose the mode and levels of a luma leaf, leave it decoded; returns what it costs."""
    n = 4 << size
    row, column = top >> 2, left >> 2
    best, best_mode, best_last = 1e30, np.int64(0), np.int64(-1)
    more = 0
    if planes.known_y.shape[0] > 0:
        best, best_last = _as_known(planes, room, models, top, left, size, step, price)
        best_mode = np.int64(AS_KNOWN)
        more = cost(models, known_context(planes.modes, row, column, size), 0)
    if best > n * n * (step / UNIT) * (step / UNIT) * _KNOWN_WELL:
        best, best_mode, best_last = _directions(
            planes, room, models, top, left, size, step, price, best, best_mode, best_last, more
        )
    if best_mode == AS_KNOWN:
        take(planes.known_y, top, left, n, room.guess)
    levels = planes.levels[top : top + n, left : left + n]
    rows, columns = extent(levels, n) if best_last >= 0 else (0, 0)
    make(levels, rows, columns, size, sine(size, LUMA, best_mode), step, room, planes.made_y, top, left)
    for i in range(row, row + (n >> 2)):
        for j in range(column, column + (n >> 2)):
            planes.modes[i, j], planes.sizes[i, j], planes.done[i, j] = best_mode, size, 1
    planes.lasts[row, column] = best_last
    return best


@compiled()
def _keep(planes: Planes, room: Room, top: Int, left: Int, size: Int) -> None:
    """Remember a leaf that may yet be split."""
    n = 4 << size
    for i in range(n):
        for j in range(n):
            room.kept_levels[size, i, j] = planes.levels[top + i, left + j]
            room.kept_made[size, i, j] = planes.made_y[top + i, left + j]
    room.kept_modes[size], room.kept_lasts[size] = planes.modes[top >> 2, left >> 2], planes.lasts[top >> 2, left >> 2]


@compiled()
def _bring_back(planes: Planes, room: Room, top: Int, left: Int, size: Int) -> None:
    """Put a remembered leaf back in the place of its parts."""
    n = 4 << size
    for i in range(n):
        for j in range(n):
            planes.levels[top + i, left + j] = room.kept_levels[size, i, j]
            planes.made_y[top + i, left + j] = room.kept_made[size, i, j]
    for i in range(top >> 2, (top + n) >> 2):
        for j in range(left >> 2, (left + n) >> 2):
            planes.modes[i, j], planes.sizes[i, j], planes.done[i, j] = room.kept_modes[size], size, 1
    planes.lasts[top >> 2, left >> 2] = room.kept_lasts[size]


@compiled()
def _forget(planes: Planes, top: Int, left: Int, n: Int) -> None:
    """Take a square for not decoded yet."""
    for i in range(top >> 2, min((top + n) >> 2, planes.done.shape[0])):
        for j in range(left >> 2, min((left + n) >> 2, planes.done.shape[1])):
            planes.done[i, j] = 0


@compiled()
def _begin(
    planes: Planes, room: Room, models: Int32_2d, top: Int, left: Int, size: Int, step: Int, price: Float
) -> bool:
    """Try a square as one leaf. Returns True when it is not worth trying in parts."""
    n = 4 << size
    height, width = planes.y.shape
    _forget(planes, top, left, n)
    room.whole[size] = 1 if top + n <= height and left + n <= width else 0
    room.best[size], room.parts[size] = 1e30, 0.0
    if not room.whole[size]:
        return False
    context = split_context(planes.sizes, top >> 2, left >> 2, size) if size > 0 else 0
    room.best[size] = _leaf(planes, room, models, top, left, size, step, price)
    if size == 0:
        return True
    room.best[size] += price * cost(models, context, 0)
    calm = n * n * (step / UNIT) * (step / UNIT) * _CALM
    if planes.lasts[top >> 2, left >> 2] < 0 and room.best[size] < calm:
        return True
    _keep(planes, room, top, left, size)
    room.parts[size] = price * cost(models, context, 1)
    _forget(planes, top, left, n)
    return False


@compiled()
def choose(planes: Planes, room: Room, models: Int32_2d, top: Int, left: Int, step: Int, price: Float) -> None:
    """Choose the tree under the root at (top, left). No recursion: compiled code that calls itself cannot be kept on
    disk."""
    height, width = planes.y.shape
    size, result = np.int64(ROOT), 0.0
    enter(room, size, top, left)
    while size <= ROOT:
        y, x = room.tops[size], room.lefts[size]
        if room.child[size] < 0:
            if _begin(planes, room, models, y, x, size, step, price):
                result = room.best[size]
                size += 1
                continue
        else:
            room.parts[size] += result
        if room.whole[size] and room.parts[size] >= room.best[size]:
            _bring_back(planes, room, y, x, size)
            result = room.best[size]
            size += 1
            continue
        k, below, beside = next_part(room, size, height, width)
        room.child[size] = k
        if k < 4:
            size -= 1
            enter(room, size, below, beside)
        else:
            result = room.parts[size]
            size += 1
