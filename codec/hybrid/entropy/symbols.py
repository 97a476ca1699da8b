"""Symbols of latents to bytes and back: adaptive binary range coding, bits mixed of several contexts' probabilities.

What the contexts know of a symbol: the table index the scale network gives it, which says how large it may be; how
large the symbols around it are, those of its channel at the left and above, those of the channels before it at its own
place, the later ones counting more; its channel. Groups of channels that are silent at a place say so in one flag. The
scale is the hyperprior's part, the neighbourhood is the space and channel context of He et al. (2021) and ELIC (arXiv
2203.10886); here they choose among adaptive probabilities, integers throughout, so that no float can bring two
machines apart. Symbols of index 0 are not coded.

Each set of contexts (`SETS`) serves one kind of latent. What probabilities start from is part of the weights.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from codec.arrays import Int, Int16_3d, Int32_2d, Int64_1d, Int64_2d, UInt8_1d, UInt8_3d
from codec.compiled import compiled
from codec.hybrid.entropy.mixing import INPUTS, LEAST, code_mixed, new_weights
from codec.hybrid.entropy.range_coder import FAULT, code_even, code_golomb

SETS = 3
"""Anchors, pictures between anchors; hyperpriors of both."""
SCALE_COUNT = 64
"""Number of scales that a table index names; index 0: not coded, the symbol is 0."""
SCALE_MIN = 0.05
SCALE_MAX = 10.0
MAX_MAGNITUDE = 2047
"""Magnitudes are clipped to this by the encoder; a larger one in a stream is damage."""
_SCALES = 22
_PER_SCALE = 3
_COARSE = 6
"""Scales, and fewer of them, that contexts tell apart."""
_NEAR = 10
_SPREAD = 8
_UNARY = 14
_PLACES = 6
_GOLOMB = 11
_GROUP = 16
"""Channels of a group."""
_CHANNELS, _FOURS, _GROUPS = 256, 64, 16
"""Channels, fours and groups of channels that have contexts of their own, the last one's for all beyond."""
_AROUND, _BEFORE = 3, 3
_FEW = 3
_SIZES = 8

_BUSY_PLACE = _SCALES * _NEAR
_BUSY_CHANNEL = _BUSY_PLACE + _SPREAD * _SPREAD * _COARSE
_BUSY_BEFORE = _BUSY_CHANNEL + _CHANNELS * _FEW
_LARGER = _BUSY_BEFORE + 4 * _FEW**4 * 2
_LARGER_CHANNEL = _LARGER + _NEAR * _PLACES
_LARGER_BESIDE = _LARGER_CHANNEL + _FOURS * _PLACES
_LARGER_SCALE = _LARGER_BESIDE + _SIZES * _PLACES
_HEARD = _LARGER_SCALE + _SCALES * _PLACES
_HEARD_GROUP = _HEARD + _SCALES * _AROUND * _BEFORE
_HEARD_MORE = _HEARD_GROUP + _GROUPS * _AROUND * _BEFORE
CONTEXTS = _HEARD_MORE + 5 * 4 * _COARSE * _BEFORE
"""Of one set, by what they know. A symbol is not zero: scale and neighbourhood; symbols around, channels before and
coarse scale; channel and symbols around; the four channels before, one by one. Its magnitude is larger, by magnitude
and: neighbourhood; four channels; the symbols at the left and above; scale. A group is not silent: largest scale,
groups at the left and above, channels before; the group instead of its scale; groups on four sides, groups heard at the
place."""
_ROW_LARGER = _FEW * _BEFORE
_ROW_HEARD = _ROW_LARGER + _PLACES
_ROWS = _ROW_HEARD + _AROUND
"""Rows of weights of one set, by what is coded and, coarsely, how much there is around."""

_THRESHOLDS = np.array([1, 32, 64, 96, 160, 256, 384, 576, 896], np.int64)
_LEVELS = np.searchsorted(_THRESHOLDS, np.arange(_THRESHOLDS[-1] + 1), side="right").astype(np.uint8)
"""How much there is around a symbol, from 0 to _NEAR - 1, by its measure."""
_BESIDE = np.searchsorted(np.array([1, 2, 3, 5, 8, 13, 22]), np.arange(23), side="right").astype(np.uint8)
_RUNS = np.searchsorted(np.array([1, 8, 16, 32, 64, 128, 256]), np.arange(257), side="right").astype(np.uint8)
"""The same, from 0 to _SPREAD - 1, of the symbols at its sides and of the channels before it."""
_CAP = 15
_ROOM = 24
"""Bytes a symbol takes at the very most: 15 bits in contexts at 11 bits each, its sign and 22 even bits."""
_MET = 24
"""How settled probabilities are taken to be at the start."""

Symbols = NDArray[np.int16]
Indices = NDArray[np.uint8]


def room_for(count: int) -> int:
    """Bytes that `count` symbols may take."""
    return 64 + _ROOM * count


class Contexts(NamedTuple):
    """The coder's memory: probabilities (SETS · CONTEXTS, 2) and weights (SETS · rows, INPUTS)."""

    models: NDArray[np.int32]
    weights: NDArray[np.int32]


