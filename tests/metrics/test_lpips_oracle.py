"""LPIPS as the package `lpips` has it, whose authors are the metric's, beside what Seamscope computes."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import lpips
import numpy as np
import pytest
import torch
from torch import Tensor
from torchvision import models

from codec.media import open_clip
from codec.media.colour import to_rgb
from codec.metrics.lpips import MIN_SIDE, shared
from codec.metrics.lpips_vgg import LpipsVgg
from codec.nn.tensors import read_tensors
from codec.resources import sample_clips, weights_folder

Metric = Callable[[Tensor, Tensor], Tensor]


def theirs(net: str, trunk: Path, monkeypatch: pytest.MonkeyPatch) -> Metric:
    """The package's own metric with its own heads, and with the trunk of a file: it would fetch one."""
    blank = SimpleNamespace(
        alexnet=lambda pretrained: models.alexnet(weights=None),
        vgg16=lambda pretrained: models.vgg16(weights=None, init_weights=False),
    )
    monkeypatch.setattr(lpips.pretrained_networks, "tv", blank)
    metric = lpips.LPIPS(net=net, version="0.1", pnet_rand=True, verbose=False)
    tensors = read_tensors(trunk)[0]
    # Named "slice2.3.weight", where 3 is the layer's number in torchvision's `features`.
    metric.net.load_state_dict({name: tensors[name.partition(".")[2]] for name in metric.net.state_dict()})
    return lambda a, b: metric(a, b).detach().flatten()


def pairs() -> list[tuple[Tensor, Tensor]]:
    """Pictures in [-1, 1] beside others: drawn at random, far and near, odd and smallest sizes; frames of a clip
    beside the next frame, beside themselves blurred and brightened, and beside themselves."""
    generator = torch.Generator().manual_seed(11)
    found = []
    for sides in ((64, 80), (41, 57), (MIN_SIDE, MIN_SIDE)):
        a, b = (torch.rand(2, 3, *sides, generator=generator) * 2 - 1 for _ in range(2))
        found += [(a, b), (a, (a + 0.02 * b).clamp(-1, 1))]
    with open_clip(sample_clips()[0]) as clip:
        frames = np.stack([to_rgb(clip.picture(index))[100:172, 200:296] for index in (0, 20)])
    shown = torch.from_numpy(frames).permute(0, 3, 1, 2) / 127.5 - 1
    blurred = torch.nn.functional.avg_pool2d(shown, 5, 1, 2, count_include_pad=False)
    return [*found, (shown, shown.flip(0)), (shown, blurred), (shown, (shown + 0.2).clamp(-1, 1)), (shown, shown)]


def compare(ours: Metric, oracle: Metric) -> None:
    for a, b in pairs():
        wanted = oracle(a, b).tolist()
        assert ours(a, b).tolist() == pytest.approx(wanted, rel=1e-5, abs=1e-7)
        assert (min(wanted) > 0) == (not torch.equal(a, b))


def test_lpips_of_shared_features_is_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    oracle = theirs("alex", weights_folder() / "lpips_alex_trunk.safetensors", monkeypatch)
    metric = shared()
    compare(lambda a, b: metric.distance(metric.features_of(a), metric.features_of(b)), oracle)
    compare(metric.distance_with_gradient, oracle)


@torch.no_grad()
def test_lpips_vgg_is_the_packages(trunk_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compare(LpipsVgg(trunk_file), theirs("vgg", trunk_file, monkeypatch))


@pytest.mark.parametrize("net", ["alex", "vgg"])
def test_shipped_heads_are_the_packages(net: str) -> None:
    file = Path(lpips.__file__).parent / "weights" / "v0.1" / f"{net}.pth"
    wanted = torch.load(file, weights_only=True, map_location="cpu")
    heads = read_tensors(weights_folder() / f"lpips_{net}_heads.safetensors")[0]
    assert len(wanted) == len(heads) == 5
    for name, head in wanted.items():
        assert torch.equal(heads[name.partition(".")[0]], head)
