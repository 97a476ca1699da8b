"""Fractions of codes as 8-bit codes whose mean over a few pixels is right, so that slow slopes show no bands."""

import numpy as np
from numpy.typing import NDArray

SIDE = 8
"""The pattern repeats after so many pixels, across and down."""


def _thresholds() -> NDArray[np.float64]:
    """(SIDE, SIDE), each of the SIDE^2 values between 0 and 1 once: Bayer's order, as in `show.frag`."""
    y, x = np.mgrid[:SIDE, :SIDE]
    rank = np.zeros((SIDE, SIDE))
    for bit in range(3):
        rank += ((x ^ y) >> bit & 1) << (5 - 2 * bit)
        rank += (y >> bit & 1) << (4 - 2 * bit)
    return (rank + 0.5) / SIDE**2


THRESHOLDS = _thresholds()


def dithered(values: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """(H, W, channels) of 256ths of a code to codes of 0 to 255; those that are whole already stay as they are."""
    height, width = values.shape[:2]
    pattern = np.tile((256 * THRESHOLDS).astype(np.uint16), (-(-height // SIDE), -(-width // SIDE)))
    return ((np.minimum(values, 255 * 256) + pattern[:height, :width, None]) >> 8).astype(np.uint8)
