"""Pictures as codes, as RGB and as tensors."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from codec.hybrid.model.config import TRANSFORM_STRIDE
from codec.hybrid.trees.coding import Planar
from codec.media.colour import from_rgb, to_rgb
from codec.media.picture import Colour, Picture

Rgb = NDArray[np.uint8]
"""Pictures (n, H, W, 3)."""


def rgb_of(pictures: Sequence[Picture]) -> Rgb:
    """Pictures as RGB (n, H, W, 3)."""
    return np.stack([to_rgb(picture) for picture in pictures])


def planes_of(picture: Picture) -> Planar:
    """A picture as trees see it, without its colour."""
    return Planar(picture.y, picture.u, picture.v)


def rgb_of_key(key: Planar, colour: Colour) -> Rgb:
    """A decoded key picture as RGB (H, W, 3)."""
    return to_rgb(Picture(key.y, key.u, key.v, colour))


def pictures_of(tensors: Tensor, width: int, height: int, colour: Colour) -> list[Picture]:
    """Decoded pictures (n, 3, H, W), H and W padded, in the stream's size and colour."""
    bytes_ = tensors[..., :height, :width].float().clamp(-1, 1).add_(1.0).mul_(127.5).round_().to(torch.uint8)
    return [from_rgb(picture, colour) for picture in bytes_.permute(0, 2, 3, 1).contiguous().cpu().numpy()]


def to_tensor(rgb: Rgb, device: torch.device) -> Tensor:
    """(n, 3, H, W) in [-1, 1], padded by the last row and column to multiples of 16."""
    return padded(rgb, device).div_(127.5).sub_(1.0)


def padded(rgb: NDArray[np.generic], device: torch.device) -> Tensor:
    """(n, H, W, 3) as float (n, 3, H, W), padded by the last row and column to multiples of 16."""
    count, height, width, _ = rgb.shape
    sides = [-(-side // TRANSFORM_STRIDE) * TRANSFORM_STRIDE for side in (height, width)]
    x = torch.empty(count, 3, *sides, device=device)
    x[..., :height, :width] = torch.from_numpy(rgb).to(device).permute(0, 3, 1, 2)
    x[..., height:, :width] = x[..., height - 1 : height, :width]
    x[..., width:] = x[..., width - 1 : width]
    return x
