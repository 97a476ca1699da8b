"""What is said about the texture of an anchor.

The picture is cut into cells of CELL x CELL pixels and its luma into BANDS octaves (`octaves.py`). For each cell and
band a code says by how much the detail of the decoded picture is too weak (or too strong), in half octaves of
amplitude; for each cell, whether what amplifying cannot restore is filled with noise, as grass, gravel and water can
be.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CELL = 16
"""Pixels between the middles of neighbouring cells, in both directions."""
BANDS = 4
"""Octaves of luma, the finest first."""
LEAST, MOST = -4, 6
"""Range of a code."""
STEPS = 2
"""Codes to an octave of amplitude, that is a factor of two."""
NOISY = 2
"""Noise is possible in cells where some code is at least this."""


@dataclass(frozen=True, slots=True)
class Texture:
    """The texture codes of one picture: `codes` (BANDS, gh, gw) int8 from LEAST to MOST, `noisy` (gh, gw) uint8, 0 or
    1, zero where no code is NOISY."""

    codes: NDArray[np.int8]
    noisy: NDArray[np.uint8]

    def same_as(self, other: "Texture") -> bool:
        """True when all integers agree."""
        return np.array_equal(self.codes, other.codes) and np.array_equal(self.noisy, other.noisy)


def plain(grid: tuple[int, int]) -> Texture:
    """The texture that changes nothing, of a grid (gh, gw)."""
    return Texture(np.zeros((BANDS, *grid), np.int8), np.zeros(grid, np.uint8))
