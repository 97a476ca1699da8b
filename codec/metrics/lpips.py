"""LPIPS v0.1 with the AlexNet trunk (Zhang et al. 2018, "The Unreasonable Effectiveness of Deep Features as a
Perceptual Metric"), with features kept apart from distances so that a frame's features are computed once."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from torch import Tensor
from torch.nn import functional as F

from codec.errors import ModelError, SettingError
from codec.nn.tensors import read_tensors
from codec.resources import weights_folder

MIN_SIDE = 31
"""Below this the trunk's last layers have no samples."""

# torchvision's AlexNet `features`: layer number, stride, padding, max pooling before it.
_LAYERS = ((0, 4, 2, False), (3, 1, 2, True), (6, 1, 1, True), (8, 1, 1, False), (10, 1, 1, False))
_SHIFT = (-0.030, -0.088, -0.188)
_SCALE = (0.458, 0.448, 0.450)


@dataclass(frozen=True, slots=True)
class Features:
    """Unit-normalised activations of the five taps, each (N, C, h, w), scaled by the root of the head's weights, so
    that a distance is a plain squared difference."""

    taps: tuple[Tensor, ...]

    @property
    def size_bytes(self) -> int:
        return sum(tap.numel() * tap.element_size() for tap in self.taps)

    def one(self, index: int) -> "Features":
        """The features of one picture of the batch."""
        return Features(tuple(tap[index : index + 1] for tap in self.taps))


class Lpips:
    """The metric on one device. Raises ModelError when the shipped weights cannot be read."""

    def __init__(self, device: str = "cpu", folder: Path | None = None) -> None:
        folder = folder or weights_folder()
        trunk_file, heads_file = folder / "lpips_alex_trunk.safetensors", folder / "lpips_alex_heads.safetensors"
        try:
            trunk, heads = (read_tensors(file)[0] for file in (trunk_file, heads_file))
            self._weights = [
                (trunk[f"{layer}.weight"].to(device), trunk[f"{layer}.bias"].to(device)) for layer, *_ in _LAYERS
            ]
            # Heads are non-negative by construction of LPIPS: their roots can be moved into the features.
            self._roots = [heads[f"lin{i}"].clamp_min(0).sqrt().view(1, -1, 1, 1).to(device) for i in range(5)]
        except (OSError, ValueError, SafetensorError, KeyError) as error:
            raise ModelError(f"{trunk_file}: the LPIPS weights cannot be read ({error}).") from error
        self._shift = torch.tensor(_SHIFT, device=device).view(1, 3, 1, 1)
        self._scale = torch.tensor(_SCALE, device=device).view(1, 3, 1, 1)
        self._device = device

    @torch.inference_mode()
    def features_of(self, x: Tensor) -> Features:
        """(N, 3, H, W) in [-1, 1] -> features. Raises SettingError for pictures under MIN_SIDE."""
        if min(x.shape[-2:]) < MIN_SIDE:
            raise SettingError(f"LPIPS needs pictures of at least {MIN_SIDE} pixels a side, not {tuple(x.shape[-2:])}.")
        taps = []
        for tap, root in zip(self.activations(x), self._roots, strict=True):
            norm = tap.square().sum(dim=1, keepdim=True).sqrt_()
            taps.append(tap / (norm + 1e-10) * root)
        return Features(tuple(taps))

    def activations(self, x: Tensor) -> list[Tensor]:
        """(N, 3, H, W) in [-1, 1] -> the trunk's five taps, not normalised; differentiable."""
        x = (x - self._shift) / self._scale
        taps = []
        for (_, stride, padding, pool), (weight, bias) in zip(_LAYERS, self._weights, strict=True):
            if pool:
                x = F.max_pool2d(x, 3, 2)
            x = F.relu(F.conv2d(x, weight, bias, stride=stride, padding=padding))
            taps.append(x)
        return taps

    def distance_with_gradient(self, found: Tensor, wanted: Tensor) -> Tensor:
        """(N,) LPIPS of (N, 3, H, W) pairs in [-1, 1], differentiable in `found`: what training minimises."""
        with torch.no_grad():
            references = self.activations(wanted)
        total = torch.zeros(len(found), device=found.device)
        for x, y, root in zip(self.activations(found), references, self._roots, strict=True):
            total = total + ((_unit(x) - _unit(y)) * root).square().sum(dim=1).mean(dim=(1, 2))
        return total

    def features(self, rgb: NDArray[np.uint8]) -> Features:
        """(N, H, W, 3) uint8 -> features."""
        x = torch.from_numpy(rgb).to(self._device).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)
        return self.features_of(x)

    @torch.inference_mode()
    def distance(self, a: Features, b: Features) -> Tensor:
        """(N,) LPIPS between pictures of two batches, >= 0."""
        total = torch.zeros(len(a.taps[0]), device=self._device)
        for x, y in zip(a.taps, b.taps, strict=True):
            total += (x - y).square_().sum(dim=1).mean(dim=(1, 2))
        return total

    @torch.inference_mode()
    def distance_map(self, a: Features, b: Features) -> Tensor:
        """(N, h, w) of the first tap's size: where the distance lies; its mean is close to `distance`."""
        size = a.taps[0].shape[-2:]
        maps = [(x - y).square().sum(dim=1, keepdim=True) for x, y in zip(a.taps, b.taps, strict=True)]
        return torch.stack([F.interpolate(m, size, mode="bilinear")[:, 0] for m in maps]).sum(dim=0)


def _unit(x: Tensor) -> Tensor:
    # The root of a sum of squares has no gradient at zero.
    return x / (x.square().sum(dim=1, keepdim=True) + 1e-12).sqrt()


@lru_cache(maxsize=2)
def shared(device: str = "cpu") -> Lpips:
    """The metric, loaded once a process."""
    return Lpips(device)
