"""Scales to start from: table offsets set to what the untrained transform's residuals measure, level by level.

Training would find them too, but until it has, rates are off by factors and push the transform the wrong way.
"""

import math

import torch
from torch import Tensor, nn

from codec.gop import GOP_LENGTH
from codec.hybrid.model.config import LEVELS, LatentKind
from codec.hybrid.model.network import CodecNetwork
from codec.hybrid.model.scales import SCALE_COUNT, SCALE_MAX, SCALE_MIN
from codec.hybrid.motion.layout import MotionFields
from codec.training.hybrid.motion import ClipMotion
from codec.training.hybrid.trees import ClipTrees

_EVERY = 4
"""Levels from one that is measured to the next; those between are interpolated."""
_CLIPS = 4
_LEAST = 0.02
"""Mean magnitudes below this are taken for it: the clips are few."""


@torch.no_grad()
def fit_scales(network: CodecNetwork, motion: ClipMotion, trees: ClipTrees, clips: Tensor) -> None:
    """Set the offsets of `network.scale_net` from `clips` (B, 8k + 1, 3, H, W) in [-1, 1]. The layers before the
    offsets keep their weights but their last one is scaled down, so that what they add is small at first."""
    gops = (clips.shape[1] - 1) // (GOP_LENGTH - 1)
    clips = clips[:_CLIPS]
    scale_net = network.scale_net
    last = scale_net.layers["index"]
    assert isinstance(last, nn.Conv2d)
    last.weight.mul_(0.1)
    measured = range(0, LEVELS, _EVERY)
    for level in measured:
        levels = torch.full((len(clips),), float(level), device=clips.device)
        fields, key = motion.of(clips, levels, gops)[0], trees.keys(clips[:, 0], levels)[0]
        for (name, kind), mean in _mean_magnitudes(network, clips, fields, levels, key, trees).items():
            table = scale_net.y_offset if name == "y" else scale_net.z_index
            table[level, kind] = _index(mean)
    for table in (scale_net.y_offset, scale_net.z_index):
        for low in measured[:-1]:
            for between in range(1, _EVERY):
                table[low + between] = torch.lerp(table[low], table[low + _EVERY], between / _EVERY)


def _mean_magnitudes(
    network: CodecNetwork,
    clips: Tensor,
    motion: list[MotionFields[Tensor]],
    levels: Tensor,
    key: Tensor,
    trees: ClipTrees,
) -> dict[tuple[str, LatentKind], Tensor]:
    """Mean |symbol| (channels,) of y and z for each kind of latent."""
    sums: dict[tuple[str, LatentKind], list[Tensor]] = {}
    network.observe = lambda name, kind, symbols: sums.setdefault((name, kind), []).append(
        symbols.abs().mean(dim=(0, 2, 3))
    )
    network(clips, motion, levels, key=key, corrected=trees.anchors)
    network.observe = None
    return {key: torch.stack(means).mean(dim=0) for key, means in sums.items()}


def _index(mean: Tensor) -> Tensor:
    ratio = (mean.clamp(_LEAST, SCALE_MAX) / SCALE_MIN).log() / math.log(SCALE_MAX / SCALE_MIN)
    # Index 0 would not be coded at all.
    return (ratio * (SCALE_COUNT - 1)).clamp(2.0, SCALE_COUNT - 1.0)
