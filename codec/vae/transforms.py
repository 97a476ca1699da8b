"""The transforms of Figure 4: g_a from L to y, g_s back, h_a from y to z, h_s from z to features.

g_a and g_s are an orthonormal transform (2x2 samples, all channels of one temporal frequency: fitted to training
latents, `codec.vae.initial`) with learned branches beside it that start at zero: before training, the codec is a plain
transform codec.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from codec.vae.temporal import CHANNELS

Y_CHANNELS = 384
"""Of 512 that the orthonormal transform has: the others carry next to nothing. Wide and sparse: a channel that is zero
costs no bits."""
Z_CHANNELS = 32
FEATURES = 192
"""Of the hyperprior and the contexts."""
Y_RATIO = 2
"""Samples of L for one of y, along each side."""
Z_RATIO = 4
"""Samples of y for one of z, along each side."""
_WIDTH = 192
_LOUD = 30.0
"""Brings z to a deviation of about one where training starts."""


class Residual(nn.Module):
    """Two 3x3 convolutions beside a skip."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        with torch.no_grad():
            self.second.weight.mul_(0.1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.silu(self.first(F.silu(x))))


class Analysis(nn.Module):
    """g_a: L (N, c, h, w), even sides -> y (N, 384, h/2, w/2)."""

    def __init__(self, channels: int = CHANNELS) -> None:
        super().__init__()
        self.linear = nn.Conv2d(channels, Y_CHANNELS, Y_RATIO, stride=Y_RATIO, bias=False)
        self.branch = nn.Sequential(
            nn.Conv2d(channels, _WIDTH, 4, stride=Y_RATIO, padding=1),
            Residual(_WIDTH),
            nn.SiLU(),
            zeroed(nn.Conv2d(_WIDTH, Y_CHANNELS, 3, padding=1)),
        )

    def forward(self, latent: Tensor) -> Tensor:
        return cast(Tensor, self.linear(latent) + self.branch(latent))


class Synthesis(nn.Module):
    """g_s: ŷ (N, 384, h/2, w/2) -> L̂ (N, c, h, w)."""

    def __init__(self, channels: int = CHANNELS) -> None:
        super().__init__()
        self.linear = nn.ConvTranspose2d(Y_CHANNELS, channels, Y_RATIO, stride=Y_RATIO, bias=False)
        self.branch = nn.Sequential(
            nn.Conv2d(Y_CHANNELS, _WIDTH, 3, padding=1),
            Residual(_WIDTH),
            Residual(_WIDTH),
            nn.SiLU(),
            zeroed(nn.Conv2d(_WIDTH, channels * Y_RATIO**2, 1)),
            nn.PixelShuffle(Y_RATIO),
        )

    def forward(self, y: Tensor) -> Tensor:
        return cast(Tensor, self.linear(y) + self.branch(y))


class HyperAnalysis(nn.Module):
    """h_a: y in steps (N, 384, a, b), sides multiples of 4 -> z (N, 32, a/4, b/4).

    Here and wherever z is the input, borders repeat the edge: a training crop has few samples of z, and with zeros
    around nearly all of them would be unlike those inside a picture.
    """

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(Y_CHANNELS, FEATURES, 1),
            nn.SiLU(),
            nn.Conv2d(FEATURES, FEATURES // 2, 4, stride=2, padding=1, padding_mode="replicate"),
            nn.SiLU(),
            nn.Conv2d(FEATURES // 2, Z_CHANNELS, 4, stride=2, padding=1, padding_mode="replicate"),
        )
        last = self.layers[-1]
        assert isinstance(last, nn.Conv2d)
        with torch.no_grad():
            # Rounded, z has to say something from the first step on: a hyperprior of zeros would stay one.
            last.weight.mul_(_LOUD)

    def forward(self, y: Tensor) -> Tensor:
        # Magnitudes of what is coded steer the scales, their signs hardly: compressed, so that one loud channel does
        # not drown the rest.
        return cast(Tensor, self.layers(torch.log1p(y.abs())))


class HyperSynthesis(nn.Module):
    """h_s: ẑ (N, 32, a, b) -> features of the means (N, 192, 4a, 4b)."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(Z_CHANNELS, FEATURES, 3, padding=1, padding_mode="replicate"),
            nn.SiLU(),
            nn.Conv2d(FEATURES, 48 * Z_RATIO**2, 1),
            nn.PixelShuffle(Z_RATIO),
            nn.SiLU(),
            nn.Conv2d(48, FEATURES, 3, padding=1),
        )

    def forward(self, z: Tensor) -> Tensor:
        return cast(Tensor, self.layers(z))


def zeroed(conv: nn.Conv2d) -> nn.Conv2d:
    """The layer with all its weights at zero."""
    nn.init.zeros_(conv.weight)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return conv
