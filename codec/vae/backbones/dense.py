"""Backbone `dense`: the causal 3-D convolutional autoencoder of CV-VAE (Zhao et al., "CV-VAE: A compatible video VAE
for latent generative video models", NeurIPS 2024), which the paper starts from (its Figure 4).

Layers keep the published keys, so that a published checkpoint loads as it is. Layout inside is B C T H W; SiLU
everywhere; group normalisation in 32 groups over the whole GoP. The encoder's convolutions see no later picture; the
decoder's see both sides, as published.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from codec.vae.backbones import Backbone
from codec.vae.backbones.sizes import Sizes, check_range
from codec.vae.temporal import whole_groups

_GROUPS = 32
_EPSILON = 1e-5
_LEVELS = 4


@dataclass(frozen=True, slots=True)
class DenseSizes(Sizes):
    """Sizes of a `dense` net. Raises ValueError on construction outside what is taken."""

    channels: int = 4
    """c of L: 4 as published, 128 in the paper."""
    width: int = 128
    """Channels at full size, a multiple of 32."""
    multipliers: tuple[int, ...] = (1, 2, 4, 4)
    """Of the width, from full size to an eighth."""
    blocks: int = 2
    """Residual blocks a level of the encoder; the decoder has one more."""

    def __post_init__(self) -> None:
        check_range("channels", self.channels, 1, 512)
        check_range("width", self.width, 32, 512, step=_GROUPS)
        check_range("number of multipliers", len(self.multipliers), _LEVELS, _LEVELS)
        for multiplier in self.multipliers:
            check_range("multiplier", multiplier, 1, 8)
        check_range("blocks", self.blocks, 1, 8)

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of the levels, full size first."""
        return tuple(self.width * multiplier for multiplier in self.multipliers)


class CausalConv(nn.Conv3d):
    """3x3x3: zeros around each picture, the first one repeated twice in front, nothing behind. Keeps T, H and W."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, padding=(0, 1, 1))

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(_ahead(input, 2))


class PlainConv(nn.Conv3d):
    """3x3x3 with zeros on all sides, time included. Keeps T, H and W."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, padding=1)


Conv = type[CausalConv] | type[PlainConv]


class ResidualBlock(nn.Module):
    """A 3-D convolution, then a 2-D one of each picture, beside a skip; (B, C, T, H, W) -> the same with `outputs`
    channels."""

    def __init__(self, inputs: int, outputs: int, conv: Conv) -> None:
        super().__init__()
        self.norm1 = _norm(inputs)
        self.conv1 = conv(inputs, outputs)
        self.norm2 = _norm(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        if inputs != outputs:
            self.nin_shortcut = nn.Conv3d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(F.silu(self.norm1(x)))
        h = _picture_by_picture(self.conv2, F.silu(self.norm2(h)))
        return (self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x) + h


class Attention(nn.Module):
    """One head over all positions of a picture; with `along_time`, then over all latent frames of a position."""

    def __init__(self, width: int, *, along_time: bool) -> None:
        super().__init__()
        self.norm = _norm(width)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(width, width, 1) for _ in range(4))
        self.along_time = along_time
        if along_time:
            self.norm_t = nn.LayerNorm(width)
            self.q_t, self.k_t, self.v_t, self.proj_out_t = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        h = _picture_by_picture(self._in_space, x)
        return x + (self._in_time(h) if self.along_time else h)

    def _in_space(self, pictures: Tensor) -> Tensor:
        normed = self.norm(pictures)
        q, k, v = (layer(normed).flatten(2).transpose(1, 2) for layer in (self.q, self.k, self.v))
        # One head: as four dimensions, which the fast kernels ask for.
        mixed = F.scaled_dot_product_attention(q[:, None], k[:, None], v[:, None])[:, 0]
        return self.proj_out(mixed.transpose(1, 2).reshape(pictures.shape))

    def _in_time(self, x: Tensor) -> Tensor:
        batch, width, frames, height, _ = x.shape
        rows = x.permute(0, 3, 4, 2, 1).reshape(-1, frames, width)
        normed = self.norm_t(rows)
        mixed = F.scaled_dot_product_attention(self.q_t(normed), self.k_t(normed), self.v_t(normed))
        return self.proj_out_t(mixed).view(batch, height, -1, frames, width).permute(0, 4, 3, 1, 2)


class Downsample(nn.Module):
    """Half the height and width, and half the time where `in_time`: T -> 1 + (T - 1) / 2."""

    def __init__(self, width: int, *, in_time: bool) -> None:
        super().__init__()
        self.conv = nn.Conv3d(width, width, 3, stride=(2 if in_time else 1, 2, 2))

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.pad(_ahead(x, 2), (0, 1, 0, 1)))


