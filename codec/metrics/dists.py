"""DISTS (Ding et al. 2020, "Image Quality Assessment: Unifying Structure and Texture Similarity", Eq. 4 to 7): texture
and structure of VGG16 features, weighted by learned α and β.

At the pictures' own size (the paper's authors scale the short side to 256 first). The shipped weights are α and β; the
trunk is the user's (`codec.metrics.vgg`).
"""

from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.nn import functional as F

from codec.errors import ModelError
from codec.metrics.vgg import CHANNELS, VggTrunk, bands
from codec.nn.tensors import read_tensors
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
            tensors = read_tensors(file)[0]
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
        distance = self.start(a, b)
        x, y = self.trunk.normalised(a), self.trunk.normalised(b)
        for number in range(len(CHANNELS)):
            if number:
                x, y = self.pooled(x), self.pooled(y)
            x, y = self.trunk.group(number, x), self.trunk.group(number, y)
            distance = distance + self.compare(number, x, y)
        return distance

    def start(self, found: Tensor, wanted: Tensor) -> Tensor:
        """What the distance is before any group has been compared, (N,): 1 less the pictures' own similarity."""
        # The authors' pictures are in [0, 1]; the constants of Eq. 5 and 6 are of that scale.
        return 1.0 - self._similarity(0, (found + 1) / 2, (wanted + 1) / 2)

    def pooled(self, x: Tensor) -> Tensor:
        """A group's output as the next group takes it. L2 pooling: the root of a windowed mean of squares, every second
        sample."""
        channels = x.shape[1]
        window = self.get_buffer("window").expand(channels, -1, -1, -1)
        return F.conv2d(x.square(), window, stride=2, padding=1, groups=channels).add_(1e-12).sqrt_()

    def compare(self, number: int, found: Tensor, wanted: Tensor) -> Tensor:
        """What group `number` adds to the distance, (N,), never above zero but for anticorrelated features."""
        return -self._similarity(number + 1, found, wanted)

    def _similarity(self, tap: int, x: Tensor, y: Tensor) -> Tensor:
        """The tap's weighted texture (means) and structure (covariance) similarities, (N,)."""
        first = sum(TAP_CHANNELS[:tap])
        own = slice(first, first + TAP_CHANNELS[tap])
        mean_x, mean_y = x.mean(dim=(2, 3)), y.mean(dim=(2, 3))
        var_x, var_y, covariance = _moments(x.flatten(2), y.flatten(2), mean_x[..., None], mean_y[..., None])
        texture = (2 * mean_x * mean_y + _STABLE) / (mean_x.square() + mean_y.square() + _STABLE)
        structure = (2 * covariance + _STABLE) / (var_x + var_y + _STABLE)
        return texture @ self.get_buffer("alpha")[own] + structure @ self.get_buffer("beta")[own]


def _moments(x: Tensor, y: Tensor, mean_x: Tensor, mean_y: Tensor) -> Tensor:
    """Variances of x and of y and their covariance, (3, N, C), of (N, C, pixels)."""
    sums: list[Tensor] = []
    for some in bands(x):
        dx, dy = x[:, :, some] - mean_x, y[:, :, some] - mean_y
        sums.append(torch.stack([values.sum(dim=2) for values in (dx.square(), dy.square(), dx * dy)]))
    return torch.stack(sums).sum(dim=0) / x.shape[2]
