"""The two building blocks of every float network: a depthwise-separable residual block and a temporal mix.

One resolution, one block type, no normalisation (nothing depends on the batch or on far-away pixels): the recipe of
DCVC-RT (arXiv 2502.20762) and its successors.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Block(nn.Module):
    """x + 1x1(dw3x3(SiLU(1x1 x))), then x + 1x1(SiLU(1x1 x)) with a two-fold expansion. (N, C, h, w) -> same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.enter = nn.Conv2d(channels, channels, 1)
        self.spatial = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.leave = nn.Conv2d(channels, channels, 1)
        self.expand = nn.Conv2d(channels, 2 * channels, 1)
        self.contract = nn.Conv2d(2 * channels, channels, 1)
        for last in (self.leave, self.contract):
            # Residual branches start small, so that a deep stack starts near the identity.
            nn.init.normal_(last.weight, std=0.3 / last.in_channels**0.5)
            assert last.bias is not None
            nn.init.zeros_(last.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.leave(self.spatial(_silu(self.enter(x)))).add_(x)
        return self.contract(_silu(self.expand(x))).add_(x)


def _silu(x: Tensor) -> Tensor:
    # Without gradients in place: fresh memory costs a CPU as much as the function.
    return F.silu(x, inplace=not torch.is_grad_enabled())


class TemporalMix(nn.Module):
    """x + 1x1(previous, current, next latent frame), ends replicated. (B, t, C, h, w) -> same.

    A GoP is coded whole, so mixing may look both ways; t = 1 and 2 (short GoPs) need no special case.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(3 * channels, channels, 1)
        nn.init.normal_(self.mix.weight, std=0.3 / (3 * channels) ** 0.5)
        assert self.mix.bias is not None
        nn.init.zeros_(self.mix.bias)

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1] == 2:
            return x + self._of_two(x)
        before = torch.cat((x[:, :1], x[:, :-1]), dim=1)
        after = torch.cat((x[:, 1:], x[:, -1:]), dim=1)
        stacked = torch.cat((before, x, after), dim=2)
        return x + unfold_time(self.mix(fold_time(stacked)), x.shape[1])

    def _of_two(self, x: Tensor) -> Tensor:
        """The mix of two latent frames as one layer from both to both: each stands twice among the three that are
        mixed for the other or itself, and need not be multiplied twice."""
        before, now, after = self.mix.weight.chunk(3, dim=1)
        weight = torch.cat((torch.cat((before + now, after), dim=1), torch.cat((before, now + after), dim=1)))
        assert self.mix.bias is not None
        return F.conv2d(x.flatten(1, 2), weight, self.mix.bias.repeat(2)).view_as(x)


class Trunk(nn.Module):
    """Blocks, with a temporal mix before every second one where there is time to mix. (B, t, C, h, w) -> same."""

    def __init__(self, channels: int, depth: int, temporal: bool) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(channels) for _ in range(depth))
        self.mixes = nn.ModuleList(TemporalMix(channels) for _ in range((depth + 1) // 2 if temporal else 0))

    def forward(self, x: Tensor) -> Tensor:
        for i, block in enumerate(self.blocks):
            if i % 2 == 0 and len(self.mixes) > 0:
                x = self.mixes[i // 2](x)
            x = unfold_time(block(fold_time(x)), x.shape[1])
        return x


def fold_time(x: Tensor) -> Tensor:
    """(B, t, C, h, w) -> (B·t, C, h, w)."""
    return x.flatten(0, 1)


def unfold_time(x: Tensor, frames: int) -> Tensor:
    """(B·t, C, h, w) -> (B, t, C, h, w)."""
    return x.unflatten(0, (-1, frames))
