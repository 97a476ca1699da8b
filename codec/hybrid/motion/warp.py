"""Pictures moved by a motion field: overlapped block motion compensation (Orchard and Sullivan 1994).

Every cell's vector moves the picture as a whole; between the middles of four cells the four moved pictures are mixed
bilinearly. Where vectors agree that is plain motion, where they do not it fades from one to the other instead of
tearing. Samples between pixels by cubic convolution (a = -0.75), beyond the picture its edge goes on.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from codec.hybrid.motion.layout import NODE, QUARTERS
from codec.nn.device import numbers_only


def warp(pictures: Tensor, fields: Tensor) -> Tensor:
    """`pictures` (N, C, H, W), H and W multiples of NODE, each along n fields (N, n, 2, H / NODE, W / NODE) in pixels,
    multiples of a quarter -> (N, n, C, H, W), float32."""
    with torch.autocast(pictures.device.type, enabled=False):
        if numbers_only(pictures):
            moved = torch.empty(*fields.shape[:2], *pictures.shape[1:])
            _move(pictures, fields, moved)
            return moved
        count = fields.shape[1]
        repeated = pictures.float()[:, None].expand(-1, count, -1, -1, -1).flatten(0, 1)
        return _overlapped(repeated, fields.float().flatten(0, 1)).unflatten(0, (-1, count))


def mixed(first: Tensor, last: Tensor, before: Tensor, after: Tensor, late: Tensor, doubt: Tensor) -> Tensor:
    """Two pictures (N, C, H, W) moved along n fields each as in `warp`, mixed: (N, n, 2C, H, W), first + (last - first)
    · late, then (last - first) · doubt. `late`, `doubt` (N, n, H / NODE, W / NODE), interpolated bilinearly."""
    with torch.autocast(first.device.type, enabled=False):
        shares = (upsample(x.float(), *first.shape[-2:]) for x in (late, doubt))
        if numbers_only(first) and numbers_only(last):
            from codec.hybrid.motion import overlap

            known = torch.empty(*before.shape[:2], 2 * first.shape[1], *first.shape[2:])
            _move(first, before, known[:, :, : first.shape[1]])
            _move(last, after, known[:, :, first.shape[1] :])
            overlap.mix(known.flatten(0, 1).numpy(), *(share.flatten(0, 1).numpy() for share in shares))
            return known
        early, apart = warp(first, before), warp(last, after)
        apart = apart - early
        share, doubted = (x.unsqueeze(2) for x in shares)
        return torch.cat((torch.addcmul(early, apart, share), apart * doubted), dim=2)


def _move(pictures: Tensor, fields: Tensor, moved: Tensor) -> None:
    from codec.hybrid.motion import overlap

    vectors = torch.round(fields * QUARTERS).to(torch.int32).permute(0, 1, 3, 4, 2).contiguous()
    overlap.move(pictures.detach().float().contiguous().numpy(), vectors.numpy(), moved.numpy())


def _overlapped(pictures: Tensor, field: Tensor) -> Tensor:
    """Pictures (N, C, H, W), each along a field (N, 2, gh, gw), as tensor operations for gradients and accelerators."""
    height, width = pictures.shape[-2:]
    size = torch.tensor([2.0 / width, 2.0 / height], device=field.device).view(1, 2, 1, 1)
    # grid_sample counts from -1 to 1.
    nodes = F.pad(field * size, (1, 1, 1, 1), mode="replicate")
    columns = (torch.arange(width, device=field.device, dtype=torch.float32) + 0.5) * (2.0 / width) - 1.0
    rows = (torch.arange(height, device=field.device, dtype=torch.float32) + 0.5) * (2.0 / height) - 1.0
    places = torch.stack((columns.expand(height, -1), rows[:, None].expand(-1, width)), dim=-1)
    full = F.interpolate(nodes, scale_factor=float(NODE), mode="nearest").permute(0, 2, 3, 1)
    down, right = _shares(height, field.device), _shares(width, field.device)
    total = torch.zeros_like(pictures)
    half = NODE // 2
    for lower in (0, 1):
        for later in (0, 1):
            top, left = half + NODE * lower, half + NODE * later
            grid = full[:, top : top + height, left : left + width] + places
            moved = F.grid_sample(pictures, grid, mode="bicubic", padding_mode="border", align_corners=False)
            share = (down if lower else 1 - down)[:, None] * (right if later else 1 - right)
            total = total + moved * share
    return total


def _shares(size: int, device: torch.device) -> Tensor:
    """How far each of `size` pixels is from one node to the next, from 0 to 1."""
    return ((torch.arange(size, device=device, dtype=torch.float32) + 0.5) / NODE + 0.5) % 1.0


def upsample(values: Tensor, height: int, width: int) -> Tensor:
    """(N, c, gh, gw) node values -> (N, c, H, W): bilinear between nodes, constant beyond the outer ones."""
    full = F.interpolate(values, scale_factor=float(NODE), mode="bilinear", align_corners=False)
    return full[..., :height, :width]
