"""Video autoencoders: pictures of a GoP to its latent L and back.

What the codec, its weights and its training ask of one is `Backbone`; `codec.vae.backbones.known` has them by name.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn

from codec.vae.backbones.sizes import Sizes


class Backbone(nn.Module):
    """E and D of the paper. Pictures are (B, T, 3, H, W) in [-1, 1], T of 1 to 9, sides multiples of `spatial_ratio`;
    L is (B, t, c, H/ρs, W/ρs), its first latent frame of picture 0 alone, each other one of four pictures."""

    name: ClassVar[str]
    """As weights files and training configurations have it."""
    spatial_ratio: ClassVar[int] = 8
    """ρs of the paper: pixels of a picture for one sample of L, along each side."""
    frequencies: ClassVar[int] = 1
    """Equal runs of L's channels that the starting transform keeps apart, as bands of a temporal transform are."""
    parts: ClassVar[tuple[str, ...]] = ("backbone",)
    """What training can train of it; see `codec.training.vae.settings`."""
    sizes: Sizes | None = None
    """None for one that has no choice of sizes."""

    @property
    def channels(self) -> int:
        """c of L."""
        raise NotImplementedError

    def work_in(self, number_type: torch.dtype) -> None:
        """From now on in `number_type`: of pictures and L that come in, and of L that goes out; pictures that go out
        are float32."""
        self.to(number_type)

    def encode(self, pictures: Tensor, *, full: bool = False) -> Tensor:
        """Pictures -> L; `full`: by the larger of two encoders, where there are two."""
        raise NotImplementedError

    def decode(self, latent: Tensor, pictures: int, *, full: bool = False) -> Tensor:
        """L -> that many pictures, about [-1, 1]."""
        raise NotImplementedError

    def stored(self, pictures: Tensor) -> Tensor:
        """What training computes once and keeps, as long as E is frozen: L, or what `analyse` makes L of."""
        return self.encode(pictures)

    def analyse(self, stored: Tensor) -> Tensor:
        """What `stored` gives -> L."""
        return stored

    def synthesise(self, latent: Tensor, pictures: int) -> Tensor:
        """L -> what `stored` would give for that many pictures."""
        del pictures
        return latent

    def shown(self, stored: Tensor, rows: slice, pictures: int, *, full: bool = False) -> Tensor:
        """Some pictures (n, 3, H, W) of what `stored` gives for one GoP of `pictures` (without the batch)."""
        return self.decode(stored[None], pictures, full=full)[0, rows]
