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
        flow = upsample(field.float(), height, width)
        rows = torch.arange(height, device=flow.device, dtype=torch.float32) + 0.5
        columns = torch.arange(width, device=flow.device, dtype=torch.float32) + 0.5
        x = (flow[:, 0] + columns) * (2.0 / width) - 1.0
        y = (flow[:, 1] + rows[:, None]) * (2.0 / height) - 1.0
        grid = torch.stack((x, y), dim=-1)
        return F.grid_sample(pictures.float(), grid, mode="bicubic", padding_mode="border", align_corners=False)


def upsample(field: Tensor, height: int, width: int) -> Tensor:
    """(N, 2, gh, gw) node displacements -> (N, 2, H, W): bilinear between nodes, constant beyond the outer ones."""
    full = F.interpolate(field, scale_factor=float(NODE), mode="bilinear", align_corners=False)
    return full[..., :height, :width]
