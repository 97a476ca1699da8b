"""The scale path: integers in, integers out, so that encoder and decoder agree on every table index.

A float network may differ in the last bit between threads, batch sizes, memory formats and devices, and one flipped
index ruins the rest of a stream. Here weights, inputs and activations are integers *carried in float32*; every partial
sum stays below 2^24 in magnitude (`check`), so that any order of summation gives the same exact result. After Ballé et
al., "Integer networks for data compression with latent-variable models" (ICLR 2019).

Fixed point: activations are sixteenths (0 .. 255), weights sixty-fourths (-127 .. 127), an index is an eighth of the
last layer's unit. Inputs are the integer z, the quality, and magnitudes of symbols that are decoded already: those of
the latent frame before, of the channel groups before, and of the first half of the checkerboard.
"""

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from codec.vae.transforms import Y_CHANNELS, Z_CHANNELS, Z_RATIO

GROUPS = (16, 16, 32, 64, 256)
"""Channels of y coded together, uneven as ELIC's (He et al., CVPR 2022): the strongest first, few at a time."""
STARTS = tuple(accumulate(GROUPS, initial=0))[:-1]
SCALES = 64
SCALE_MIN, SCALE_MAX = 0.11, 40.0
Z_LIMIT = 31
MAGNITUDE_LIMIT = 15
_ACTIVATION_LIMIT = 255
_WEIGHT_LIMIT = 127
_WEIGHT_UNIT = 64
_ONE = 16
"""1.0 as an activation."""
_EXACT = 2**24
_SQUEEZED = 32
_HYPER = 48
_COARSE = 96
_HIDDEN = 96
_INDEX_SHIFT = 7


def scale_table() -> list[float]:
    """Standard deviations of the tables, geometric."""
    ratio = SCALE_MAX / SCALE_MIN
    return [SCALE_MIN * ratio ** (i / (SCALES - 1)) for i in range(SCALES)]


def scale_of(index: Tensor) -> Tensor:
    """Standard deviation of (fractional) indices."""
    return SCALE_MIN * torch.exp(index * (math.log(SCALE_MAX / SCALE_MIN) / (SCALES - 1)))


def index_of(scale: Tensor) -> Tensor:
    """The inverse of `scale_of`, not clipped."""
    return (scale / SCALE_MIN).log() * ((SCALES - 1) / math.log(SCALE_MAX / SCALE_MIN))


