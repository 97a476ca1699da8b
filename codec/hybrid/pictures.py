"""Pictures as codes, as RGB and as tensors."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from codec.hybrid.motion.layout import NODE
from codec.hybrid.trees.coding import Planar
from codec.media.colour import from_rgb, to_rgb
from codec.media.picture import Colour, Picture

Rgb = NDArray[np.uint8]
"""A picture (H, W, 3)."""


def planes_of(picture: Picture) -> Planar:
    """A picture as trees see it, without its colour."""
    return Planar(picture.y, picture.u, picture.v)


def rgb_of(planes: Planar, colour: Colour) -> Rgb:
    """What trees made, as RGB (H, W, 3)."""
    return to_rgb(Picture(planes.y, planes.u, planes.v, colour))


def pictures_of(tensors: Tensor, width: int, height: int, colour: Colour) -> list[Picture]:
    """Decoded pictures (n, 3, H, W), H and W padded, in the stream's size and colour."""
    bytes_ = tensors[..., :height, :width].clamp(-1, 1).add_(1.0).mul_(127.5).round_().to(torch.uint8)
    return [from_rgb(picture, colour) for picture in bytes_.permute(0, 2, 3, 1).contiguous().numpy()]


def to_tensor(rgb: Rgb) -> Tensor:
    """(1, 3, H, W) in [-1, 1], padded by the last row and column to whole cells."""
    return padded(rgb).div_(127.5).sub_(1.0)


def padded(rgb: NDArray[np.generic]) -> Tensor:
    """(H, W, 3) as float (1, 3, H, W), padded by the last row and column to whole cells."""
    height, width, _ = rgb.shape
    x = torch.empty(1, 3, *(-(-side // NODE) * NODE for side in (height, width)))
    x[0, :, :height, :width] = torch.from_numpy(rgb).permute(2, 0, 1)
    x[..., height:, :width] = x[..., height - 1 : height, :width]
    x[..., width:] = x[..., width - 1 : width]
    return x
