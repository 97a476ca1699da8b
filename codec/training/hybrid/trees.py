"""Trees of training clips, coded as an encoder would: key pictures, once when a clip begins, and what trees make of
each anchor's prediction. Nothing in them is trained. Without PyAV, which converts colours elsewhere and which machines
that train need not have."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from codec.hybrid.trees import coding
from codec.hybrid.trees.coding import Planar

_RED, _BLUE = 0.2126, 0.0722
_GREEN = 1 - _RED - _BLUE
"""Shares of luma, BT.709."""
_MIDDLE = 128.0


class ClipTrees:
    """Codes pictures on a few threads, a picture each."""

    def __init__(self, threads: int, starts: NDArray[np.int32] | None = None) -> None:
        """`starts` (KINDS, CONTEXTS): what contexts start from, where it was measured."""
        self._pool = ThreadPoolExecutor(max(1, threads), "trees")
        self._starts = coding.plain_starts() if starts is None else starts

    def keys(self, pictures: Tensor, levels: Tensor) -> tuple[Tensor, Tensor]:
        """`pictures` (B, 3, H, W) in [-1, 1], H and W even, as they decode at `levels` (B,), and their bits (B,), both
        on the device of `pictures`."""
        sources = _split(pictures)
        return self._coded(sources, [None] * len(sources), levels, pictures.device)

    def anchors(self, known: Tensor, pictures: Tensor, levels: Tensor) -> tuple[Tensor, Tensor]:
        """What trees make of the predictions `known` (B, 3, H, W) of `pictures`, and their bits (B,). Gradients pass as
        if nothing had been changed."""
        guesses = _split(known.detach())
        made, bits = self._coded(_split(pictures), guesses, levels, pictures.device)
        return known + (made - _joined(guesses, pictures.device)), bits

    def _coded(
        self, sources: list[Planar], guesses: Sequence[Planar | None], levels: Tensor, device: torch.device
    ) -> tuple[Tensor, Tensor]:
        coded = list(self._pool.map(self._one, sources, guesses, levels.tolist()))
        bits = torch.tensor([8.0 * size for size, _ in coded], device=device)
        return _joined([picture for _, picture in coded], device), bits

    def _one(self, picture: Planar, guess: Planar | None, level: float) -> tuple[int, Planar]:
        """Size in bytes, and the picture as it decodes."""
        contexts = coding.new_contexts(self._starts[0 if guess is None else 1])
        data, decoded = coding.encode(picture, level, contexts, guess)
        return len(data), decoded


def _split(pictures: Tensor) -> list[Planar]:
    planes = [plane.cpu().numpy() for plane in _planes(pictures)]
    return [Planar(*(plane[b, 0] for plane in planes)) for b in range(len(pictures))]


def _joined(pictures: list[Planar], device: torch.device) -> Tensor:
    planes = [torch.from_numpy(np.stack([getattr(each, name) for each in pictures])[:, None]) for name in "yuv"]
    return _pictures(*(plane.to(device) for plane in planes))


def _planes(pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """RGB (B, 3, H, W) in [-1, 1] -> Y (B, 1, H, W), Cb and Cr (B, 1, H/2, W/2) uint8, BT.709 limited range, each
    chroma sample in the middle of its four pixels."""
    red, green, blue = ((pictures.float() + 1) / 2).clamp(0, 1).split(1, dim=1)
    luma = _RED * red + _GREEN * green + _BLUE * blue
    chroma = [F.avg_pool2d((x - luma) / (2 * (1 - share)), 2) for x, share in ((blue, _BLUE), (red, _RED))]
    y, cb, cr = (16 + 219 * luma, *(_MIDDLE + 224 * x for x in chroma))
    return _bytes(y), _bytes(cb), _bytes(cr)


def _bytes(plane: Tensor) -> Tensor:
    return plane.round().to(torch.uint8)


def _pictures(y: Tensor, cb: Tensor, cr: Tensor) -> Tensor:
    """The inverse of `_planes`; chroma between samples on straight lines."""
    luma = (y.float() - 16) / 219
    blue, red = (
        2 * (1 - share) * F.interpolate((x.float() - _MIDDLE) / 224, scale_factor=2.0, mode="bilinear")
        for x, share in ((cb, _BLUE), (cr, _RED))
    )
    green = -(_RED * red + _BLUE * blue) / _GREEN
    return (torch.cat((red, green, blue), dim=1) + luma).clamp(0, 1) * 2 - 1
