"""LPIPS v0.1 with the VGG16 trunk (Zhang et al. 2018, "The Unreasonable Effectiveness of Deep Features as a Perceptual
Metric"): the variant the codec is trained with, and so no independent judge of it."""

from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import Tensor, nn, no_grad
from torch.nn import functional as F

from codec.errors import ModelError
from codec.metrics.vgg import GROUPS, VggTrunk, bands
from codec.nn.tensors import read_tensors
from codec.resources import weights_folder


class LpipsVgg(nn.Module):
    """The metric, differentiable in its first argument."""

    def __init__(self, trunk: Path | VggTrunk, heads: Path | None = None) -> None:
        """`trunk`: a VggTrunk or its file; `heads`: linN weights, by default the shipped ones. Raises ModelError."""
        super().__init__()
        file = heads or weights_folder() / "lpips_vgg_heads.safetensors"
        try:
            lins = read_tensors(file)[0]
        except (OSError, ValueError, SafetensorError) as error:
            raise ModelError(f"{file}: the LPIPS-VGG heads cannot be read ({error}).") from error
        if len(lins) != len(GROUPS):
            raise ModelError(f"{file}: {len(lins)} heads where LPIPS-VGG has {len(GROUPS)}.")
        self.trunk = trunk if isinstance(trunk, VggTrunk) else VggTrunk(trunk)
        for i, key in enumerate(sorted(lins)):
            self.register_buffer(f"lin{i}", lins[key].float().view(1, -1, 1, 1), persistent=False)

    def forward(self, reconstruction: Tensor, reference: Tensor) -> Tensor:
        """(N, 3, H, W) pairs in [-1, 1], sides of at least 16 -> (N,) distances, >= 0."""
        found, wanted = self.trunk.normalised(reconstruction), self.trunk.normalised(reference)
        total = self.start(reconstruction, reference)
        # Side by side, so that no more than one tap of each is held when no gradient is wanted.
        for i in range(len(GROUPS)):
            if i:
                found, wanted = self.pooled(found), self.pooled(wanted)
            found = self.trunk.group(i, found)
            with no_grad():
                wanted = self.trunk.group(i, wanted)
            total = total + self.compare(i, found, wanted)
        return total

    def start(self, found: Tensor, wanted: Tensor) -> Tensor:
        """What the distance is before any group has been compared, (N,)."""
        del wanted
        return found.new_zeros(found.shape[0])

    def pooled(self, x: Tensor) -> Tensor:
        """A group's output as the next group takes it."""
        return F.max_pool2d(x, 2)

    def compare(self, number: int, found: Tensor, wanted: Tensor) -> Tensor:
        """What group `number` adds to the distance, (N,)."""
        lin = self.get_buffer(f"lin{number}").flatten(2)
        parts: list[Tensor] = []
        found, wanted = found.flatten(2), wanted.flatten(2)
        for some in bands(found):
            difference = (_unit(found[:, :, some].float()) - _unit(wanted[:, :, some].float())).square()
            parts.append((difference * lin).sum(dim=1))
        return torch.cat(parts, dim=1).mean(dim=1)


def _unit(x: Tensor) -> Tensor:
    return x / (x.square().sum(dim=1, keepdim=True).sqrt() + 1e-10)
