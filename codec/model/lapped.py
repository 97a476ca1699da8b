"""Patches that overlap without costing more values: an orthogonal filter across the borders of 8x8 patches.

Applied before a patch transform and undone after it, it makes a lapped orthogonal transform of a block transform (Malvar
and Staelin 1989, in the time-domain form of Tran, Liang and Tu 2003, type II): basis functions reach eight pixels into
the neighbouring patches and fade out there, so that what a coarse quantiser leaves shows no patch borders. A constant
picture passes unchanged.
"""

import math
from functools import cache

import torch
from torch import Tensor

from codec.model.config import LATENT_STRIDE

_HALF = LATENT_STRIDE // 2


def lap(pictures: Tensor) -> Tensor:
    """(..., H, W), multiples of 8 -> the same shape, filtered across patch borders."""
    return _across(_across(pictures, _matrix(), -1), _matrix(), -2)


def unlap(pictures: Tensor) -> Tensor:
    """The inverse of `lap`."""
    return _across(_across(pictures, _matrix().T, -1), _matrix().T, -2)


def _across(x: Tensor, matrix: Tensor, axis: int) -> Tensor:
    size = x.shape[axis]
    if size <= LATENT_STRIDE:
        return x
    matrix = matrix.to(x)
    inner = x.narrow(axis, _HALF, size - LATENT_STRIDE)
    if axis == -1:
        filtered = (inner.unflatten(-1, (-1, LATENT_STRIDE)) @ matrix.T).flatten(-2)
    else:
        filtered = (matrix @ inner.unflatten(-2, (-1, LATENT_STRIDE))).flatten(-3, -2)
    return torch.cat((x.narrow(axis, 0, _HALF), filtered, x.narrow(axis, size - _HALF, _HALF)), dim=axis)


@cache
def _matrix() -> Tensor:
    """(8, 8), orthogonal: what the eight samples around a border become."""
    count = torch.arange(_HALF, dtype=torch.float64)
    dct2 = torch.cos(math.pi / _HALF * (count + 0.5) * count[:, None]) * math.sqrt(2 / _HALF)
    dct2[0] /= math.sqrt(2)
    dct4 = torch.cos(math.pi / _HALF * (count + 0.5) * (count[:, None] + 0.5)) * math.sqrt(2 / _HALF)
    one = torch.eye(_HALF, dtype=torch.float64)
    flip = one.flip(0)
    butterfly = torch.cat((torch.cat((one, flip), 1), torch.cat((flip, -one), 1))) / math.sqrt(2)
    turn = flip @ dct2.T @ dct4 @ flip
    return (butterfly @ torch.block_diag(one, turn) @ butterfly).float()
