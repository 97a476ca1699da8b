"""Crops of the corpus with their latents, computed once: while the encoder is frozen, no step runs it again.

A store is a folder of shards `train-NNNN.safetensors` and `held-NNNN.safetensors`, each with `pictures` (n, 9, 3, S, S)
uint8 and `latents` half precision, what the backbone's `stored` gives: of `spatial` (n, 9, 32, S/8, S/8), else L
(n, 3, c, S/8, S/8). A store of single pictures has (n, 1, ..) of both. It grows by whole shards: one that is half
written does not count.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from codec.errors import MediaError
from codec.gop import GOP_LENGTH
from codec.training.vae.sources import Source, cut_clip
from codec.vae.backbones import Backbone

SHARD = 32
"""Crops of a shard; the last may hold fewer."""
_PHOTO_SHARE = 0.2
_TRIES = 50


@dataclass(frozen=True, slots=True)
class Crops:
    """A batch: `pictures` (B, 9, 3, S, S) in [-1, 1], `latents` of them."""

    pictures: Tensor
    latents: Tensor


def fill(
    store: Path,
    sources: list[Source],
    backbone: Backbone,
    *,
    side: int,
    train: int,
    held: int,
    share: float,
    frames: int = GOP_LENGTH,
) -> Iterator[str]:
    """Add shards until the store has `train` and `held` crops of `frames` pictures; `share` of the sources is held out.
    Yields a line for each shard. What a shard holds depends on its number alone. Raises MediaError when no source gives
    a clip."""
    store.mkdir(parents=True, exist_ok=True)
    for kind, wanted in (("held", held), ("train", train)):
        own = [s for s in sources if s.held_out(share) == (kind == "held")]
        for number, first in enumerate(range(0, wanted, SHARD)):
            path = store / f"{kind}-{number:04d}.safetensors"
            if path.exists():
                continue
            rng = np.random.default_rng((number, kind == "held", side))
            pictures = torch.stack([_some_clip(own, frames, side, rng) for _ in range(min(SHARD, wanted - first))])
            latents = torch.stack([_latents(backbone, clip) for clip in pictures])
            part = path.with_suffix(".part")
            save_file({"pictures": pictures.contiguous(), "latents": latents.half().contiguous()}, part)
            part.replace(path)
            yield f"store: {path.name}"


def _some_clip(sources: list[Source], frames: int, side: int, rng: np.random.Generator) -> Tensor:
    photos = [s for s in sources if s.photo]
    videos = [s for s in sources if not s.photo] or photos
    for _ in range(_TRIES):
        among = photos if photos and rng.random() < _PHOTO_SHARE else videos
        if not among:
            break
        clip = cut_clip(among[int(rng.integers(len(among)))], frames, side, rng)
        if clip is not None:
            return clip
    raise MediaError(f"No source gives a clip of {frames} frames and {side} pixels.")


@torch.no_grad()
def _latents(backbone: Backbone, clip: Tensor) -> Tensor:
    return backbone.stored(clip[None].float() / 127.5 - 1)[0]


class Store:
    """The crops of one kind, mapped from disk."""

    def __init__(self, folder: Path, kind: str) -> None:
        """Raises MediaError when there is none."""
        self._folder, self._kind = folder, kind
        self._shards: list[tuple[Tensor, Tensor]] = []
        self._starts = [0]
        self._known: set[Path] = set()
        self.refresh()
        if not self._shards:
            raise MediaError(f"{folder}: no {kind} crops here yet.")

    def refresh(self) -> None:
        """Take in shards written since."""
        for path in sorted(self._folder.glob(f"{self._kind}-*.safetensors")):
            if path in self._known:
                continue
            try:
                with safe_open(path, framework="pt") as file:
                    self._shards.append((file.get_tensor("pictures"), file.get_tensor("latents")))
            except (OSError, SafetensorError) as error:
                raise MediaError(f"{path}: not a shard of training crops ({error}).") from error
            self._known.add(path)
        sizes = [len(pictures) for pictures, _ in self._shards]
        self._starts = list(accumulate(sizes, initial=0))

    def __len__(self) -> int:
        return self._starts[-1]

    def batch(self, rows: list[int]) -> Crops:
        """The crops of these numbers."""
        pictures, latents = [], []
        for row in rows:
            shard = bisect_right(self._starts, row) - 1
            pictures.append(self._shards[shard][0][row - self._starts[shard]])
            latents.append(self._shards[shard][1][row - self._starts[shard]])
        return Crops(torch.stack(pictures).float() / 127.5 - 1, torch.stack(latents).float())
