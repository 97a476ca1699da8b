"""The orthonormal Haar wavelet of one picture (rows and columns) and of pairs of pictures (time, too), one level.

Every band is a group of as many channels as the picture has. Bands are √2 for each dimension larger than orthonormal
ones, as LeanVAE takes them.
"""

import torch
from torch import Tensor

_TAP = 0.5**0.5
_SCALE_2D = 2.0
_SCALE_3D = 2 * 2**0.5


def haar_2d(pictures: Tensor) -> Tensor:
    """(B, C, H, W), even sides -> (B, 4C, H/2, W/2): ll, lh, hl, hh, the first letter of columns, the second of
    rows."""
    return torch.cat(_split(pictures, (-1, -2)), dim=1) * _SCALE_2D


def inverse_haar_2d(bands: Tensor) -> Tensor:
    """The inverse of `haar_2d`."""
    return _joined(list((bands / _SCALE_2D).chunk(4, dim=1)), (-1, -2))


def haar_3d(pictures: Tensor) -> Tensor:
    """(B, C, T, H, W), even -> (B, 8C, T/2, H/2, W/2): lll, llh, .. hhh, letters of time, rows, columns."""
    return torch.cat(_split(pictures, (-3, -2, -1)), dim=1) * _SCALE_3D


def inverse_haar_3d(bands: Tensor) -> Tensor:
    """The inverse of `haar_3d`."""
    return _joined(list((bands / _SCALE_3D).chunk(8, dim=1)), (-3, -2, -1))


def _split(x: Tensor, dims: tuple[int, ...]) -> list[Tensor]:
    parts = [x]
    for dim in dims:
        # Lists of pairs: the first letter varies slowest.
        parts = [band for part in parts for band in _pair(part, dim)]
    return parts


def _pair(x: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    first, second = x.unfold(dim, 2, 2).unbind(-1)
    return (first + second) * _TAP, (first - second) * _TAP


def _joined(parts: list[Tensor], dims: tuple[int, ...]) -> Tensor:
    for dim in reversed(dims):
        parts = [_woven(low, high, dim) for low, high in zip(parts[::2], parts[1::2], strict=True)]
    return parts[0]


def _woven(low: Tensor, high: Tensor, dim: int) -> Tensor:
    both = torch.stack([(low + high) * _TAP, (low - high) * _TAP], dim=low.ndim)
    return both.movedim(-1, low.ndim + dim + 1).flatten(low.ndim + dim, low.ndim + dim + 1)
