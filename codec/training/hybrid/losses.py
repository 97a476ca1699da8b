"""The training loss: Eq. 2 of the paper, with the scale of each term written down, and the seam terms.

    loss = sqrt(λ) · (α · MSE255 + β · LPIPS) + R / sqrt(λ)

that is Eq. 2 divided by sqrt(λ), so that gradients at both ends of the λ range are of one size. MSE is on the 0..255
scale, R is bits per pixel of the GoP. LPIPS is the VGG variant, so that LPIPS-AlexNet stays an independent judge.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from codec.metrics.lpips_vgg import LpipsVgg

__all__ = ["LpipsVgg", "psnr_db", "squared_error", "temporal_error", "texture_error"]

_LUMA = (0.299, 0.587, 0.114)
_BANDS = 2
_WINDOW = 8
_FLOOR = (1.5 / 127.5) ** 2
"""Energy of a band, samples from -1 to 1, below which differences cannot be seen."""


def squared_error(reconstruction: Tensor, reference: Tensor) -> Tensor:
    """(B, T, 3, H, W) in [-1, 1] -> (B,) mean squared error on the 0..255 scale."""
    return (reconstruction - reference).square().mean(dim=(1, 2, 3, 4)) * 127.5**2


def temporal_error(reconstruction: Tensor, reference: Tensor) -> Tensor:
    """Mean |difference of frame differences| on the 0..255 scale: (B, T, 3, H, W) -> (B,)."""
    change = reconstruction.diff(dim=1) - reference.diff(dim=1)
    return change.abs().mean(dim=(1, 2, 3, 4)) * 127.5


def texture_error(reconstruction: Tensor, reference: Tensor) -> Tensor:
    """Mean |log of the ratio of local energies| of the two finest octaves of luma: (B, T, 3, H, W) -> (B,). Zero for
    detail that is as strong as the original's, wherever its waves lie; squared errors and LPIPS-VGG alike would rather
    have it blurred than out of place."""
    weights = reconstruction.new_tensor(_LUMA).view(1, 3, 1, 1)
    both = [F.conv2d(x.flatten(0, 1), weights) for x in (reconstruction, reference)]
    total = reconstruction.new_zeros(len(both[0]))
    for _ in range(_BANDS):
        blurred = [_blurred(x) for x in both]
        found, wanted = (
            F.avg_pool2d((x - b).square(), _WINDOW, _WINDOW // 2) for x, b in zip(both, blurred, strict=True)
        )
        total = total + ((found + _FLOOR) / (wanted + _FLOOR)).log().abs().mean(dim=(1, 2, 3))
        both = [F.avg_pool2d(b, 2) for b in blurred]
    return (total / _BANDS).view(reconstruction.shape[:2]).mean(dim=1)


def _blurred(x: Tensor) -> Tensor:
    """A binomial 5x5 average."""
    row = x.new_tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
    x = F.conv2d(F.pad(x, (2, 2, 2, 2), mode="replicate"), row.view(1, 1, 1, 5))
    return F.conv2d(x, row.view(1, 1, 5, 1))


def psnr_db(mse255: Tensor) -> Tensor:
    """PSNR of a mean squared error on the 0..255 scale."""
    return 10.0 * torch.log10(255.0**2 / mse255.clamp_min(1e-6))