def new_contexts(starts: NDArray[np.int32]) -> Contexts:
    """Contexts of a GoP as they start: `starts` (SETS, CONTEXTS), probabilities of a one in 1/65536."""
    models = np.empty((SETS * CONTEXTS, 2), np.int32)
    models[:, 0], models[:, 1] = starts.reshape(-1), _MET
    return Contexts(models, new_weights(SETS * _ROWS))


def check(starts: NDArray[np.int32]) -> None:
    """Raise ValueError unless `starts` are probabilities (they come from a file)."""
    if starts.shape != (SETS, CONTEXTS) or starts.dtype != np.int32:
        raise ValueError("the contexts have a wrong shape")
    if starts.min() < LEAST or starts.max() > (1 << 16) - LEAST:
        raise ValueError("a context starts from an impossible probability")


def plain_starts() -> NDArray[np.int32]:
    """Starts for weights nothing was measured with: Laplace distributions of the scales, about even where a context
    knows none."""
    index = np.arange(_SCALES) * _PER_SCALE + 1
    scale = SCALE_MIN * (SCALE_MAX / SCALE_MIN) ** (index / (SCALE_COUNT - 1))
    busy = np.exp(-0.5 / scale)
    shares = np.full(CONTEXTS, 0.4)
    shares[:_BUSY_PLACE] = busy.repeat(_NEAR)
    shares[_LARGER:_LARGER_CHANNEL] = np.linspace(0.25, 0.75, _NEAR).repeat(_PLACES)
    shares[_HEARD:_HEARD_GROUP] = (1 - (1 - busy) ** _GROUP).clip(0.02, 0.9).repeat(_AROUND * _BEFORE)
    return np.tile(clipped(shares), (SETS, 1))


def clipped(shares: NDArray[np.float64]) -> NDArray[np.int32]:
    """Probabilities as contexts hold them."""
    return np.clip(np.round(shares * (1 << 16)), LEAST, (1 << 16) - LEAST).astype(np.int32)


@compiled()
def _magnitude(
    io: Int64_1d, data: UInt8_1d, models: Int32_2d, weights: Int32_2d, base: Int, row: Int, said: Int64_2d, level: Int,
    channel: Int, beside: Int, bucket: Int, size: Int,
) -> Int:  # fmt: skip
    """Code a magnitude of at least one."""
    k = 1
    while k < _UNARY:
        place = min(k, _PLACES) - 1
        said[0, 0] = base + _LARGER + level * _PLACES + place
        said[0, 1] = base + _LARGER_CHANNEL + min(channel >> 2, _FOURS - 1) * _PLACES + place
        said[0, 2] = base + _LARGER_BESIDE + min(beside, _SIZES - 1) * _PLACES + place
        said[0, 3] = base + _LARGER_SCALE + bucket * _PLACES + place
        if not code_mixed(io, data, models, weights, row + _ROW_LARGER + place, said, 4, 1 if size > k else 0):
            return k
        k += 1
    return code_golomb(io, data, size - _UNARY + 1, _GOLOMB) + _UNARY - 1


