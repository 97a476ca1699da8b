"""The video VAE: pictures to latents and back (E and D of the paper's Figure 4, in a one-resolution form).

A GoP of T = 1 + 4(t - 1) frames becomes t latents at 1/8 of the picture's width and height: the first from the first
frame, each other one from four frames.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from codec.model.blocks import Block, Trunk, fold_time, unfold_time
from codec.model.config import FRAMES_PER_LATENT, LATENT_STRIDE, ModelConfig

PATCH_CHANNELS = 3 * LATENT_STRIDE**2


class Encoder(nn.Module):
    """E: (B, T, 3, H, W) in [-1, 1], H and W multiples of 16 -> latent L (B, t, c, H/8, W/8)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        frame, trunk = config.frame_channels, config.trunk_channels
        self.patch = nn.Conv2d(PATCH_CHANNELS, frame, 1)
        self.frame_blocks = nn.Sequential(*(Block(frame) for _ in range(config.encoder_frame_blocks)))
        self.first = nn.Conv2d(frame, trunk, 1)
        self.group = nn.Conv2d(FRAMES_PER_LATENT * frame, trunk, 1)
        self.trunk = Trunk(trunk, config.encoder_trunk_blocks)
        self.head = nn.Conv2d(trunk, config.latent_channels, 1)

    def forward(self, pictures: Tensor, gain: Tensor) -> Tensor:
        """`gain` (B, trunk channels) conditions the latent on λ."""
        frames = pictures.shape[1]
        x = self.patch(F.pixel_unshuffle(fold_time(pictures), LATENT_STRIDE))
        x = unfold_time(self.frame_blocks(x), frames)
        latents = [self.first(x[:, 0])]
        latents += [
            self.group(x[:, i : i + FRAMES_PER_LATENT].flatten(1, 2)) for i in range(1, frames, FRAMES_PER_LATENT)
        ]
        trunk = self.trunk(torch.stack(latents, dim=1)) * gain[:, None, :, None, None]
        return unfold_time(self.head(fold_time(trunk)), trunk.shape[1])


class Decoder(nn.Module):
    """D: latent (B, t, c, h, w) -> pictures (B, 1 + 4(t - 1), 3, 8h, 8w), nominally in [-1, 1], not clamped."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        frame, trunk = config.frame_channels, config.trunk_channels
        self.enter = nn.Conv2d(config.latent_channels, trunk, 1)
        self.trunk = Trunk(trunk, config.decoder_trunk_blocks)
        self.first = nn.Conv2d(trunk, frame, 1)
        self.group = nn.Conv2d(trunk, FRAMES_PER_LATENT * frame, 1)
        self.frame_blocks = nn.Sequential(*(Block(frame) for _ in range(config.decoder_frame_blocks)))
        # Looks across the 8x8 patch borders once more before each patch is painted on its own.
        self.border = nn.Conv2d(frame, frame, 3, padding=1, groups=frame)
        self.paint = nn.Conv2d(frame, PATCH_CHANNELS, 1)
        nn.init.normal_(self.paint.weight, std=0.3 / frame**0.5)

    def forward(self, latent: Tensor, gain: Tensor) -> Tensor:
        """`gain` (B, trunk channels) conditions the synthesis on λ."""
        x = unfold_time(self.enter(fold_time(latent)), latent.shape[1]) * gain[:, None, :, None, None]
        x = self.trunk(x)
        frames = [self.first(x[:, 0])[:, None]]
        for i in range(1, x.shape[1]):
            frames.append(self.group(x[:, i]).unflatten(1, (FRAMES_PER_LATENT, -1)))
        y = torch.cat(frames, dim=1)
        count = y.shape[1]
        folded = self.frame_blocks(fold_time(y))
        folded = folded + self.border(folded)
        return unfold_time(F.pixel_shuffle(self.paint(folded), LATENT_STRIDE), count)
