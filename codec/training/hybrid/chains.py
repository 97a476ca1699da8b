"""Clips followed over several steps: each step goes on from the picture the last one decoded.

In a stream a picture is predicted over up to eight GoPs, while corpus clips are short and gradients through long chains
dear. A clip is therefore played to and fro, and what a step decoded last is what the next one starts from, as it is,
without a gradient: anchors learn on the pictures they will meet.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from codec.hybrid.model.network import Link

LONG, SHORT = 25, 9
"""Frames of a clip that is played to and fro; short ones may skip frames of the corpus, and move faster."""
_SHORT_SHARE = 0.3


@dataclass(slots=True)
class Followed:
    """A clip (B, n, 3, crop, crop) in [-1, 1] at `level` (B,), the next frame to be coded from, and what was left."""

    clip: Tensor
    level: Tensor
    frame: int = 0
    link: Link | None = None

    def next_frames(self, count: int) -> Tensor:
        """The `count` frames from where the clip stands, to and fro; the last one is where it then stands."""
        turn = self.clip.shape[1] - 1
        places = torch.arange(self.frame, self.frame + count) % (2 * turn)
        self.frame += count - 1
        return self.clip[:, torch.where(places > turn, 2 * turn - places, places)]


class Chains:
    """Clips followed in turn: step s takes clip s mod `abreast`, for `links` turns each."""

    def __init__(self, links: int, abreast: int) -> None:
        self._links, self._abreast = links, abreast
        self._followed: dict[int, Followed] = {}

    def clip(self, step: int, begin: Callable[[int], tuple[Tensor, Tensor]], rng: np.random.Generator) -> Followed:
        """The clip of a step; `begin` makes one of so many frames, and its levels. A run that is resumed begins its
        clips anew."""
        slot = step % self._abreast
        if step // self._abreast % self._links == 0 or slot not in self._followed:
            frames = SHORT if rng.random() < _SHORT_SHARE else LONG
            self._followed[slot] = Followed(*begin(frames))
        return self._followed[slot]
