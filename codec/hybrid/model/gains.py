"""Continuous λ in one set of weights: tables of per-channel gains, geometric between anchor levels.

After the gain units of Cui et al. (arXiv 2003.02050): a feature is multiplied by a vector that depends on λ only.
"""

import math

import torch
from torch import Tensor, nn

from codec.hybrid.model.config import LEVELS, LEVELS_PER_OCTAVE


class GainTable(nn.Module):
    """Log-gains (LEVELS, channels), interpolated linearly over the level, that is geometrically over λ."""

    def __init__(self, channels: int, slope: float = 0.0) -> None:
        """`slope`: initial gain grows as λ^slope around the middle level (0.5 is the high-rate theory for steps)."""
        super().__init__()
        offsets = (torch.arange(LEVELS) - (LEVELS - 1) / 2) * slope * math.log(2.0) / LEVELS_PER_OCTAVE
        self.log_gain = nn.Parameter(offsets[:, None].repeat(1, channels))

    def forward(self, level: Tensor) -> Tensor:
        """(B,) levels up to LEVELS - 1 -> (B, channels) gains > 0; below 0 they go on as they fall between 0 and 1."""
        return torch.exp(interpolate(self.log_gain, level))


def interpolate(table: Tensor, level: Tensor) -> Tensor:
    """Linear interpolation of `table` (LEVELS, ...) at `level` (B,) -> (B, ...)."""
    lower = level.floor().clamp(0, LEVELS - 2).long()
    fraction = (level - lower).view(-1, *([1] * (table.dim() - 1)))
    return table[lower] * (1 - fraction) + table[lower + 1] * fraction
