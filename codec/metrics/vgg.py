"""The VGG16 trunk (Simonyan and Zisserman 2015) that LPIPS-VGG and DISTS share.

It does not ship (29 MB, for two metrics): it is read from a safetensors file the user names, with the tensors of
torchvision's `features`, `N.weight` and `N.bias`, in any float type.
"""

from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.nn import functional as F

from codec.errors import ModelError
from codec.nn.tensors import read_tensors

GROUPS = ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28))
"""Convolutions (torchvision's numbers) of each group; pictures are halved before every group but the first."""
CHANNELS = (64, 128, 256, 512, 512)
# ImageNet's mean and deviation for pictures in [-1, 1].
_SHIFT = (-0.030, -0.088, -0.188)
_SCALE = (0.458, 0.448, 0.450)
# Fewer than torch spreads over threads: where other programs want the processor too, meeting at the end of each of many
# small operations takes longer than the operations.
_BAND_VALUES = 2**15 - 1


class VggTrunk(nn.Module):
    """Five groups of 3x3 convolutions with ReLU; how pictures are halved between them is the metric's business."""

    def __init__(self, file: Path) -> None:
        """Raises ModelError, naming the file, when it holds no such trunk."""
        super().__init__()
        try:
            weights = read_tensors(file)[0]
            width = 3
            for group, channels in zip(GROUPS, CHANNELS, strict=True):
                for layer in group:
                    weight, bias = weights[f"{layer}.weight"], weights[f"{layer}.bias"]
                    if weight.shape != (channels, width, 3, 3) or bias.shape != (channels,):
                        raise ValueError(f"layer {layer} has the shape {tuple(weight.shape)}")
                    self.register_buffer(f"w{layer}", weight.float(), persistent=False)
                    self.register_buffer(f"b{layer}", bias.float(), persistent=False)
                    width = channels
        except KeyError as error:
            raise ModelError(f"{file}: not a VGG16 trunk (it has no {error.args[0]}).") from error
        except (OSError, ValueError, SafetensorError) as error:
            raise ModelError(f"{file}: the VGG16 trunk cannot be read ({error}).") from error
        self.register_buffer("shift", torch.tensor(_SHIFT).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("scale", torch.tensor(_SCALE).view(1, 3, 1, 1), persistent=False)

    def normalised(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] -> what the first group takes."""
        return (x - self.get_buffer("shift")) / self.get_buffer("scale")

    def group(self, number: int, x: Tensor) -> Tensor:
        """Group `number` (0 to 4) of an already halved (N, C, H, W)."""
        for layer in GROUPS[number]:
            x = F.relu_(F.conv2d(x, self.get_buffer(f"w{layer}"), self.get_buffer(f"b{layer}"), padding=1))
        return x


def bands(x: Tensor) -> Iterator[slice]:
    """Pixels of (N, C, pixels), some at a time. What is computed of a band stays in the processor's cache, where a
    whole tap's intermediates would each be written to new memory. All pixels at once when gradients are wanted."""
    count = x.shape[2]
    step = count if torch.is_grad_enabled() else max(1, _BAND_VALUES // x.shape[1])
    return (slice(start, start + step) for start in range(0, count, step))
