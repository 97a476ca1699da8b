"""Pictures moved by a motion field: backward warping with cubic interpolation."""

import torch
from torch import Tensor
from torch.nn import functional as F

from codec.motion.layout import NODE


def warp(pictures: Tensor, field: Tensor) -> Tensor:
    """`pictures` (N, C, H, W) at places displaced by `field` (N, 2, gh, gw) in pixels, in float32; outside a picture
    its edge goes on."""
    height, width = pictures.shape[-2:]
    with torch.autocast(pictures.device.type, enabled=False):
        # grid_sample counts from -1 to 1: the nodes are scaled, being few, and the places added to them once.
        size = torch.tensor([2.0 / width, 2.0 / height], device=field.device).view(1, 2, 1, 1)
        flow = upsample(field.float() * size, height, width)
        columns = (torch.arange(width, device=field.device, dtype=torch.float32) + 0.5) * (2.0 / width) - 1.0
        rows = (torch.arange(height, device=field.device, dtype=torch.float32) + 0.5) * (2.0 / height) - 1.0
        places = torch.stack((columns.expand(height, -1), rows[:, None].expand(-1, width)), dim=-1)
        grid = flow.permute(0, 2, 3, 1) + places
        return F.grid_sample(pictures.float(), grid, mode="bicubic", padding_mode="border", align_corners=False)


def upsample(field: Tensor, height: int, width: int) -> Tensor:
    """(N, c, gh, gw) node values -> (N, c, H, W): bilinear between nodes, constant beyond the outer ones."""
    full = F.interpolate(field, scale_factor=float(NODE), mode="bilinear", align_corners=False)
    return full[..., :height, :width]
