"""The distortions of Eq. 1 and 2. Several judges, since one alone is gamed: what LPIPS-AlexNet likes best is a mesh
that LPIPS-VGG and DISTS do not."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from codec.metrics.lpips import Lpips
from codec.metrics.lpips_vgg import LpipsVgg
from codec.training.vae.settings import Stage

_CODES = 127.5
_TONE_SIDE = 16
_MOVING = 0.1
_STILL_CODES = 4.0


def squared_error(found: Tensor, wanted: Tensor) -> Tensor:
    """(N, 3, H, W) in [-1, 1] -> (N,) mean squared error on the 0..255 scale."""
    return (found - wanted).square().mean(dim=(1, 2, 3)) * _CODES**2


def tone_error(found: Tensor, wanted: Tensor) -> Tensor:
    """(N, 3, H, W) in [-1, 1] -> (N,) mean squared error of means over 16x16 pixels, on the 0..255 scale."""
    return squared_error(F.avg_pool2d(found, _TONE_SIDE), F.avg_pool2d(wanted, _TONE_SIDE))


class Judges(nn.Module):
    """What a stage asks about decoded pictures."""

    def __init__(self, vgg: LpipsVgg | None, device: torch.device) -> None:
        super().__init__()
        self._alex = Lpips(str(device))
        self.vgg = vgg

    def alex(self, found: Tensor, wanted: Tensor) -> Tensor:
        """LPIPS-AlexNet (N,), differentiable in `found`."""
        return self._alex.distance_with_gradient(found, wanted)

    def distortion(self, found: Tensor, wanted: Tensor, stage: Stage, rng: np.random.Generator) -> dict[str, Tensor]:
        """Weighted means over (N, 3, H, W) pictures by name; "shown" is LPIPS-AlexNet unweighted."""
        terms = {"shown": self.alex(found, wanted).mean()}
        terms["alex"] = stage.alex * terms["shown"]
        if stage.alpha:
            terms["mse"] = stage.alpha * squared_error(found, wanted).mean()
        if stage.tone:
            terms["tone"] = stage.tone * tone_error(found, wanted).mean()
        if stage.vgg and self.vgg is not None:
            side = min(stage.vgg_window, found.shape[-1])
            top, left = (int(v) for v in rng.integers(0, found.shape[-1] - side + 1, 2))
            rows = rng.permutation(len(found))[: stage.vgg_pictures]
            window = (rows, slice(None), slice(top, top + side), slice(left, left + side))
            terms["vgg"] = stage.vgg * self.vgg(found[window], wanted[window]).mean()
        return terms


def flicker(found: Tensor, wanted: Tensor) -> Tensor:
    """(B, T, 3, H, W) -> mean |difference of picture differences| on the 0..255 scale, weighted from 1 where the source
    stands still down to a tenth where it moves: there, what changes hides what is wrong."""
    moved = wanted.diff(dim=1)
    weight = _MOVING + (1 - _MOVING) * torch.exp(-moved.abs().mean(dim=2, keepdim=True) * (_CODES / _STILL_CODES))
    return ((found.diff(dim=1) - moved).abs() * weight).mean() * _CODES


class Discriminator(nn.Module):
    """Tells decoded pictures from sources by features of LPIPS-AlexNet's trunk, after Sauer et al., "Projected GANs
    converge faster" (NeurIPS 2021): small heads on frozen features need few steps."""

    _CHANNELS = (64, 192, 384)

    def __init__(self, judges: Judges) -> None:
        super().__init__()
        self._trunk = [judges._alex]
        self.heads = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(c, 64, 1), nn.LeakyReLU(0.2), nn.Conv2d(64, 64, 3), nn.LeakyReLU(0.2), nn.Conv2d(64, 1, 1)
            )
            for c in self._CHANNELS
        )

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Scores of (N, 3, H, W) pictures, a map for each head: above 0 looks like a source."""
        taps = self._trunk[0].activations(pictures)[: len(self._CHANNELS)]
        return [head(F.normalize(tap, dim=1) * 8) for head, tap in zip(self.heads, taps, strict=True)]


def hinge(real: list[Tensor], made: list[Tensor]) -> Tensor:
    """The discriminator's loss."""
    parts = [F.relu(1 - r).mean() + F.relu(1 + m).mean() for r, m in zip(real, made, strict=True)]
    return torch.stack(parts).mean()


def fooled(made: list[Tensor]) -> Tensor:
    """The codec's adversarial loss."""
    return -torch.stack([m.mean() for m in made]).mean()
