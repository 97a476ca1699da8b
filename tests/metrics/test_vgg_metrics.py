import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from codec.errors import ModelError
from codec.metrics.dists import Dists
from codec.metrics.lpips_vgg import LpipsVgg
from codec.metrics.vgg import CHANNELS, GROUPS, VggTrunk


def pictures() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Two unrelated batches and one that is close to the first, (2, 3, 48, 64) in [-1, 1]."""
    generator = torch.Generator().manual_seed(6)
    a, b = (torch.rand(2, 3, 48, 64, generator=generator) * 2 - 1 for _ in range(2))
    return a, b, (a + 0.3 * b).clamp(-1, 1)


def test_dists_gives_the_numbers_of_its_authors_program(trunk_file: Path) -> None:
    metric = Dists(VggTrunk(trunk_file))
    a, b, near = pictures()
    # Printed by the Python package DISTS-pytorch 0.1 with this trunk on the same draws.
    assert metric(a, b).tolist() == pytest.approx([0.0764502, 0.0735059], abs=2e-6)
    assert metric(a, near).tolist() == pytest.approx([0.0054791, 0.0057730], abs=2e-6)
    assert metric(a, a).abs().max() < 1e-6
    assert torch.allclose(metric(a, b), metric(b, a), atol=1e-6)


def test_lpips_vgg_gives_the_numbers_of_its_authors_program(trunk_file: Path) -> None:
    metric = LpipsVgg(trunk_file)
    a, b, near = pictures()
    # Printed by the Python package lpips 0.1.4 (net="vgg") with this trunk on the same draws.
    assert metric(a, b).tolist() == pytest.approx([0.1455549, 0.1455742], abs=2e-6)
    shown = near.clone().requires_grad_()
    distance = metric(shown, a)
    assert distance.tolist() == pytest.approx([0.0161431, 0.0160664], abs=2e-6)
    distance.sum().backward()
    assert shown.grad is not None
    assert shown.grad.abs().sum() > 0


def test_files_that_are_no_trunk_are_named(tmp_path: Path, trunk_file: Path) -> None:
    with pytest.raises(ModelError, match=r"absent\.safetensors: the VGG16 trunk cannot be read"):
        VggTrunk(tmp_path / "absent.safetensors")
    other = tmp_path / "other.safetensors"
    save_file({"x": torch.zeros(3)}, other)
    with pytest.raises(ModelError, match=r"other\.safetensors: not a VGG16 trunk \(it has no 0\.weight\)"):
        VggTrunk(other)
    save_file({"0.weight": torch.zeros(4), "0.bias": torch.zeros(64)}, other)
    with pytest.raises(ModelError, match="layer 0 has the shape"):
        VggTrunk(other)
    with pytest.raises(ModelError, match="DISTS weights"):
        Dists(VggTrunk(trunk_file), other)
    with pytest.raises(ModelError, match="heads"):
        LpipsVgg(trunk_file, other)


def test_a_vgg_trunk_of_no_numbers_is_refused(tmp_path: Path) -> None:
    tensors, width = {}, 3
    for group, channels in zip(GROUPS, CHANNELS, strict=True):
        for layer in group:
            tensors[f"{layer}.weight"] = torch.zeros(channels, width, 3, 3, dtype=torch.float16)
            tensors[f"{layer}.bias"] = torch.zeros(channels, dtype=torch.float16)
            width = channels
    file = tmp_path / "vgg.safetensors"
    save_file(tensors, file)
    VggTrunk(file)
    tensors["0.bias"][3] = math.nan
    save_file(tensors, file)
    with pytest.raises(ModelError, match=r"0\.bias holds values that are no finite numbers"):
        VggTrunk(file)
