"""DISTS (Ding et al. 2020, "Image Quality Assessment: Unifying Structure and Texture Similarity", Eq. 4 to 7): texture
and structure of VGG16 features, weighted by learned α and β.

At the pictures' own size (the paper's authors scale the short side to 256 first). The shipped weights are α and β; the
trunk is the user's (`codec.metrics.vgg`).
"""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from codec.errors import ModelError
from codec.metrics.vgg import CHANNELS, VggTrunk
from codec.resources import weights_folder

TAP_CHANNELS = (3, *CHANNELS)
"""The picture itself is the first tap."""
_STABLE = 1e-6


class Dists(nn.Module):
    """The metric. DISTS is 0 for equal pictures and symmetric in its arguments."""

    def __init__(self, trunk: VggTrunk, weights: Path | None = None) -> None:
        """Raises ModelError when the shipped weights cannot be read."""
        super().__init__()
        file = weights or weights_folder() / "dists.safetensors"
        try:
            tensors = load_file(file)
            alpha, beta = (tensors[name].float().view(-1) for name in ("alpha", "beta"))
            if len(alpha) != sum(TAP_CHANNELS) or len(beta) != sum(TAP_CHANNELS):
                raise ValueError(f"{len(alpha)} and {len(beta)} weights for {sum(TAP_CHANNELS)} channels")
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise ModelError(f"{file}: the DISTS weights cannot be read ({error}).") from error
        self.trunk = trunk
        total = alpha.sum() + beta.sum()
        self.register_buffer("alpha", alpha / total, persistent=False)
        self.register_buffer("beta", beta / total, persistent=False)
        # A Hanning window of five samples without its zeros.
        line = torch.tensor([0.5, 1.0, 0.5])
        self.register_buffer("window", (line[:, None] * line / 4.0)[None, None], persistent=False)

    @torch.inference_mode()
    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """(N, 3, H, W) pairs in [-1, 1] -> (N,) distances, about 0 to 1."""
        # The authors' pictures are in [0, 1]; the constants of Eq. 5 and 6 are of that scale.
        similarity = self._compare(0, (a + 1) / 2, (b + 1) / 2)
        x, y = self.trunk.normalised(a), self.trunk.normalised(b)
        for number in range(len(CHANNELS)):
            if number:
                x, y = self._pooled(x), self._pooled(y)
            x, y = self.trunk.group(number, x), self.trunk.group(number, y)
            similarity = similarity + self._compare(number + 1, x, y)
        return 1.0 - similarity

    def _pooled(self, x: Tensor) -> Tensor:
        """L2 pooling: the root of a windowed mean of squares, every second sample."""
        channels = x.shape[1]
        window = self.get_buffer("window").expand(channels, -1, -1, -1)
        return (F.conv2d(x.square(), window, stride=2, padding=1, groups=channels) + 1e-12).sqrt()

    def _compare(self, tap: int, x: Tensor, y: Tensor) -> Tensor:
        """The tap's weighted texture (means) and structure (covariance) similarities, (N,)."""
        first = sum(TAP_CHANNELS[:tap])
        own = slice(first, first + TAP_CHANNELS[tap])
        mean_x, mean_y = x.mean(dim=(2, 3)), y.mean(dim=(2, 3))
        var_x, var_y = x.var(dim=(2, 3), correction=0), y.var(dim=(2, 3), correction=0)
        covariance = ((x - mean_x[..., None, None]) * (y - mean_y[..., None, None])).mean(dim=(2, 3))
        texture = (2 * mean_x * mean_y + _STABLE) / (mean_x.square() + mean_y.square() + _STABLE)
        structure = (2 * covariance + _STABLE) / (var_x + var_y + _STABLE)
        return texture @ self.get_buffer("alpha")[own] + structure @ self.get_buffer("beta")[own]
