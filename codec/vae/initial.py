"""Where training starts: a plain transform codec on the latents of a backbone as it is, fitted to some of them.

A Karhunen-Loève transform of 2x2 samples by the channels of each temporal frequency (backbone `spatial` begins as a
DCT of four along time; the others have one "frequency"), one step for all coefficients, and tables of each
coefficient's own variance.
"""

import torch
from torch import Tensor

from codec.vae.model import VaeCodec
from codec.vae.transforms import Y_CHANNELS, Y_RATIO

STEPS = (40.0, 1.2)
"""Quantisation steps at the lowest and highest λ, in units of the orthonormal transform of latents: of `spatial`."""
_RATES = (0.001, 0.3)
"""Bits a pixel that the steps of other backbones aim at, whose latents are of any spread: lowest and highest λ."""
_FINEST = 0.03
"""Finest step, over the largest deviation: below, numbers would be coded that are noise."""
_GOP_PIXELS = 4 * (8 * Y_RATIO) ** 2
"""Pixels that one place of y stands for."""
_STILL = 0.5
"""Correlation with the latent frame before from which on a channel counts as one that stays."""


@torch.no_grad()
def start_as_transform(codec: VaeCodec, stored: Tensor) -> None:
    """Fit the transform to what the backbone's `stored` gives for some GoPs of nine pictures, even sides, and set
    tables and steps by it."""
    backbone = codec.backbone
    count, channels = backbone.frequencies, backbone.channels
    fitted = backbone.analyse(stored).detach()
    # A transform of y in units of its own: latents of other backbones may be of any size.
    unit = 1.0 if codec.spatial is not None else float(fitted.square().mean().sqrt().clamp_min(1e-6))
    first, others = _blocks(fitted[:, :1] / unit, count), _blocks(fitted[:, 1:] / unit, count)
    own, block = channels // count, channels // count * Y_RATIO**2
    weight = torch.zeros(count * block, count, own, Y_RATIO, Y_RATIO, device=stored.device)
    variances, stays = [], []
    for frequency in range(count):
        samples = others[frequency] if frequency else torch.cat([first[0], others[0]])
        _, vectors = torch.linalg.eigh(samples.double().T @ samples.double() / len(samples))
        vectors = vectors.float()
        weight[frequency * block : (frequency + 1) * block, frequency] = vectors.T.view(block, own, Y_RATIO, Y_RATIO)
        variances.append(torch.stack([_variances(first[frequency], vectors), _variances(others[frequency], vectors)]))
        stays.append(_stays(first[frequency] @ vectors, others[frequency] @ vectors, len(stored)))
    spread = torch.cat(variances, dim=1)
    order = spread[1].argsort(descending=True)[:Y_CHANNELS]
    kept = weight.flatten(1, 2)[order]
    for layer, factor in ((codec.analysis.linear, 1 / unit), (codec.synthesis.linear, unit)):
        # Where the backbone has fewer coefficients than y has channels, the others begin silent.
        layer.weight.zero_()
        layer.weight[: len(kept)] = kept * factor
    deviations = torch.zeros(2, Y_CHANNELS, device=stored.device)
    deviations[:, : len(order)] = spread[:, order].sqrt()
    still = torch.zeros(Y_CHANNELS, dtype=torch.bool, device=stored.device)
    still[: len(order)] = order < block if codec.spatial is not None else torch.cat(stays)[order]
    codec.latent.start_at(deviations, still, *(STEPS if codec.spatial is not None else _steps(spread[1])))


def _steps(variances: Tensor) -> tuple[float, float]:
    """Steps at which independent Gaussians of these variances, coded ideally, take the rates aimed at."""
    steps = torch.logspace(-4, 4, 801, base=10.0, dtype=torch.float64) * float(variances.max().sqrt())
    # High-resolution theory: half a bit for every doubling of variance over the noise of a step, s² / 12.
    bits = 0.5 * (12 * variances.double()[None] / steps[:, None].square()).clamp_min(1).log2().sum(dim=1)
    coarsest, finest = (float(steps[int((bits / _GOP_PIXELS - rate).abs().argmin())]) for rate in _RATES)
    finest = max(finest, _FINEST * float(variances.max().sqrt()))
    return max(coarsest, 2 * finest), finest


def _stays(first: Tensor, others: Tensor, gops: int) -> Tensor:
    """Which coefficients go on from one latent frame to the next: `first`, `others` (blocks, coefficients), by GoP,
    then latent frame, then place."""
    places = len(first) // gops
    rows = torch.cat([first.view(gops, 1, places, -1), others.view(gops, -1, places, first.shape[1])], dim=1)
    before, after = rows[:, :-1].flatten(0, 2), rows[:, 1:].flatten(0, 2)
    return (before * after).mean(dim=0) > _STILL * before.square().mean(dim=0)


def _blocks(latent: Tensor, frequencies: int) -> list[Tensor]:
    """For each temporal frequency of L (n, t, c, h, w): (blocks, c / frequencies x 2 x 2)."""
    found = []
    for part in latent.flatten(0, 1).chunk(frequencies, dim=1):
        tiles = torch.nn.functional.unfold(part, Y_RATIO, stride=Y_RATIO)
        found.append(tiles.transpose(1, 2).reshape(-1, part.shape[1] * Y_RATIO**2))
    return found


def _variances(samples: Tensor, vectors: Tensor) -> Tensor:
    return (samples @ vectors).square().mean(dim=0)
