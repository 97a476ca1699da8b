"""The scale path: integers in, integers out, so that encoder and decoder agree on every table index.

A float network may differ in the last bit between thread counts, batch sizes, memory layouts and devices, and one
flipped table index ruins the rest of a stream. Here all weights, inputs and activations are integers *carried in
float32*: every product and partial sum stays below 2^24 in magnitude (checked when the weights are frozen), so every
order of summation gives the same exact result. After Ballé et al., "Integer networks for data compression with
latent-variable models" (ICLR 2019).

Fixed point: activations are sixteenths (0 .. 255), weights sixty-fourths (-127 .. 127), the result is a table index.
Inputs are the integer z of the latent frame and the magnitudes of the integer residuals of the latent frame before
(across the GoP boundary when GoPs are chained), both known to the decoder before any float network has run.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from codec.hybrid.entropy.symbols import SCALE_COUNT, SCALE_MAX, SCALE_MIN
from codec.hybrid.model.config import HYPER_RATIO, LEVELS, LatentKind, ModelConfig
from codec.hybrid.model.gains import interpolate
from codec.hybrid.model.rounding import inward_clamp, ste_floor, ste_round

Z_LIMIT = 31
"""|z| is clipped to this before it is coded."""
MAGNITUDE_LIMIT = 15
"""Residual magnitudes are clipped to this before they enter the scale network (not when they are coded)."""
ACTIVATION_LIMIT = 255
WEIGHT_LIMIT = 127
WEIGHT_UNIT = 64
INDEX_SHIFT = 7
EXACT_LIMIT = 2**24
LEVEL_FRACTION = 256
"""The stream carries the level in this fraction."""

_HIDDEN = 48
_COARSE = 64
_FINE = 32


def scale_of(index: Tensor) -> Tensor:
    """Laplace scale b of a (fractional) table index: geometric from SCALE_MIN to SCALE_MAX."""
    ratio = SCALE_MAX / SCALE_MIN
    return SCALE_MIN * torch.pow(torch.tensor(ratio, device=index.device), index / (SCALE_COUNT - 1))


def laplace_bits(symbol: Tensor, scale: Tensor) -> Tensor:
    """Ideal code length in bits of integer symbols under a zero-mean Laplace of scale b, integrated over unit bins.

    P(0) = 1 - exp(-1/2b); P(k) = exp(-(|k| - 1/2)/b) (1 - exp(-1/b)) / 2.
    """
    magnitude = symbol.abs()
    inverse = 1.0 / scale
    zero = -torch.log2(-torch.expm1(-0.5 * inverse))
    other = 1.0 + (magnitude - 0.5) * inverse * 1.4426950408889634 - torch.log2(-torch.expm1(-inverse))
    return torch.where(magnitude < 0.5, zero, other)


@dataclass(frozen=True, slots=True)
class _Layer:
    name: str
    shift: int
    input_limit: int


# Order and fixed-point shifts of the layers; the shift brings the accumulator back to sixteenths.
_LAYERS = (
    _Layer("coarse", 2, Z_LIMIT),
    _Layer("spread", 6, ACTIVATION_LIMIT),
    _Layer("memory", 2, MAGNITUDE_LIMIT),
    _Layer("fuse", 6, ACTIVATION_LIMIT),
    _Layer("index", INDEX_SHIFT, ACTIVATION_LIMIT),
)


def _convolutions(config: ModelConfig) -> dict[str, nn.Conv2d]:
    return {
        "coarse": nn.Conv2d(config.z_channels, _COARSE, 3, padding=1),
        "spread": nn.Conv2d(_COARSE, _FINE * HYPER_RATIO**2, 1),
        "memory": nn.Conv2d(config.y_channels, _FINE, 1),
        "fuse": nn.Conv2d(2 * _FINE, _HIDDEN, 3, padding=1),
        "index": nn.Conv2d(_HIDDEN, config.y_channels, 1),
    }


class ScaleNet(nn.Module):
    """The trainable form: float parameters, quantised on every forward pass with straight-through gradients."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleDict(_convolutions(config))
        # Index offsets by level and by kind of latent frame, in indices.
        self.y_offset = nn.Parameter(torch.full((LEVELS, len(LatentKind), config.y_channels), 20.0))
        self.z_index = nn.Parameter(torch.full((LEVELS, len(LatentKind), config.z_channels), 24.0))

    def _conv(self, name: str, x: Tensor) -> Tensor:
        """Accumulator of a layer in weight units times activation units."""
        layer = self.layers[name]
        assert isinstance(layer, nn.Conv2d) and layer.bias is not None and not isinstance(layer.padding, str)
        weight = ste_round(layer.weight * WEIGHT_UNIT).clamp(-WEIGHT_LIMIT, WEIGHT_LIMIT)
        bias = ste_round(layer.bias * _bias_unit(name))
        return F.conv2d(x, weight, bias, padding=layer.padding)

    def _activate(self, name: str, x: Tensor, shift: int) -> Tensor:
        return inward_clamp(ste_floor(self._conv(name, x) / 2**shift), 0, ACTIVATION_LIMIT)

    def z_indices(self, level: Tensor, kind: LatentKind) -> Tensor:
        """Quantised table indices of z: (B, z channels)."""
        return inward_clamp(ste_floor(interpolate(self.z_index[:, kind], level)), 0, SCALE_COUNT - 1)

    def forward(self, z: Tensor, magnitude: Tensor, level: Tensor, kind: LatentKind) -> Tensor:
        """Quantised table indices of y.

        `z` (B, Cz, h, w) integers in ±Z_LIMIT; `magnitude` (B, Cy, hy, wy) integers in 0 .. MAGNITUDE_LIMIT with
        hy <= 4h, wy <= 4w; `level` (B,). Returns (B, Cy, hy, wy) in 0 .. SCALE_COUNT - 1.
        """
        with torch.autocast(z.device.type, enabled=False):
            fine = self._activate("spread", self._activate("coarse", z.float(), 2), 6)
            fine = F.pixel_shuffle(fine, HYPER_RATIO)[..., : magnitude.shape[-2], : magnitude.shape[-1]]
            memory = self._activate("memory", magnitude.float(), 2)
            hidden = self._activate("fuse", torch.cat((fine, memory), dim=1), 6)
            offset = interpolate(self.y_offset[:, kind], level)[:, :, None, None]
            index = ste_floor(self._conv("index", hidden) / 2**INDEX_SHIFT + offset)
            return inward_clamp(index, 0, SCALE_COUNT - 1)

    def frozen_tensors(self) -> dict[str, Tensor]:
        """The integer weights and tables that ship. Raises ValueError when an accumulator could leave 2^24."""
        tensors: dict[str, Tensor] = {}
        for layer in _LAYERS:
            conv = self.layers[layer.name]
            assert isinstance(conv, nn.Conv2d) and conv.bias is not None
            weight = torch.round(conv.weight.detach() * WEIGHT_UNIT).clamp(-WEIGHT_LIMIT, WEIGHT_LIMIT)
            bias = torch.round(conv.bias.detach() * _bias_unit(layer.name))
            _check_exact(layer, weight, bias)
            tensors[f"{layer.name}.weight"] = weight.to(torch.int8).cpu()
            tensors[f"{layer.name}.bias"] = bias.to(torch.int32).cpu()
        unit = 2**INDEX_SHIFT
        tensors["y_offset"] = torch.round(self.y_offset.detach() * unit).clamp(-(2**15), 2**15).to(torch.int32).cpu()
        tensors["z_index"] = torch.round(self.z_index.detach() * unit).clamp(-(2**15), 2**15).to(torch.int32).cpu()
        return tensors


