"""Key pictures of training clips: coded as an encoder would, once when a clip begins. Without PyAV, which converts
colours elsewhere and which machines that train need not have."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from codec.intra import coding
from codec.intra.coding import KeyPicture

_RED, _BLUE = 0.2126, 0.0722
_GREEN = 1 - _RED - _BLUE
"""Shares of luma, BT.709."""
_MIDDLE = 128.0


class ClipKeys:
    """Codes key pictures on a few threads, a picture each."""

    def __init__(self, threads: int, starts: NDArray[np.int32] | None = None) -> None:
        """`starts` (CONTEXTS,): what contexts start from, where it was measured."""
        self._pool = ThreadPoolExecutor(max(1, threads), "keys")
        self._starts = coding.plain_starts() if starts is None else starts

    def of(self, pictures: Tensor, levels: Tensor) -> tuple[Tensor, Tensor]:
        """`pictures` (B, 3, H, W) in [-1, 1], H and W even, as they decode at `levels` (B,), and their bits (B,), both
        on the device of `pictures`."""
        planes = [plane.cpu().numpy() for plane in _planes(pictures)]
        sources = [KeyPicture(*(plane[b, 0] for plane in planes)) for b in range(len(pictures))]
        coded = list(self._pool.map(self._coded, sources, levels.tolist()))
        decoded = [
            torch.from_numpy(np.stack([getattr(picture, name) for _, picture in coded])[:, None]) for name in "yuv"
        ]
        shown = _pictures(*(plane.to(pictures.device) for plane in decoded))
        return shown, torch.tensor([8.0 * size for size, _ in coded], device=pictures.device)

    def _coded(self, picture: KeyPicture, level: float) -> tuple[int, KeyPicture]:
        """Size in bytes, and the picture as it decodes."""
        data, decoded = coding.encode(picture, level, coding.new_models(self._starts))
        return len(data), decoded


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
