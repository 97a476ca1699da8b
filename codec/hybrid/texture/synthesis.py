"""A decoded anchor with its texture put right: detail amplified as the codes say, and noise where they ask for it.

Quantising at low rates and every further prediction blur what lies between sharp edges. A squared error would have it
so, an eye would not. What is amplified or filled in is part of the anchor from there on: it moves along with the
picture, through all that are predicted from it, and flickers no more than anything else there.
"""

from functools import cache, lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from codec.hybrid.texture.layout import CELL, STEPS, Texture
from codec.hybrid.texture.octaves import energy, luma, octaves

FLOOR = 4.0
"""Energy, squared grey levels, that both sides of a ratio get: detail nobody sees is left alone."""
_SHARE = 0.9
"""How much of a code's octaves amplification makes."""
_MOST = 0.7
"""Octaves of amplitude that detail is amplified by where noise does the rest."""
_FILLED = 1.0
"""Amplitude of the noise, relative to what is missing."""
_TILE = 256


def restored(picture: Tensor, texture: Texture) -> Tensor:
    """`picture` (1, 3, H, W), H and W multiples of CELL, nominally in [-1, 1] -> the same with `texture` put right."""
    if not texture.codes.any():
        return picture
    codes = torch.from_numpy(texture.codes.astype(np.float32))[:, None, None] / STEPS
    noisy = torch.from_numpy(texture.noisy.astype(np.float32))[None, None]
    added = torch.zeros_like(picture[:, :1])
    for b, (octave, code) in enumerate(zip(octaves(luma(picture)), codes, strict=True)):
        there = energy(octave)
        raised = torch.where((noisy > 0) & (code > _MOST), _MOST, code)
        missing = (there + FLOOR) * torch.exp2(2 * code) - FLOOR - there * torch.exp2(2 * raised)
        amplitude = _FILLED * missing.clamp(min=0.0).sqrt() * noisy
        added = added.addcmul_(_spread(torch.exp2(_SHARE * raised) - 1.0), octave)
        if bool(amplitude.any()):
            added = added.addcmul_(_spread(amplitude), _noise(b, *octave.shape[-2:]))
    return picture + added / 127.5


def _spread(values: Tensor) -> Tensor:
    """Cells' values (1, 1, gh, gw) at every pixel: bilinear between their middles."""
    return F.interpolate(values, scale_factor=float(CELL), mode="bilinear", align_corners=False)


@lru_cache(maxsize=8)
def _noise(band: int, height: int, width: int) -> Tensor:
    """Noise of an octave (height, width) of unit energy: a tile, repeated."""
    tile = _tiles()[band]
    rows, columns = (torch.arange(size) % len(tile) for size in (height, width))
    return tile[rows[:, None], columns]


@cache
def _tiles() -> list[Tensor]:
    """For each octave a tile (_TILE, _TILE): the octave's band of numbers that are sums of the four bytes of a hash
    of their position."""
    h = np.arange(_TILE * _TILE, dtype=np.uint32) + np.uint32(1)
    h *= np.uint32(0x9E3779B1)
    for shift, factor in ((15, 0x85EBCA77), (13, 0xC2B2AE3D), (16, 1)):
        h = (h ^ (h >> np.uint32(shift))) * np.uint32(factor)
    total = h.view(np.uint8).reshape(-1, 4).astype(np.float32).sum(axis=1) - 510.0
    white = torch.from_numpy(total).view(1, 1, _TILE, _TILE)
    # Three times three tiles, so that the middle one continues at its borders.
    bands = [band[0, 0, _TILE : 2 * _TILE, _TILE : 2 * _TILE] for band in octaves(white.repeat(1, 1, 3, 3))]
    return [band / band.square().mean().sqrt() for band in bands]
