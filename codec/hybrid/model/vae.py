"""The video VAE: pictures to latents and back (E and D of the paper's Figure 4), given a prediction of the pictures.

Pictures come in units of `frames`: a GoP's anchors one by one, those between the anchors four by four. E sees what the
prediction misses and the prediction itself; D adds to the prediction what the latent and the prediction say. One latent
a unit, at 1/8 of the picture's width and height.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from codec.hybrid.model.blocks import Block, Trunk, fold_time, unfold_time
from codec.hybrid.model.config import LATENT_STRIDE, ModelConfig
from codec.hybrid.model.lapped import lap, painted
from codec.nn.device import one_by_one

PATCH_CHANNELS = 3 * LATENT_STRIDE**2


class Encoder(nn.Module):
    """E: pictures (B, n, 3, H, W) in [-1, 1], H and W multiples of 16, and what is known of them
    (B, n, 3·references, H, W), the prediction first -> latents L (B, ceil(n / frames), c, H/8, W/8)."""

    def __init__(self, config: ModelConfig, frames: int, references: int, depth: int) -> None:
        super().__init__()
        frame, trunk = config.frame_channels, config.trunk_channels
        self.frames = frames
        self.patch = nn.Conv2d((1 + references) * PATCH_CHANNELS, frame, 1)
        self.frame_blocks = nn.Sequential(*(Block(frame) for _ in range(config.encoder_frame_blocks)))
        self.enter = nn.Conv2d(frames * frame, trunk, 1)
        self.trunk = Trunk(trunk, depth, temporal=frames > 1)
        self.head = nn.Conv2d(trunk, config.latent_channels, 1)

    def forward(self, pictures: Tensor, known: Tensor, gain: Tensor) -> Tensor:
        """`gain` (B, trunk channels) conditions the latent on λ."""
        count = pictures.shape[1]
        x = unfold_time(one_by_one(self._frames, fold_time(known), fold_time(pictures)), count)
        x = gather_units(x, self.frames)
        x = unfold_time(self.enter(fold_time(x)), x.shape[1])
        x = self.trunk(x) * gain[:, None, :, None, None]
        return unfold_time(self.head(fold_time(x)), x.shape[1])

    def _frames(self, known: Tensor, pictures: Tensor) -> Tensor:
        missed = lap(pictures - known[:, :3])
        return self.frame_blocks(patches(self.patch, missed, lap(known)))


class Decoder(nn.Module):
    """D: latents (B, t, c, h, w) and what is known of n <= t · frames pictures (B, n, 3·references, 8h, 8w), float32,
    the prediction first -> pictures (B, n, 3, 8h, 8w), float32, nominally in [-1, 1], not clamped."""

    def __init__(self, config: ModelConfig, frames: int, references: int, depth: int) -> None:
        super().__init__()
        frame, trunk = config.frame_channels, config.trunk_channels
        self.frames = frames
        self.enter = nn.Conv2d(config.latent_channels, trunk, 1)
        self.patch = nn.Conv2d(references * PATCH_CHANNELS, frame, 1)
        self.context = nn.Conv2d(frames * frame, trunk, 1)
        self.trunk = Trunk(trunk, depth, temporal=frames > 1)
        self.leave = nn.Conv2d(trunk, frames * frame, 1)
        self.beside = nn.Conv2d(frame, frame, 1)
        self.frame_blocks = nn.Sequential(*(Block(frame) for _ in range(config.decoder_frame_blocks)))
        # Looks across the 8x8 patch borders once more before each patch is painted on its own.
        self.border = nn.Conv2d(frame, frame, 3, padding=1, groups=frame)
        self.paint = nn.Conv2d(frame, PATCH_CHANNELS, 1)
        nn.init.normal_(self.paint.weight, std=0.3 / frame**0.5)

    def forward(self, latent: Tensor, known: Tensor, gain: Tensor, share: Tensor | None = None) -> Tensor:
        """`gain` (B, trunk channels) conditions the synthesis on λ; `share` (B, n, 8h, 8w) from 0 to 1: how much of
        what D adds is added, all of it by default."""
        count, units = known.shape[1], latent.shape[1]
        seen = unfold_time(one_by_one(lambda each: patches(self.patch, lap(each)), fold_time(known)), count)
        x = self.enter(fold_time(latent)) + self.context(fold_time(gather_units(seen, self.frames)))
        x = self.trunk(unfold_time(x, units) * gain[:, None, :, None, None])
        x = unfold_time(self.leave(fold_time(x)), units).unflatten(2, (self.frames, -1)).flatten(1, 2)[:, :count]
        shares = () if share is None else (fold_time(share),)
        parts = (fold_time(part) for part in (x, seen, known))
        return unfold_time(one_by_one(self._pictures, *parts, *shares), count)

    def _pictures(self, x: Tensor, seen: Tensor, known: Tensor, share: Tensor | None = None) -> Tensor:
        x = self.frame_blocks(x + self.beside(seen))
        # The prediction keeps its precision whatever the networks compute in.
        return painted(self.paint(x + self.border(x)), known, share)


def patches(layer: nn.Conv2d, *pictures: Tensor) -> Tensor:
    """`layer`, a 1x1 convolution over the 8x8 patches of some pictures (N, C, H, W) each -> (N, features, H/8, W/8).

    The same as pixel_unshuffle of all of them before `layer`, as strided convolutions: without moving every sample
    twice it is four times as fast on a CPU.
    """
    weight = layer.weight.view(layer.out_channels, -1, LATENT_STRIDE, LATENT_STRIDE)
    parts = weight.split([x.shape[1] for x in pictures], dim=1)
    first, *rest = (
        F.conv2d(x.to(weight.dtype), part, bias, stride=LATENT_STRIDE)
        for x, part, bias in zip(pictures, parts, (layer.bias, *[None] * len(parts)), strict=False)
    )
    return sum(rest, first)


def gather_units(x: Tensor, frames: int) -> Tensor:
    """(B, n, C, h, w) -> (B, ceil(n / frames), frames·C, h, w); a unit that is not full repeats the last picture."""
    missing = -x.shape[1] % frames
    if missing:
        x = torch.cat((x, x[:, -1:].expand(-1, missing, -1, -1, -1)), dim=1)
    return x.unflatten(1, (-1, frames)).flatten(2, 3)
