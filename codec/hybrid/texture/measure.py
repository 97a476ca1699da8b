"""What a decoded anchor's texture lacks, compared with its source."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from codec.hybrid.texture.layout import CELL, NOISY, STEPS
from codec.hybrid.texture.octaves import energy, luma, octaves
from codec.hybrid.texture.synthesis import FLOOR

_BLOCK = 4
_TRUSTED = 0.35
_TRUSTED_NOISY = 0.0
_CALM = 0.15
_EVEN = 0.35
"""Evenness from which on noise may stand in for detail."""


class Wanted:
    """The texture a source picture (1, 3, H, W) has, H and W multiples of CELL."""

    def __init__(self, source: Tensor) -> None:
        self._bands = octaves(luma(source))
        self._energies = [energy(band) for band in self._bands]
        evenness = torch.stack([_evenness(band) for band in self._bands]).mean(dim=0)
        self._even = evenness > _EVEN
        self.even: NDArray[np.uint8] = self._even[0, 0].numpy().astype(np.uint8)
        """(gh, gw): where detail is spread evenly, one texture rather than an edge."""

    def lacking(self, decoded: Tensor) -> NDArray[np.float32]:
        """(BANDS, gh, gw): in units of a code, by how much the octaves of `decoded` (1, 3, H, W) are too weak."""
        ratios, fitting = [], []
        for band, known, found in zip(self._bands, self._energies, octaves(luma(decoded)), strict=True):
            there = energy(found)
            floor = torch.where(known < there, _CALM, FLOOR)
            ratios.append(0.5 * torch.log2((known + floor) / (there + floor)))
            there = there + FLOOR
            common = F.avg_pool2d(band * found, CELL) + FLOOR
            fitting.append(torch.log2((common / there).clamp(min=0.5)))
        ratio = torch.cat(ratios)
        fits = torch.minimum(torch.cat(fitting), ratio)
        noisy = (ratio.amax(dim=0, keepdim=True) * STEPS >= NOISY - 0.5) & self._even
        trusted = torch.where(noisy, _TRUSTED_NOISY, _TRUSTED)
        return ((ratio + (fits - ratio) * trusted)[:, 0] * STEPS).numpy()


def _evenness(octave: Tensor) -> Tensor:
    """Geometric over arithmetic mean of the energies of small blocks in and around each cell: (1, 1, gh, gw), near one
    for noise, near zero around a single edge."""
    blocks = energy(octave, _BLOCK) + 1.0
    count = CELL // _BLOCK
    # Twice the cell's size, centred on it.
    half = count // 2
    padded = F.pad(blocks, (half, half, half, half), mode="replicate")
    return F.avg_pool2d(padded.log(), 2 * count, count).exp() / F.avg_pool2d(padded, 2 * count, count)
