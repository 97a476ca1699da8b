"""A bit whose probability several contexts have a say in: logistic mixing (Mattern 2012, after Mahoney's PAQ).

Each context has an adaptive probability. Their logarithms of odds are added up, each times a weight; the sum is the
mixed logarithm of odds. After the bit the weights move downhill in the bits it took, and each probability towards it.
Integers throughout: logarithms of odds in 1/256, weights in 1/65536.
"""

import numpy as np
from numpy.typing import NDArray

from codec.arrays import Int, Int32_2d, Int64_1d, Int64_2d, UInt8_1d
from codec.compiled import compiled
from codec.hybrid.entropy.range_coder import RANGE, adapt, split

INPUTS = 4
"""Contexts of a bit at most."""
_LIMIT = 2047
"""Logarithms of odds stay within +- this, in 1/256."""
_INDEX_BITS = 12
_WEIGHT_ONE = 16
_WEIGHT_START = 22_300
_WEIGHT_LIMIT = 1 << 20
_RATE = 15
"""Shift of a weight's step."""
_SLOWEST = 7
LEAST = 1 << 5
"""The smallest probability, in 1/65536."""


def _stretched() -> NDArray[np.int32]:
    """Logarithm of odds by probability in 1/4096, taken at the middles. No value is near enough to a half for another
    machine's logarithm to round it the other way; the tests check that."""
    share = (np.arange(1 << _INDEX_BITS) + 0.5) / (1 << _INDEX_BITS)
    return np.clip(np.round(256 * np.log(share / (1 - share))), -_LIMIT, _LIMIT).astype(np.int32)


def _squashed() -> NDArray[np.int32]:
    """Probability in 1/65536 by logarithm of odds, from -_LIMIT on."""
    odds = np.exp(np.arange(-_LIMIT, _LIMIT + 1) / 256)
    return np.clip(np.round(65536 * odds / (1 + odds)), LEAST, 65536 - LEAST).astype(np.int32)


_STRETCHED, _SQUASHED = _stretched(), _squashed()


def new_weights(rows: int) -> NDArray[np.int32]:
    """Weights (rows, INPUTS) as they start: `code_mixed` takes a row."""
    return np.full((rows, INPUTS), _WEIGHT_START, np.int32)


@compiled()
def code_mixed(
    io: Int64_1d, data: UInt8_1d, models: Int32_2d, weights: Int32_2d, row: Int, said: Int64_2d, count: Int, bit: Int
) -> Int:
    """Code (or, reading, find) a bit in the first `count` contexts that `said` (2, INPUTS) names in its first row; the
    second is working space. Returns the bit."""
    total = np.int64(0)
    for i in range(count):
        odds = np.int64(_STRETCHED[models[said[0, i], 0] >> (16 - _INDEX_BITS)])
        said[1, i] = odds
        total += weights[row, i] * odds
    one = np.int64(_SQUASHED[min(max(total >> _WEIGHT_ONE, -_LIMIT), _LIMIT) + _LIMIT])
    bit = split(io, data, (io[RANGE] >> 16) * one, bit)
    missed = (np.int64(bit) << 16) - one
    for i in range(count):
        step = (missed * said[1, i] + (1 << (_RATE - 1))) >> _RATE
        weights[row, i] = min(max(weights[row, i] + step, -_WEIGHT_LIMIT), _WEIGHT_LIMIT)
        adapt(models, said[0, i], bit, _SLOWEST, LEAST)
    return bit
