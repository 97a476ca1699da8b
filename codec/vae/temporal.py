"""Four pictures' latents to one latent frame of c = 128 channels and back (ρt = 4).

The first picture of a GoP stands alone, as if repeated four times. Starts as an exact DCT of four along time; what is
learned is added to it by branches that start at zero. Analysis is causal: a latent frame depends on its own pictures
and the one before them. Synthesis sees the latent frames on both sides, against flicker.
"""

import math

import torch
from torch import Tensor, nn

from codec.vae.backbones.picture import LATENT_CHANNELS

RATIO = 4
"""ρt of the paper."""
CHANNELS = RATIO * LATENT_CHANNELS
"""c of the paper: 128."""
_HIDDEN = 96


def dct(points: int) -> Tensor:
    """The orthonormal DCT-II, (frequency, time)."""
    n = torch.arange(points, dtype=torch.float64)
    matrix = torch.cos(math.pi * (n + 0.5) * n[:, None] / points) * math.sqrt(2 / points)
    matrix[0] /= math.sqrt(2)
    return matrix.float()


def latent_frames(pictures: int) -> int:
    """t of T pictures: one for the first and one for every four that follow, the last possibly incomplete."""
    return 1 + -(-(pictures - 1) // RATIO)


def whole_groups(pictures: Tensor) -> Tensor:
    """(B, T, ...) with the last picture repeated up to 1 + 4 k pictures."""
    missing = 1 + RATIO * (latent_frames(pictures.shape[1]) - 1) - pictures.shape[1]
    if not missing:
        return pictures
    return torch.cat([pictures, pictures[:, -1:].expand(-1, missing, *pictures.shape[2:])], dim=1)


class Temporal(nn.Module):
    """Both directions. Borders repeat the picture's edge: flat areas stay flat up to the edge."""

    def __init__(self) -> None:
        super().__init__()
        self.forward_mix = nn.Conv2d(CHANNELS, CHANNELS, 1, bias=False)
        self.inverse_mix = nn.Conv2d(CHANNELS, CHANNELS, 1, bias=False)
        self.forward_branch = _branch(LATENT_CHANNELS + CHANNELS)
        self.inverse_branch = _branch(3 * CHANNELS)
        with torch.no_grad():
            # Channel order: frequency first, so that the first 32 channels are the mean of the four pictures.
            matrix = torch.kron(dct(RATIO), torch.eye(LATENT_CHANNELS))
            self.forward_mix.weight.copy_(matrix[:, :, None, None])
            self.inverse_mix.weight.copy_(matrix.T[:, :, None, None])

    def analyse(self, latents: Tensor) -> Tensor:
        """(B, T, 32, h, w) -> L (B, t, 128, h, w)."""
        count = latents.shape[1]
        ahead = (-(count - 1)) % RATIO
        grouped = torch.cat(
            [latents[:, :1]] * RATIO + [latents[:, 1:]] + [latents[:, -1:]] * ahead,
            dim=1,
        ).unflatten(1, (-1, RATIO))
        before = torch.cat([grouped[:, :1, -1], grouped[:, :-1, -1]], dim=1)
        x = grouped.flatten(2, 3)
        y = self.forward_mix(x.flatten(0, 1)) + self.forward_branch(torch.cat([before, x], dim=2).flatten(0, 1))
        return y.unflatten(0, x.shape[:2])

    def synthesise(self, latent: Tensor, pictures: int) -> Tensor:
        """L (B, t, 128, h, w) -> (B, T, 32, h, w)."""
        before = torch.cat([latent[:, :1], latent[:, :-1]], dim=1)
        after = torch.cat([latent[:, 1:], latent[:, -1:]], dim=1)
        context = torch.cat([before, latent, after], dim=2).flatten(0, 1)
        x = self.inverse_mix(latent.flatten(0, 1)) + self.inverse_branch(context)
        x = x.unflatten(0, latent.shape[:2]).unflatten(2, (RATIO, LATENT_CHANNELS))
        first, rest = x[:, :1].mean(dim=2), x[:, 1:].flatten(1, 2)
        return torch.cat([first, rest], dim=1)[:, :pictures]


def _branch(inputs: int) -> nn.Sequential:
    last = nn.Conv2d(_HIDDEN, CHANNELS, 3, padding=1, padding_mode="replicate")
    nn.init.zeros_(last.weight)
    assert last.bias is not None
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Conv2d(inputs, _HIDDEN, 3, padding=1, padding_mode="replicate"), nn.SiLU(), last)
