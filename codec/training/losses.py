"""The training loss: Eq. 2 of the paper, with the scale of each term written down, and the seam terms.

    loss = sqrt(λ) · (α · MSE255 + β · LPIPS) + R / sqrt(λ)

that is Eq. 2 divided by sqrt(λ), so that gradients at both ends of the λ range are of one size. MSE is on the 0..255
scale, R is bits per pixel of the GoP. LPIPS is the VGG variant, so that LPIPS-AlexNet stays an independent judge.
"""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from codec.errors import ModelError

# VGG16 `features` of torchvision: convolutions by layer number, 0 for a 2x2 max pooling; LPIPS taps after each group.
_VGG_GROUPS = ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28))
_SHIFT = (-0.030, -0.088, -0.188)
_SCALE = (0.458, 0.448, 0.450)


class LpipsVgg(nn.Module):
    """LPIPS v0.1 with the VGG16 trunk (Zhang et al. 2018), differentiable in its first argument."""

    def __init__(self, trunk: Path, heads: Path) -> None:
        """`trunk`: torchvision VGG16 `features` as N.weight / N.bias; `heads`: linN weights. Raises ModelError."""
        super().__init__()
        try:
            weights, lins = load_file(trunk), load_file(heads)
        except (OSError, ValueError) as error:
            raise ModelError(f"{trunk}: LPIPS-VGG weights cannot be read ({error}).") from error
        for group in _VGG_GROUPS:
            for layer in group:
                self.register_buffer(f"w{layer}", weights[f"{layer}.weight"].float())
                self.register_buffer(f"b{layer}", weights[f"{layer}.bias"].float())
        for i, key in enumerate(sorted(lins)):
            self.register_buffer(f"lin{i}", lins[key].float().view(1, -1, 1, 1))
        self.register_buffer("shift", torch.tensor(_SHIFT).view(1, 3, 1, 1))
        self.register_buffer("scale", torch.tensor(_SCALE).view(1, 3, 1, 1))

    def _features(self, x: Tensor) -> list[Tensor]:
        taps = []
        for i, group in enumerate(_VGG_GROUPS):
            if i:
                x = F.max_pool2d(x, 2)
            for layer in group:
                x = F.relu(F.conv2d(x, self.get_buffer(f"w{layer}"), self.get_buffer(f"b{layer}"), padding=1))
            taps.append(x)
        return taps

    def forward(self, reconstruction: Tensor, reference: Tensor) -> Tensor:
        """(N, 3, H, W) pairs in [-1, 1] -> (N,) distances."""
        shift, scale = self.get_buffer("shift"), self.get_buffer("scale")
        with torch.no_grad():
            wanted = self._features((reference - shift) / scale)
        found = self._features((reconstruction - shift) / scale)
        total = reconstruction.new_zeros(reconstruction.shape[0])
        for i, (a, b) in enumerate(zip(found, wanted, strict=True)):
            difference = (_unit(a.float()) - _unit(b.float())).square()
            total = total + (difference * self.get_buffer(f"lin{i}")).sum(dim=1).mean(dim=(1, 2))
        return total


def _unit(x: Tensor) -> Tensor:
    return x / (x.square().sum(dim=1, keepdim=True).sqrt() + 1e-10)


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
