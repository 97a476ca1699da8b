"""Table indices of motion symbols: every plane is cut into bands of spatial frequency, each with a scale of its own.

The scale numbers are coded first, a plane's relative to those of the plane before it; number 0 says that a band is
zero throughout.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from codec.motion.transform import Symbols

_BAND_STARTS = (0, 1, 3, 6, 10)
"""Sums of horizontal and vertical frequency where bands begin."""
BANDS = len(_BAND_STARTS)
SCALE_NUMBERS = 16
HEADER_ROW = 33
"""Table row of the differences of scale numbers: b about 0.8."""


def rows() -> NDArray[np.uint8]:
    """Table row of each scale number."""
    number = np.arange(SCALE_NUMBERS)
    return np.where(number == 0, 0, np.minimum(8 + 4 * (number - 1), 63)).astype(np.uint8)


def choose(symbols: Symbols, scale_of_row: NDArray[np.float64]) -> NDArray[np.int16]:
    """Scale numbers (planes, BANDS) that code `symbols` (planes, 2, gh, gw) best: the ones nearest, on a logarithmic
    axis, to each band's mean magnitude, which is the likeliest b of a Laplace distribution."""
    magnitude = np.abs(symbols).astype(np.float64).mean(axis=1)
    bands = _bands(*symbols.shape[-2:])
    numbers = np.zeros((len(symbols), BANDS), np.int16)
    scales = np.log(scale_of_row[rows()[1:]])
    for band in range(BANDS):
        inside = magnitude[:, bands == band]
        if inside.size == 0:
            continue
        mean = inside.mean(axis=1)
        nearest = np.abs(np.log(np.maximum(mean, 1e-9))[:, None] - scales[None]).argmin(axis=1)
        numbers[:, band] = np.where(inside.max(axis=1) > 0, nearest + 1, 0)
    return numbers


def differences(numbers: NDArray[np.int16]) -> NDArray[np.int16]:
    """Scale numbers (planes, BANDS) as they are coded: each plane relative to the one before, the first to zero."""
    return np.diff(numbers, axis=0, prepend=np.zeros((1, BANDS), np.int16))


def from_differences(coded: NDArray[np.int16]) -> NDArray[np.int16]:
    """The inverse of `differences`. Raises ValueError for numbers that do not exist."""
    numbers = np.cumsum(coded.astype(np.int64), axis=0)
    if numbers.size and (numbers.min() < 0 or numbers.max() >= SCALE_NUMBERS):
        raise ValueError("an impossible motion scale")
    return numbers.astype(np.int16)


def indices(numbers: NDArray[np.int16], height: int, width: int) -> NDArray[np.uint8]:
    """Table rows (planes, 2, gh, gw) of the symbols."""
    plane = rows()[numbers][:, _bands(height, width)]
    return np.ascontiguousarray(np.broadcast_to(plane[:, None], (len(numbers), 2, height, width)))


@cache
def _bands(height: int, width: int) -> NDArray[np.intp]:
    """(gh, gw): the band of each spatial frequency."""
    total = np.arange(height)[:, None] + np.arange(width)[None]
    return np.searchsorted(np.array(_BAND_STARTS), total, side="right") - 1
