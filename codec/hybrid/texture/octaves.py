"""Luma in octaves: differences of ever wider binomial averages, all of full size (Holschneider et al. 1989, "à trous").

Nothing is dropped between octaves, so that what is amplified is added without any filter in between.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from codec.hybrid.texture.layout import BANDS, CELL

_LUMA = (0.299, 0.587, 0.114)
_SCALE = 127.5


def luma(pictures: Tensor) -> Tensor:
    """(N, 3, H, W), taken from [-1, 1] -> (N, 1, H, W) on a scale of 255 grey levels."""
    weights = torch.tensor(_LUMA).view(1, 3, 1, 1) * _SCALE
    return (pictures.clamp(-1.0, 1.0) * weights).sum(dim=1, keepdim=True)


def octaves(plane: Tensor) -> list[Tensor]:
    """(N, 1, H, W) -> BANDS planes of the same size, the finest first; with a rest that is left out they add up to
    `plane`."""
    found = []
    for b in range(BANDS):
        blurred = _averaged(_averaged(plane, 1 << b, 2), 1 << b, 3)
        found.append(plane - blurred)
        plane = blurred
    return found


def energy(octave: Tensor, size: int = CELL) -> Tensor:
    """Mean squares by blocks: (N, 1, H / size, W / size)."""
    return F.avg_pool2d(octave.square(), size)


def _averaged(plane: Tensor, step: int, axis: int) -> Tensor:
    """By (1 4 6 4 1) / 16 along an axis, taps `step` apart; edges go on outside."""
    edge = [0, 0, 0, 0]
    edge[2 * (3 - axis)] = edge[2 * (3 - axis) + 1] = 2 * step
    wide, size = F.pad(plane, edge, mode="replicate"), plane.shape[axis]
    parts = [wide.narrow(axis, k * step, size) for k in range(5)]
    return (parts[0] + parts[4]).add_(parts[1] + parts[3], alpha=4).add_(parts[2], alpha=6).mul_(1 / 16)