def _bias_unit(name: str) -> float:
    """Weight unit times activation unit of the layer's input, so that a bias of 1.0 is one output unit of the layer."""
    return {"coarse": 64.0, "memory": 64.0, "spread": 1024.0, "fuse": 1024.0, "index": 2.0**INDEX_SHIFT}[name]


def _check_exact(layer: _Layer, weight: Tensor, bias: Tensor) -> None:
    bound = weight.abs().sum(dim=(1, 2, 3)).double() * layer.input_limit + bias.abs().double()
    # Offsets (below 2^16) are added to the last accumulator.
    if float(bound.max()) + 2**16 >= EXACT_LIMIT:
        raise ValueError(
            f"scale network layer {layer.name}: worst-case accumulator {float(bound.max()):.0f} is not exact in float32"
        )


class FrozenScaleNet(nn.Module):
    """The shipped form: integer weights only. Same function as ScaleNet, exact on every device.

    `level_code` is the level in 1/256 as the stream carries it, so that even the offsets are integer arithmetic; below
    0 they are those of 0.
    """

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        """Raises ValueError when an accumulator could leave the exact range of float32 (hostile or broken weights)."""
        super().__init__()
        for layer in _LAYERS:
            weight, bias = tensors[f"{layer.name}.weight"], tensors[f"{layer.name}.bias"]
            if weight.dtype != torch.int8 or bias.dtype != torch.int32:
                raise ValueError(f"scale network layer {layer.name} is not integer")
            _check_exact(layer, weight.float(), bias.float())
            self.register_buffer(f"{layer.name}_weight", weight.float())
            self.register_buffer(f"{layer.name}_bias", bias.float())
        self.register_buffer("y_offset", tensors["y_offset"].long())
        self.register_buffer("z_index", tensors["z_index"].long())

    def _conv(self, name: str, x: Tensor) -> Tensor:
        weight = self.get_buffer(f"{name}_weight")
        # The sum is an integer below 2^24; rounding removes what a fast convolution algorithm may add.
        return torch.round(F.conv2d(x, weight, self.get_buffer(f"{name}_bias"), padding=weight.shape[-1] // 2))

    def _activate(self, name: str, x: Tensor, shift: int) -> Tensor:
        return torch.floor(self._conv(name, x) / 2**shift).clamp_(0, ACTIVATION_LIMIT)

    def _at_level(self, table: Tensor, level_code: int) -> Tensor:
        level_code = max(level_code, 0)
        lower = min(level_code // LEVEL_FRACTION, LEVELS - 2)
        fraction = level_code - lower * LEVEL_FRACTION
        return (table[lower] * (LEVEL_FRACTION - fraction) + table[lower + 1] * fraction) // LEVEL_FRACTION

    @torch.no_grad()
    def z_indices(self, level_code: int, kind: LatentKind) -> Tensor:
        """(Cz,) uint8 table indices of z."""
        table = self._at_level(self.get_buffer("z_index")[:, kind], level_code)
        return (table >> INDEX_SHIFT).clamp(0, SCALE_COUNT - 1).to(torch.uint8)

    @torch.no_grad()
    def forward(self, z: Tensor, magnitude: Tensor, level_code: int, kind: LatentKind) -> Tensor:
        """(B, Cz, h, w) and (B, Cy, hy, wy) integers as float32 -> (B, Cy, hy, wy) uint8 table indices."""
        with torch.autocast(z.device.type, enabled=False), _full_precision():
            fine = self._activate("spread", self._activate("coarse", z, 2), 6)
            fine = F.pixel_shuffle(fine, HYPER_RATIO)[..., : magnitude.shape[-2], : magnitude.shape[-1]]
            memory = self._activate("memory", magnitude, 2)
            hidden = self._activate("fuse", torch.cat((fine, memory), dim=1), 6)
            offset = self._at_level(self.get_buffer("y_offset")[:, kind], level_code).float()[None, :, None, None]
            index = torch.floor((self._conv("index", hidden) + offset) / 2**INDEX_SHIFT)
            return index.clamp_(0, SCALE_COUNT - 1).to(torch.uint8)


class _full_precision:
    """Turn TensorFloat-32 off on CUDA for the duration: it drops bits that exactness needs."""

    def __enter__(self) -> None:
        self._saved = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False

    def __exit__(self, *exc: object) -> None:
        torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = self._saved
