"""Backbone `spatial`: a picture autoencoder, then temporal compression of four pictures' latents, in two stages as the
temporal-aware video VAE of Xing et al. (VideoVAE+) has them.

Two picture autoencoders of one latent space: `full`, pretrained, and `fast`, distilled from it. A stream says nothing
about which made it or shows it.
"""

from torch import Tensor

from codec.vae.backbones import Backbone
from codec.vae.backbones.picture import SPATIAL_RATIO, PicturePair
from codec.vae.temporal import CHANNELS, RATIO, Temporal


class SpatialBackbone(Backbone):
    """E and D of the paper, with either picture autoencoder."""

    name = "spatial"
    spatial_ratio = SPATIAL_RATIO
    frequencies = RATIO
    parts = ("pair", "decoder", "full", "temporal")

    def __init__(self) -> None:
        super().__init__()
        self.full = PicturePair(fast=False)
        self.fast = PicturePair(fast=True)
        self.temporal = Temporal()

    @property
    def channels(self) -> int:
        """c of L: 128."""
        return CHANNELS

    def _pair(self, full: bool) -> PicturePair:
        return self.full if full else self.fast

    def encode(self, pictures: Tensor, *, full: bool = False) -> Tensor:
        """(B, T, 3, H, W) in [-1, 1], sides multiples of 8 -> L (B, t, 128, H/8, W/8)."""
        latents = self._pair(full).encode(pictures.flatten(0, 1)).unflatten(0, pictures.shape[:2])
        return self.temporal.analyse(latents)

    def decode(self, latent: Tensor, pictures: int, *, full: bool = False) -> Tensor:
        """L (B, t, 128, h, w) -> (B, T, 3, 8h, 8w), about [-1, 1]."""
        latents = self.temporal.synthesise(latent, pictures)
        return self._pair(full).decode(latents.flatten(0, 1)).unflatten(0, latents.shape[:2])

    def stored(self, pictures: Tensor) -> Tensor:
        """Pictures' latents by the pretrained encoder: (B, T, 3, H, W) -> (B, T, 32, H/8, W/8)."""
        return self.full.encode(pictures.flatten(0, 1)).unflatten(0, pictures.shape[:2])

    def analyse(self, stored: Tensor) -> Tensor:
        """Pictures' latents (B, T, 32, h, w) -> L (B, t, 128, h, w)."""
        return self.temporal.analyse(stored)

    def synthesise(self, latent: Tensor, pictures: int) -> Tensor:
        """L (B, t, 128, h, w) -> pictures' latents (B, T, 32, h, w)."""
        return self.temporal.synthesise(latent, pictures)

    def shown(self, stored: Tensor, rows: slice, pictures: int, *, full: bool = False) -> Tensor:
        """Pictures (n, 3, H, W) of rows of one GoP's pictures' latents (T, 32, h, w)."""
        del pictures
        return self._pair(full).decode(stored[rows])
