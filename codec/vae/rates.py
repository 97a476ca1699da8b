"""Continuous λ in one set of weights: per-channel steps between grid points of λ, geometric in between.

Gain vectors after Cui et al., "Asymmetric gained deep image compression with continuous rate adaptation" (CVPR 2021).
"""

import math

import torch
from torch import Tensor, nn

from codec.vae.lambdas import LAMBDA_MAX, LAMBDA_MIN, QUALITY_MAX

GRID = 11
"""Values of λ with vectors of their own, an octave apart."""
KINDS = 2
"""Latent frames of one picture (a GoP's first) and of four have steps of their own."""
BANDS = GRID * KINDS
"""Sets of tables of z: for the nearest grid point of λ and the kind of latent frame."""


def lambda_of(quality: Tensor) -> Tensor:
    """λ of (fractional) qualities."""
    return LAMBDA_MIN * torch.pow(torch.tensor(LAMBDA_MAX / LAMBDA_MIN), quality / QUALITY_MAX)


def _between(table: Tensor, quality: Tensor) -> Tensor:
    """Rows of (GRID, ...) interpolated at qualities (B,) -> (B, ...)."""
    place = quality.float() * ((GRID - 1) / QUALITY_MAX)
    lower = place.floor().clamp(0, GRID - 2).long()
    part = (place - lower).view(-1, *([1] * (table.dim() - 1)))
    return table[lower] * (1 - part) + table[lower + 1] * part


def band_of(quality: Tensor, kind: int) -> Tensor:
    """The set of tables of z, 0 .. BANDS - 1, of integer qualities (B,)."""
    return torch.div(quality * (2 * (GRID - 1)) + QUALITY_MAX, 2 * QUALITY_MAX, rounding_mode="floor") * KINDS + kind


class Steps(nn.Module):
    """Quantisation step of every channel of y, by λ and kind of latent frame, and what the decoder multiplies by,
    which need not be the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.log_step = nn.Parameter(torch.zeros(KINDS, GRID, channels))
        self.log_restore = nn.Parameter(torch.zeros(KINDS, GRID, channels))

    @torch.no_grad()
    def start_at(self, coarsest: float, finest: float) -> None:
        """One step for all channels, geometric from LAMBDA_MIN's `coarsest` to LAMBDA_MAX's `finest`."""
        steps = torch.linspace(math.log(coarsest), math.log(finest), GRID)
        self.log_step.copy_(steps.view(1, -1, 1).expand_as(self.log_step))
        self.log_restore.zero_()

    def step(self, quality: Tensor, kind: int) -> Tensor:
        """(B,) -> (B, C, 1, 1) steps that y is divided by."""
        return _between(self.log_step[kind], quality).exp()[..., None, None]

    def restore(self, quality: Tensor, kind: int) -> Tensor:
        """(B,) -> (B, C, 1, 1) factors that bring ŷ back."""
        log = self.log_step[kind] + self.log_restore[kind]
        return _between(log, quality).exp()[..., None, None]
