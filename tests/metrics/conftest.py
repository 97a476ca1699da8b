"""Weights that do not ship."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from codec.metrics.vgg import CHANNELS, GROUPS


@pytest.fixture(scope="session")
def trunk_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A VGG16 trunk of drawn weights: the trained one does not ship."""
    generator = torch.Generator().manual_seed(5)
    tensors, width = {}, 3
    for group, channels in zip(GROUPS, CHANNELS, strict=True):
        for layer in group:
            weight = torch.randn(channels, width, 3, 3, generator=generator) * (2 / (9 * width)) ** 0.5
            tensors[f"{layer}.weight"] = weight
            tensors[f"{layer}.bias"] = torch.randn(channels, generator=generator) * 0.1
            width = channels
    file = tmp_path_factory.mktemp("trunk") / "vgg.safetensors"
    save_file(tensors, file)
    return file
