"""Where training starts: a plain transform codec on the pretrained latents, fitted to some of them.

DCT of four along time, then a Karhunen-Loève transform of 2x2 samples by 32 channels for each temporal frequency, one
step for all coefficients, and tables of each coefficient's own variance.
"""

import torch
from torch import Tensor

from codec.vae.backbones.picture import LATENT_CHANNELS
from codec.vae.model import VaeCodec
from codec.vae.temporal import RATIO, Temporal
from codec.vae.transforms import Y_CHANNELS, Y_RATIO

STEPS = (14.0, 1.2)
"""Quantisation steps at the lowest and highest λ, in units of the orthonormal transform of latents."""
_BLOCK = LATENT_CHANNELS * Y_RATIO**2


@torch.no_grad()
def start_as_transform(codec: VaeCodec, latents: Tensor) -> None:
    """Fit the transform to pictures' latents (n, 9, 32, h, w), even sides, and set tables and steps by it."""
    fitted = Temporal().analyse(latents)
    first, others = _blocks(fitted[:, :1]), _blocks(fitted[:, 1:])
    rows, variances = [], []
    for frequency in range(RATIO):
        samples = others[frequency] if frequency else torch.cat([first[0], others[0]])
        _, vectors = torch.linalg.eigh(samples.double().T @ samples.double() / len(samples))
        rows.append(vectors.T.float())
        variances.append(torch.stack([_variances(first[frequency], vectors), _variances(others[frequency], vectors)]))
    spread = torch.cat(variances, dim=1)
    order = spread[1].argsort(descending=True)[:Y_CHANNELS]
    weight = torch.zeros(RATIO * _BLOCK, RATIO, LATENT_CHANNELS, Y_RATIO, Y_RATIO)
    for frequency, vectors in enumerate(rows):
        own = slice(frequency * _BLOCK, (frequency + 1) * _BLOCK)
        weight[own, frequency] = vectors.view(_BLOCK, LATENT_CHANNELS, Y_RATIO, Y_RATIO)
    kept = weight.flatten(1, 2)[order]
    codec.analysis.linear.weight.copy_(kept)
    codec.synthesis.linear.weight.copy_(kept)
    codec.latent.start_at(spread[:, order].sqrt(), order < _BLOCK, *STEPS)


def _blocks(latent: Tensor) -> list[Tensor]:
    """For each temporal frequency of L (n, t, 128, h, w): (blocks, 32 x 2 x 2)."""
    found = []
    for part in latent.flatten(0, 1).split(LATENT_CHANNELS, dim=1):
        tiles = torch.nn.functional.unfold(part, Y_RATIO, stride=Y_RATIO)
        found.append(tiles.transpose(1, 2).reshape(-1, _BLOCK))
    return found


def _variances(samples: Tensor, vectors: Tensor) -> Tensor:
    return (samples @ vectors.float()).square().mean(dim=0)