class Upsample(nn.Module):
    """Twice the height and width, and twice the time where `in_time`: t -> 1 + 2 (t - 1)."""

    def __init__(self, width: int, *, in_time: bool) -> None:
        super().__init__()
        self.in_time = in_time
        self.conv = nn.Conv3d(width, 2 * width if in_time else width, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = x.repeat_interleave(2, dim=-1).repeat_interleave(2, dim=-2)
        x = self.conv(F.pad(torch.cat([x[:, :, :1], x, x[:, :, -1:]], dim=2), (1, 1, 1, 1)))
        if not self.in_time:
            return x
        earlier, later = x.chunk(2, dim=1)
        # The very first picture stands for itself alone: its earlier half is nobody's.
        return torch.stack([earlier, later], dim=3).flatten(2, 3)[:, :, 1:]


class _Level(nn.Module):
    """Residual blocks of one size, and the way to the next; attributes are named as published."""

    def __init__(self, widths: list[tuple[int, int]], conv: Conv) -> None:
        super().__init__()
        self.block = nn.ModuleList(ResidualBlock(inputs, outputs, conv) for inputs, outputs in widths)
        self.downsample: Downsample | None = None
        self.upsample: Upsample | None = None

    def forward(self, x: Tensor) -> Tensor:
        for block in self.block:
            x = block(x)
        for resample in (self.downsample, self.upsample):
            x = x if resample is None else resample(x)
        return x


class _Middle(nn.Module):
    """Block, attention, block at the smallest size."""

    def __init__(self, width: int, conv: Conv, *, along_time: bool) -> None:
        super().__init__()
        self.block_1 = ResidualBlock(width, width, conv)
        self.attn_1 = Attention(width, along_time=along_time)
        self.block_2 = ResidualBlock(width, width, conv)

    def forward(self, x: Tensor) -> Tensor:
        return self.block_2(self.attn_1(self.block_1(x)))


class DenseEncoder(nn.Module):
    """(B, 3, T, H, W) in [-1, 1], T = 1 + 4 k, sides multiples of 8 -> (B, 2c, 1 + k, H/8, W/8): mean, log variance."""

    def __init__(self, sizes: DenseSizes) -> None:
        super().__init__()
        widths = sizes.widths
        self.conv_in = CausalConv(3, sizes.width)
        self.down = nn.ModuleList()
        for number, (before, width) in enumerate(pairwise((sizes.width, *widths))):
            level = _Level([(before, width)] + [(width, width)] * (sizes.blocks - 1), CausalConv)
            if number < _LEVELS - 1:
                level.downsample = Downsample(width, in_time=number in (0, 2))
            self.down.append(level)
        self.mid = _Middle(widths[-1], CausalConv, along_time=False)
        self.norm_out = _norm(widths[-1])
        self.conv_out = CausalConv(widths[-1], 2 * sizes.channels)

    def forward(self, video: Tensor) -> Tensor:
        x = self.conv_in(video)
        for level in self.down:
            x = level(x)
        return self.conv_out(F.silu(self.norm_out(self.mid(x))))


class DenseDecoder(nn.Module):
    """(B, c, t, h, w) -> (B, 3, 1 + 4 (t - 1), 8h, 8w), about [-1, 1]."""

    def __init__(self, sizes: DenseSizes) -> None:
        super().__init__()
        widths = sizes.widths
        self.conv_in = PlainConv(sizes.channels, widths[-1])
        self.mid = _Middle(widths[-1], PlainConv, along_time=True)
        levels = []
        for number in reversed(range(_LEVELS)):
            before, width = widths[min(number + 1, _LEVELS - 1)], widths[number]
            level = _Level([(before, width)] + [(width, width)] * sizes.blocks, PlainConv)
            if number:
                level.upsample = Upsample(width, in_time=number in (1, 3))
            levels.append(level)
        # Level 0 is full size and comes last.
        self.up = nn.ModuleList(reversed(levels))
        self.norm_out = _norm(sizes.width * sizes.multipliers[0])
        self.conv_out = PlainConv(sizes.width * sizes.multipliers[0], 3)

    def forward(self, latent: Tensor) -> Tensor:
        x = self.mid(self.conv_in(latent))
        for level in reversed(self.up):
            x = level(x)
        x = F.silu(self.norm_out(x))
        # Half precision would round pictures to less than 8 bits.
        with torch.autocast(x.device.type, enabled=False):
            return self.conv_out(x.float())


class DenseBackbone(Backbone):
    """E and D of the paper's Figure 4. L is the mean; the variance is for training of the autoencoder alone."""

    name = "dense"

    def __init__(self, sizes: DenseSizes | None = None) -> None:
        super().__init__()
        own = self.sizes = sizes or DenseSizes()
        self._channels = own.channels
        self.encoder = DenseEncoder(own)
        self.decoder = DenseDecoder(own)

    @property
    def channels(self) -> int:
        """c of L."""
        return self._channels

    def work_in(self, number_type: torch.dtype) -> None:
        """All but the layer that pictures come out of."""
        self.to(number_type)
        self.decoder.conv_out.float()

    def encode(self, pictures: Tensor, *, full: bool = False) -> Tensor:
        """(B, T, 3, H, W) in [-1, 1], T of 1 to 9, sides multiples of 8 -> L (B, t, c, H/8, W/8)."""
        del full
        return _gop_by_gop(self._encoded, pictures)

    def _encoded(self, pictures: Tensor) -> Tensor:
        return self.encoder(whole_groups(pictures).transpose(1, 2))[:, : self.channels].transpose(1, 2)

    def decode(self, latent: Tensor, pictures: int, *, full: bool = False) -> Tensor:
        """L (B, t, c, h, w) -> (B, T, 3, 8h, 8w), about [-1, 1]."""
        del full
        return _gop_by_gop(lambda own: self.decoder(own.transpose(1, 2)).transpose(1, 2)[:, :pictures], latent)


def _gop_by_gop(work: Callable[[Tensor], Tensor], batch: Tensor) -> Tensor:
    """work(batch), one GoP after another where no gradient is wanted: one alone fills a machine, in time and memory."""
    if torch.is_grad_enabled() or len(batch) == 1:
        return work(batch)
    return torch.cat([work(own[None]) for own in batch])


def _norm(width: int) -> nn.GroupNorm:
    return nn.GroupNorm(_GROUPS, width, eps=_EPSILON)


def _ahead(x: Tensor, count: int) -> Tensor:
    return torch.cat([x[:, :, :1].expand(-1, -1, count, -1, -1), x], dim=2)


def _picture_by_picture(work: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """work of (B T, C, H, W), which keeps the size of pictures."""
    batch = len(x)
    return work(x.transpose(1, 2).flatten(0, 1)).unflatten(0, (batch, -1)).transpose(1, 2)
