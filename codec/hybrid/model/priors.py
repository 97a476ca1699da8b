"""The hyperprior and the mean path: what is known about y before its residuals are decoded.

Hyperprior: Ballé et al. 2018 (h_a, h_s). Context: two interleaved halves of y (a checkerboard that alternates over
the channels, after He et al. 2021 and the space-channel model of ELIC, arXiv 2203.10886) and the previous latent
frame's y, across the boundary when GoPs are chained. Means only: the scales come from the integer network
(`scales.py`), so nothing here can desynchronise the entropy coder; a difference in a
mean between two machines is a difference of the same size in y, no more.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from codec.hybrid.model.blocks import Block
from codec.hybrid.model.config import HYPER_RATIO, LEVELS, LatentKind, ModelConfig

_HYPER_FEATURES = 48
_BASE = 128


class HyperAnalysis(nn.Module):
    """h_a: scaled y (N, Cy, h, w) -> unrounded z (N, Cz, ceil(h/4), ceil(w/4))."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.first = nn.Conv2d(config.y_channels, config.y_channels, 3, stride=2, padding=1)
        self.second = nn.Conv2d(config.y_channels, config.z_channels, 3, stride=2, padding=1)

    def forward(self, y: Tensor) -> Tensor:
        h, w = y.shape[-2:]
        padded = F.pad(y, (0, -w % HYPER_RATIO, 0, -h % HYPER_RATIO), mode="replicate")
        return self.second(F.silu(self.first(padded)))


class MeanPrior(nn.Module):
    """Means of y in two steps, from z, from the latent frame before, from the level, and from step one's half."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        channels = config.y_channels
        self.hyper = nn.Sequential(
            nn.Conv2d(config.z_channels, _BASE, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(_BASE, _HYPER_FEATURES * HYPER_RATIO**2, 1),
            nn.PixelShuffle(HYPER_RATIO),
        )
        self.memory = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.base = nn.Conv2d(_HYPER_FEATURES + 2 * channels + 1 + len(LatentKind), _BASE, 1)
        self.block = Block(_BASE)
        self.first = nn.Conv2d(_BASE, channels, 1)
        self.spatial = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.second = nn.Sequential(nn.Conv2d(_BASE + 2 * channels, _BASE, 1), nn.SiLU(), nn.Conv2d(_BASE, channels, 1))
        # What the prediction missed in the latent frame before it may miss again: a filter for each kind and channel,
        # which the features may weaken.
        self.carry = nn.Parameter(torch.zeros(len(LatentKind), channels, 1, 3, 3))
        self.gate = nn.Conv2d(_BASE, channels, 1)
        for last in (self.first, self.second[-1], self.gate):
            assert isinstance(last, nn.Conv2d) and last.bias is not None
            nn.init.normal_(last.weight, std=0.01)
            nn.init.zeros_(last.bias)

    def features(self, z: Tensor, previous: Tensor, level: Tensor, kind: LatentKind) -> Tensor:
        """Base features (B, 128, h, w) from z (B, Cz, ., .), the previous latent frame's scaled y_hat (zeros before a
        key GoP's first), the level (B,) and the kind."""
        height, width = previous.shape[-2:]
        hyper = self.hyper(z)[..., :height, :width]
        known = hyper.new_zeros(len(level), 1 + len(LatentKind))
        known[:, 0] = level.clamp(min=0) / (LEVELS - 1)
        known[:, 1 + kind] = 1.0
        planes = known[:, :, None, None].expand(-1, -1, height, width)
        return self.block(F.silu(self.base(torch.cat((hyper, previous, self.memory(previous), planes), dim=1))))

    def carried(self, features: Tensor, previous: Tensor, kind: LatentKind) -> Tensor:
        """The part of the mean that comes straight from `previous`: (B, Cy, h, w)."""
        kept = F.conv2d(previous, self.carry[kind], padding=1, groups=previous.shape[1])
        return kept * (1.0 + self.gate(features))

    def first_half(self, features: Tensor, carried: Tensor) -> Tensor:
        """Means of all positions before any residual is known; used for the first half."""
        return carried + self.first(features)

    def second_half(self, features: Tensor, carried: Tensor, known: Tensor) -> Tensor:
        """Means for the second half; `known` is y_hat with zeros where it is not decoded yet."""
        return carried + self.second(torch.cat((features, known, self.spatial(known)), dim=1))


def first_half_mask(like: Tensor) -> Tensor:
    """(1, C, h, w) bool for a tensor (n, C, h, w): True where (row + column + channel) is even, the positions decoded
    in step one."""
    _, channels, height, width = like.shape
    device = like.device
    row = torch.arange(height, device=device).view(1, 1, -1, 1)
    column = torch.arange(width, device=device).view(1, 1, 1, -1)
    channel = torch.arange(channels, device=device).view(1, -1, 1, 1)
    return (row + column + channel) % 2 == 0
