"""The training loss: Eq. 2 of the paper, with the scale of each term written down, and the seam terms.

    loss = sqrt(λ) · (α · MSE255 + β · LPIPS) + R / sqrt(λ)

that is Eq. 2 divided by sqrt(λ), so that gradients at both ends of the λ range are of one size. MSE is on the 0..255
scale, R is bits per pixel of the GoP. LPIPS is the VGG variant, so that LPIPS-AlexNet stays an independent judge.
"""

import torch
from torch import Tensor

from codec.metrics.lpips_vgg import LpipsVgg

__all__ = ["LpipsVgg", "psnr_db", "squared_error", "temporal_error"]


def squared_error(reconstruction: Tensor, reference: Tensor) -> Tensor:
    """(B, T, 3, H, W) in [-1, 1] -> (B,) mean squared error on the 0..255 scale."""
    return (reconstruction - reference).square().mean(dim=(1, 2, 3, 4)) * 127.5**2


def temporal_error(reconstruction: Tensor, reference: Tensor) -> Tensor:
    """Mean |difference of frame differences| on the 0..255 scale: (B, T, 3, H, W) -> (B,)."""
    change = reconstruction.diff(dim=1) - reference.diff(dim=1)
    return change.abs().mean(dim=(1, 2, 3, 4)) * 127.5


def psnr_db(mse255: Tensor) -> Tensor:
    """PSNR of a mean squared error on the 0..255 scale."""
    return 10.0 * torch.log10(255.0**2 / mse255.clamp_min(1e-6))