class _Floor(torch.autograd.Function):
    """floor and clip, with the identity's gradient but for what would push a clipped value further out."""

    @staticmethod
    def forward(ctx, x: Tensor, top: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.top = top
        return x.floor().clamp(0, top)

    @staticmethod
    def backward(ctx, *grads: Tensor):
        (x,), (grad,) = ctx.saved_tensors, grads
        outward = ((x < 0) & (grad > 0)) | ((x >= ctx.top + 1) & (grad < 0))
        return grad.masked_fill(outward, 0.0), None


def _floor(x: Tensor, top: float) -> Tensor:
    result = _Floor.apply(x, top)
    assert isinstance(result, Tensor)
    return result


class IntegerConv(nn.Conv2d):
    """A convolution whose weights and bias are rounded to the fixed point on every use. `unit`: what 1.0 is in the
    input; `edged`: the edge is repeated around it, else zeros are."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, unit: int = _ONE, edged: bool = False) -> None:
        super().__init__(inputs, outputs, kernel, padding=kernel // 2, padding_mode="replicate" if edged else "zeros")
        self.unit = unit
        assert self.bias is not None
        nn.init.zeros_(self.bias)
        with torch.no_grad():
            self.weight.mul_(0.5)

    def units(self) -> tuple[int, int]:
        """What 1.0 is in weights and in the bias."""
        return _WEIGHT_UNIT, _WEIGHT_UNIT * self.unit

    def integer_weights(self) -> tuple[Tensor, Tensor]:
        """Weights and bias as integers, with straight-through gradients."""
        assert self.bias is not None
        weight_unit, bias_unit = self.units()
        weight = self.weight * weight_unit
        weight = weight + (weight.round().clamp(-_WEIGHT_LIMIT, _WEIGHT_LIMIT) - weight).detach()
        bias = self.bias * bias_unit
        return weight, bias + (bias.round() - bias).detach()

    def forward(self, input: Tensor) -> Tensor:
        weight, bias = self.integer_weights()
        # Rounding the sum takes away what algorithms that transform first (Winograd's) add to exact integers.
        # Never in half precision: it would not hold the sums.
        with torch.autocast(input.device.type, enabled=False):
            total = self._conv_forward(input.to(weight.dtype), weight, bias)
        return total + (total.round() - total).detach()


class ScalePath(nn.Module):
    """Table indices of y, step by step of the decoding order."""

    def __init__(self) -> None:
        super().__init__()
        self.coarse = IntegerConv(Z_CHANNELS, _COARSE, 3, unit=1, edged=True)
        self.spread = IntegerConv(_COARSE, _HYPER * Z_RATIO**2, 1)
        self.before = IntegerConv(Y_CHANNELS, _SQUEEZED, 1, unit=1)
        self.base = IntegerConv(_HYPER + _SQUEEZED + 2, _HIDDEN, 3)
        groups = range(len(GROUPS))
        self.squeeze = nn.ModuleList(IntegerConv(max(1, STARTS[g]), _SQUEEZED, 1, unit=1) for g in groups)
        self.channels = nn.ModuleList(IntegerConv(_SQUEEZED, _HIDDEN, 3) for _ in groups)
        self.own = nn.ModuleList(IntegerConv(GROUPS[g], _SQUEEZED, 1, unit=1) for g in groups)
        self.space = nn.ModuleList(IntegerConv(_SQUEEZED, _HIDDEN, 3) for _ in groups)
        self.heads = nn.ModuleList(
            nn.ModuleList(IntegerConv(_HIDDEN + 2, GROUPS[g], 1) for _ in range(2)) for g in groups
        )
        with torch.no_grad():
            for pair in self.heads:
                for head in cast(nn.ModuleList, pair):
                    assert isinstance(head, IntegerConv)
                    head.weight.zero_()

    @torch.no_grad()
    def start_at(self, scales: Tensor, slope: float) -> None:
        """Begin with the standard deviations (2, 384) that y has, in steps, at quality 0, by kind of latent frame;
        `slope`: by how many indices they rise up to the highest quality."""
        first, other = index_of(scales.clamp_min(1e-3))
        for g, pair in enumerate(self.heads):
            rows = slice(STARTS[g], STARTS[g] + GROUPS[g])
            for head in cast(nn.ModuleList, pair):
                assert isinstance(head, IntegerConv) and head.bias is not None
                # The last two inputs: the quality, up to 16, and the kind, 1 for a GoP's first latent frame.
                head.weight[:, -2, 0, 0] = slope / 8 / (_ACTIVATION_LIMIT / _ONE)
                head.weight[:, -1, 0, 0] = ((first - other)[rows] / 8).clamp(-1.9, 1.9)
                head.bias.copy_((other[rows] + 0.5) / 8)

    def hyper(self, z: Tensor, quality: Tensor, kind: int, size: tuple[int, int]) -> Tensor:
        """Planes of activations that all steps share: (N, 50, *size) of z (N, 32, a, b), quality (N,)."""
        x = _floor(self.coarse(z.clamp(-Z_LIMIT, Z_LIMIT)) / 4, _ACTIVATION_LIMIT)
        x = F.pixel_shuffle(_floor(self.spread(x) / 64, _ACTIVATION_LIMIT), Z_RATIO)[..., : size[0], : size[1]]
        return torch.cat([x, _planes(quality, kind, size, z)], dim=1)

    def begin(self, hyper: Tensor, before: Tensor) -> Tensor:
        """The hidden sum of a latent frame; `before`: symbols of the latent frame before, (N, 384, h, w)."""
        return self.base(torch.cat([hyper, _floor(self.before(_magnitude(before)) / 4, _ACTIVATION_LIMIT)], dim=1))

    def with_groups(self, total: Tensor, group: int, symbols: Sequence[Tensor]) -> Tensor:
        """The hidden sum with the symbols of all groups before `group`."""
        if not group:
            return total
        known = _magnitude(torch.cat(list(symbols), dim=1))
        return total + self.channels[group](_floor(self.squeeze[group](known) / 4, _ACTIVATION_LIMIT))

    def with_half(self, total: Tensor, group: int, symbols: Tensor) -> Tensor:
        """The hidden sum with the symbols of the group's first half, zero elsewhere."""
        return total + self.space[group](_floor(self.own[group](_magnitude(symbols)) / 4, _ACTIVATION_LIMIT))

    def indices(self, total: Tensor, group: int, half: int, planes: Tensor) -> Tensor:
        """Table indices (N, channels of the group, h, w), 0 .. SCALES - 1; `planes`: the last two of `hyper`."""
        x = _floor(total / 64, _ACTIVATION_LIMIT)
        head = cast(nn.ModuleList, self.heads[group])[half]
        return _floor(head(torch.cat([x, planes], dim=1)) / 2**_INDEX_SHIFT, SCALES - 1)

    @torch.no_grad()
    def check(self) -> None:
        """Raises ValueError when a sum could leave the integers that float32 holds exactly."""
        for name, layer in self.named_modules():
            if isinstance(layer, IntegerConv):
                weight, bias = layer.integer_weights()
                top = {1: max(Z_LIMIT, MAGNITUDE_LIMIT)}.get(layer.unit, _ACTIVATION_LIMIT)
                worst = float((weight.abs().double().sum(dim=(1, 2, 3)) * top + bias.abs().double()).max())
                # Three sums are added up before the hidden layer.
                if worst * 3 >= _EXACT:
                    raise ValueError(f"the scale path's layer {name} could reach {worst:.3g}, too much for exact sums")


def _magnitude(symbols: Tensor) -> Tensor:
    return symbols.abs().clamp_max(MAGNITUDE_LIMIT)


def _planes(quality: Tensor, kind: int, size: tuple[int, int], like: Tensor) -> Tensor:
    first = torch.full_like(quality, _ONE if kind == 0 else 0)
    both = torch.stack([quality, first], dim=1).to(like.dtype)
    return both[..., None, None].expand(-1, -1, *size)
