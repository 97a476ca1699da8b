"""Symbols of latents to bytes and back: adaptive binary range coding in contexts of a scale and of what lies around.

A symbol's contexts come from the table index the scale network gives it, which says how large it may be, and from how
large the symbols around it are: those of its channel at the left and above, and those of all channels before it at its
own place, the later ones counting more. Groups of channels that are silent at a place say so in one flag. The scale is
the hyperprior's part, the neighbourhood is the space and channel context of He et al. (2021) and ELIC (arXiv
2203.10886); here both choose among adaptive probabilities, integers throughout, so that no float can bring two
machines apart. Symbols of index 0 are not coded.

Each set of contexts (`SETS`) serves one kind of latent. What probabilities start from is part of the weights.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from codec.entropy.range_coder import FAULT, code_bit, code_even

SETS = 4
"""Key pictures, anchors, pictures between anchors; hyperpriors of all kinds."""
SCALE_COUNT = 64
"""Number of scales that a table index names; index 0: not coded, the symbol is 0."""
SCALE_MIN = 0.05
SCALE_MAX = 10.0
MAX_MAGNITUDE = 2047
"""Magnitudes are clipped to this by the encoder; a larger one in a stream is damage."""
_SCALES = 22
_PER_SCALE = 3
_NEAR = 10
_UNARY = 14
_PLACES = 6
_GOLOMB = 11
_GROUP = 16
"""Channels of a group."""
_AROUND, _BEFORE = 3, 3
_LARGER = _SCALES * _NEAR
_HEARD = _LARGER + _NEAR * _PLACES
CONTEXTS = _HEARD + _SCALES * _AROUND * _BEFORE
"""Of one set: a symbol is not zero, by scale and neighbourhood; its magnitude is larger, by neighbourhood and
magnitude; a group is not silent, by its largest scale, the groups at the left and above, and the channels before it."""
_THRESHOLDS = np.array([1, 32, 64, 96, 160, 256, 384, 576, 896], np.int64)
_LEVELS = np.searchsorted(_THRESHOLDS, np.arange(_THRESHOLDS[-1] + 1), side="right").astype(np.uint8)
"""How much there is around a symbol, from 0 to _NEAR - 1, by its measure."""
_CAP = 15
_SLOWEST = 7
_LEAST = 1 << 5
_ROOM = 24
"""Bytes a symbol takes at the very most: 15 bits in contexts at 11 bits each, its sign and 22 even bits."""
_MET = 24
"""How settled probabilities are taken to be at the start."""

Symbols = NDArray[np.int16]
Indices = NDArray[np.uint8]


def room_for(count: int) -> int:
    """Bytes that `count` symbols may take."""
    return 64 + _ROOM * count


def new_models(starts: NDArray[np.int32]) -> NDArray[np.int32]:
    """Contexts of a GoP as they start: `starts` (SETS, CONTEXTS), probabilities of a one in 1/65536."""
    models = np.empty((SETS * CONTEXTS, 2), np.int32)
    models[:, 0], models[:, 1] = starts.reshape(-1), _MET
    return models


def check(starts: NDArray[np.int32]) -> None:
    """Raise ValueError unless `starts` are probabilities (they come from a file)."""
    if starts.shape != (SETS, CONTEXTS) or starts.dtype != np.int32:
        raise ValueError("the contexts have a wrong shape")
    if starts.min() < _LEAST or starts.max() > (1 << 16) - _LEAST:
        raise ValueError("a context starts from an impossible probability")


def plain_starts() -> NDArray[np.int32]:
    """Starts for weights nothing was measured with: Laplace distributions of the scales."""
    index = np.arange(_SCALES) * _PER_SCALE + 1
    scale = SCALE_MIN * (SCALE_MAX / SCALE_MIN) ** (index / (SCALE_COUNT - 1))
    busy = np.exp(-0.5 / scale)[:, None].repeat(_NEAR, axis=1)
    larger = np.tile(np.linspace(0.25, 0.75, _NEAR)[:, None], (1, _PLACES))
    heard = np.tile((1 - (1 - busy[:, :1, None]) ** _GROUP).clip(0.02, 0.9), (1, _AROUND, _BEFORE))
    shares = np.concatenate((busy.ravel(), larger.ravel(), heard.ravel()))
    return np.tile(clipped(shares), (SETS, 1))


def clipped(shares: NDArray[np.float64]) -> NDArray[np.int32]:
    """Probabilities as contexts hold them."""
    return np.clip(np.round(shares * (1 << 16)), _LEAST, (1 << 16) - _LEAST).astype(np.int32)


@numba.njit(cache=True, nogil=True, boundscheck=False)
def _magnitude(io, data, models, base, size):
    """Code a magnitude of at least one."""
    k = 1
    while k < _UNARY and code_bit(io, data, models, base + min(k, _PLACES) - 1, 1 if size > k else 0, _SLOWEST, _LEAST):
        k += 1
    if k < _UNARY:
        return k
    # Exp-Golomb of what is left, plus one.
    left = size - _UNARY + 1
    bits = 0
    while bits < _GOLOMB and code_even(io, data, 1 if (left >> (bits + 1)) > 0 else 0):
        bits += 1
    value = 1
    for i in range(bits - 1, -1, -1):
        value = (value << 1) | code_even(io, data, (left >> i) & 1)
    return value + _UNARY - 1


@numba.njit(cache=True, nogil=True, boundscheck=False)
def _group_heard(io, data, models, base, values, index, heard, row, column, first, last, run):
    """Code whether a group of channels has a symbol that is not zero."""
    scale, found = 0, 0
    for c in range(first, last):
        scale = max(scale, index[row, column, c])
        found |= 1 if values[row, column, c] != 0 else 0
    if scale == 0:
        return 0
    around = (heard[row, column - 1] if column > 0 else 0) + (heard[row - 1, column] if row > 0 else 0)
    before = 0 if run < 4 else 1 if run < 32 else 2
    bucket = min(scale // _PER_SCALE, _SCALES - 1)
    context = base + _HEARD + (bucket * _AROUND + around) * _BEFORE + before
    return code_bit(io, data, models, context, found, _SLOWEST, _LEAST)


@numba.njit(cache=True, nogil=True, boundscheck=False)
def _code(io, data, models, base, values, index):
    height, width, channels = values.shape
    heard = np.zeros((-(-channels // _GROUP), height, width), np.uint8)
    # Capped magnitudes of the row above and of this one, with nothing beside them.
    above, here = np.zeros((width + 2, channels), np.uint8), np.zeros((width + 2, channels), np.uint8)
    near = np.zeros(_GROUP, np.int64)
    most = _LEVELS.size - 1
    for row in range(height):
        above, here = here, above
        here[:] = 0
        for column in range(width):
            run = 0
            for group in range(heard.shape[0]):
                first, last = group * _GROUP, min((group + 1) * _GROUP, channels)
                flag = _group_heard(io, data, models, base, values, index, heard[group], row, column, first, last, run)
                heard[group, row, column] = flag
                if not flag:
                    run >>= 1
                    continue
                for c in range(first, last):
                    beside = np.int64(here[column, c]) + above[column + 1, c]
                    near[c - first] = 64 * beside + 32 * (np.int64(above[column, c]) + above[column + 2, c])
                for c in range(first, last):
                    run -= run >> 4
                    scale = index[row, column, c]
                    if scale == 0:
                        continue
                    level = np.int64(_LEVELS[min(near[c - first] + run, most)])
                    value = np.int64(values[row, column, c])
                    context = base + min(scale // _PER_SCALE, _SCALES - 1) * _NEAR + level
                    if code_bit(io, data, models, context, 1 if value != 0 else 0, _SLOWEST, _LEAST):
                        negative = code_even(io, data, 1 if value < 0 else 0)
                        size = _magnitude(io, data, models, base + _LARGER + level * _PLACES, abs(value))
                        if size > MAX_MAGNITUDE:
                            io[FAULT] = 1
                            return
                        values[row, column, c] = -size if negative else size
                        capped = min(size, _CAP)
                        here[column + 1, c] = capped
                        run += 16 * capped


def write(
    io: NDArray[np.int64], data: NDArray[np.uint8], models: NDArray[np.int32], number: int, values: Symbols,
    index: Indices,
) -> None:  # fmt: skip
    """Write `values` (C, h, w) at table indices `index` (C, h, w) in contexts of set `number`."""
    _code(io, data, models, number * CONTEXTS, *(np.ascontiguousarray(x.transpose(1, 2, 0)) for x in (values, index)))


def read(
    io: NDArray[np.int64], data: NDArray[np.uint8], models: NDArray[np.int32], number: int, index: Indices
) -> Symbols:
    """The symbols (C, h, w) that were written so. Raises ValueError when one is impossible."""
    ordered = np.ascontiguousarray(index.transpose(1, 2, 0))
    values = np.zeros(ordered.shape, np.int16)
    _code(io, data, models, number * CONTEXTS, values, ordered)
    if io[FAULT]:
        raise ValueError("an impossible symbol")
    return np.ascontiguousarray(values.transpose(2, 0, 1))
