"""Patches that overlap without costing more values: an orthogonal filter across the borders of 8x8 patches.

Applied before a patch transform and undone after it, it makes a lapped orthogonal transform of a block transform
(Malvar and Staelin 1989, in the time-domain form of Tran, Liang and Tu 2003, type II): basis functions reach into the
neighbouring patches and fade out there, so that what a coarse quantiser leaves shows no patch borders. A constant
picture passes unchanged.

Of the eight samples around a border, x[0] .. x[7], sums s[k] = x[k] + x[7 - k] stay, differences d[k] = x[k] - x[7 - k]
are turned by an orthogonal 4x4 matrix T: y[k], y[7 - k] = (s[k] +- (T d)[k]) / 2.
"""

import math
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from codec.hybrid.model.config import LATENT_STRIDE
from codec.nn.device import numbers_only

_HALF = LATENT_STRIDE // 2


def lap(pictures: Tensor) -> Tensor:
    """(..., H, W) float32, multiples of 8 -> the same shape, filtered across patch borders."""
    return _both_ways(pictures, _turn())


def unlap(pictures: Tensor) -> Tensor:
    """The inverse of `lap`."""
    return _both_ways(pictures, _turn().T)


def painted(patches: Tensor, ground: Tensor, share: Tensor | None = None) -> Tensor:
    """Patches (N, 3·64, h, w), as pixel_shuffle by 8 lays them out, unlapped, as much of them as `share` (N, 8h, 8w)
    says, and added to the first three channels of `ground` (N, C, 8h, 8w) -> (N, 3, 8h, 8w), float32."""
    if numbers_only(patches) and numbers_only(ground):
        from codec.hybrid.model import borders

        made = torch.empty(len(ground), 3, *ground.shape[-2:])
        shares = torch.ones(1, 1, 1) if share is None else share
        laid, under, said = (x.detach().float().contiguous().numpy() for x in (patches, ground, shares))
        borders.paint(laid, under, said, made.numpy(), np.ascontiguousarray(_turn().T) * np.float32(0.5))
        return made
    added = unlap(F.pixel_shuffle(patches, LATENT_STRIDE).float())
    return ground[:, :3] + (added if share is None else added * share[:, None])


def _both_ways(pictures: Tensor, turn: NDArray[np.float32]) -> Tensor:
    if numbers_only(pictures):
        from codec.hybrid.model import borders

        filtered = pictures.detach().float().clone(memory_format=torch.contiguous_format)
        borders.turn(filtered.view(-1, *filtered.shape[-2:]).numpy(), np.ascontiguousarray(turn) * np.float32(0.5))
        return filtered
    matrix = torch.from_numpy(np.ascontiguousarray(turn)).to(pictures.device)
    with torch.autocast(pictures.device.type, enabled=False):
        across = _across(pictures.float(), matrix)
        return _across(across.transpose(-1, -2), matrix).transpose(-1, -2)


def _across(x: Tensor, turn: Tensor) -> Tensor:
    """Along the last axis, as tensor operations for gradients and accelerators."""
    size = x.shape[-1]
    if size <= LATENT_STRIDE:
        return x
    first, second = x[..., _HALF:-_HALF].unflatten(-1, (-1, LATENT_STRIDE)).split(_HALF, dim=-1)
    second = second.flip(-1)
    total, turned = first + second, (first - second) @ turn.T
    filtered = torch.cat((total + turned, (total - turned).flip(-1)), dim=-1).flatten(-2) * 0.5
    return torch.cat((x[..., :_HALF], filtered, x[..., -_HALF:]), dim=-1)


@cache
def _turn() -> NDArray[np.float32]:
    """T (4, 4): an inverse DCT-II of a DCT-IV."""
    k = np.arange(_HALF)
    dct2 = np.cos(math.pi / _HALF * (k + 0.5) * k[:, None]) * math.sqrt(2 / _HALF)
    dct2[0] /= math.sqrt(2)
    dct4 = np.cos(math.pi / _HALF * (k + 0.5) * (k[:, None] + 0.5)) * math.sqrt(2 / _HALF)
    return (dct2.T @ dct4).astype(np.float32)