@compiled()
def _group_heard(
    io: Int64_1d, data: UInt8_1d, models: Int32_2d, weights: Int32_2d, base: Int, row_of: Int, said: Int64_2d,
    scale: Int, heard: UInt8_3d, group: Int, row: Int, column: Int, run: Int, found: Int,
) -> Int:  # fmt: skip
    """Code whether a group of channels has a symbol that is not zero."""
    around = (heard[group, row, column - 1] if column > 0 else 0) + (heard[group, row - 1, column] if row > 0 else 0)
    corners = 0
    if row > 0:
        corners += heard[group, row - 1, column - 1] if column > 0 else 0
        corners += heard[group, row - 1, column + 1] if column + 1 < heard.shape[2] else 0
    here = 0
    for earlier in range(group):
        here += heard[earlier, row, column]
    before = 0 if run < 4 else 1 if run < 32 else 2
    bucket = min(scale // _PER_SCALE, _SCALES - 1)
    said[0, 0] = base + _HEARD + (bucket * _AROUND + around) * _BEFORE + before
    said[0, 1] = base + _HEARD_GROUP + (min(group, _GROUPS - 1) * _AROUND + around) * _BEFORE + before
    coarse = min(bucket >> 2, _COARSE - 1)
    said[0, 2] = base + _HEARD_MORE + (((around + corners) * 4 + min(here, 3)) * _COARSE + coarse) * _BEFORE + before
    return code_mixed(io, data, models, weights, row_of + _ROW_HEARD + around, said, 3, found)


@compiled()
def _busy(
    io: Int64_1d, data: UInt8_1d, models: Int32_2d, weights: Int32_2d, base: Int, row_of: Int, said: Int64_2d,
    channel: Int, bucket: Int, level: Int, beside: Int, run: Int, past: UInt8_1d, found: Int,
) -> Int:  # fmt: skip
    """Code whether a symbol is not zero; `beside`: what lies at its sides, `past` (channels) the place's magnitudes."""
    sides, before = _BESIDE[min(beside, _BESIDE.size - 1)], _RUNS[min(run, _RUNS.size - 1)]
    said[0, 0] = base + bucket * _NEAR + level
    said[0, 1] = base + _BUSY_PLACE + (sides * _SPREAD + before) * _COARSE + min(bucket >> 2, _COARSE - 1)
    few = 0 if beside == 0 else 1 if beside < 4 else 2
    said[0, 2] = base + _BUSY_CHANNEL + min(channel, _CHANNELS - 1) * _FEW + few
    pattern = channel & 3
    for k in range(1, 5):
        pattern = pattern * _FEW + (min(np.int64(past[channel - k]), _FEW - 1) if channel >= k else 0)
    said[0, 3] = base + _BUSY_BEFORE + pattern * 2 + (1 if beside > 0 else 0)
    which = row_of + (2 if beside > 3 else 1 if beside > 0 else 0) * _BEFORE + (0 if run < 8 else 1 if run < 64 else 2)
    return code_mixed(io, data, models, weights, which, said, 4, found)


class _Room(NamedTuple):
    """Working space: what contexts say; which groups of channels have symbols (groups, h, w); capped magnitudes of the
    row above and of this one (w + 2, C), with nothing beside them; what lies around a group's channels."""

    said: NDArray[np.int64]
    heard: NDArray[np.uint8]
    above: NDArray[np.uint8]
    here: NDArray[np.uint8]
    near: NDArray[np.int64]


def _new_room(height: int, width: int, channels: int) -> _Room:
    line = (width + 2, channels)
    return _Room(
        np.zeros((2, INPUTS), np.int64), np.zeros((-(-channels // _GROUP), height, width), np.uint8),
        np.zeros(line, np.uint8), np.zeros(line, np.uint8), np.zeros(_GROUP, np.int64),
    )  # fmt: skip


@compiled()
def _code(
    io: Int64_1d, data: UInt8_1d, models: Int32_2d, weights: Int32_2d, number: Int, values: Int16_3d, index: UInt8_3d,
    room: _Room,
) -> None:  # fmt: skip
    height, width, channels = values.shape
    base, row_of = number * CONTEXTS, number * _ROWS
    said, heard, above, here, near = room
    most = _LEVELS.size - 1
    for row in range(height):
        above, here = here, above
        here[:] = 0
        for column in range(width):
            run = 0
            for group in range(heard.shape[0]):
                first, last = group * _GROUP, min((group + 1) * _GROUP, channels)
                scale, flag = 0, 0
                for c in range(first, last):
                    scale = max(scale, index[row, column, c])
                    flag |= 1 if values[row, column, c] != 0 else 0
                if scale > 0:
                    flag = _group_heard(
                        io, data, models, weights, base, row_of, said, scale, heard, group, row, column, run, flag
                    )
                    heard[group, row, column] = flag
                if scale == 0 or not flag:
                    run >>= 1
                    continue
                for c in range(first, last):
                    beside = np.int64(here[column, c]) + above[column + 1, c]
                    near[c - first] = 2 * beside + np.int64(above[column, c]) + above[column + 2, c]
                for c in range(first, last):
                    run -= run >> 4
                    scale = index[row, column, c]
                    if scale == 0:
                        continue
                    beside = near[c - first]
                    level = np.int64(_LEVELS[min(32 * beside + run, most)])
                    bucket = min(scale // _PER_SCALE, _SCALES - 1)
                    value = np.int64(values[row, column, c])
                    if _busy(
                        io, data, models, weights, base, row_of, said, c, bucket, level, beside, run, here[column + 1],
                        1 if value != 0 else 0,
                    ):  # fmt: skip
                        negative = code_even(io, data, 1 if value < 0 else 0)
                        larger = max(here[column, c], above[column + 1, c])
                        size = _magnitude(
                            io, data, models, weights, base, row_of, said, level, c, larger, bucket, abs(value)
                        )
                        if size > MAX_MAGNITUDE:
                            io[FAULT] = 1
                            return
                        values[row, column, c] = -size if negative else size
                        capped = min(size, _CAP)
                        here[column + 1, c] = capped
                        run += 16 * capped


def write(
    io: NDArray[np.int64], data: NDArray[np.uint8], contexts: Contexts, number: int, values: Symbols, index: Indices
) -> None:
    """Write `values` (C, h, w) at table indices `index` (C, h, w) in contexts of set `number`."""
    ordered, rows = np.ascontiguousarray(values.transpose(1, 2, 0)), np.ascontiguousarray(index.transpose(1, 2, 0))
    _code(io, data, *contexts, number, ordered, rows, _new_room(*ordered.shape))


def read(io: NDArray[np.int64], data: NDArray[np.uint8], contexts: Contexts, number: int, index: Indices) -> Symbols:
    """The symbols (C, h, w) that were written so. Raises ValueError when one is impossible."""
    ordered = np.ascontiguousarray(index.transpose(1, 2, 0))
    values = np.zeros(ordered.shape, np.int16)
    _code(io, data, *contexts, number, values, ordered, _new_room(*ordered.shape))
    if io[FAULT]:
        raise ValueError("an impossible symbol")
    return np.ascontiguousarray(values.transpose(2, 0, 1))
