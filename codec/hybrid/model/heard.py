"""Where latents say something, and the parts of pictures that E and D are run on.

Where bits are scarce most latents are silent nearly everywhere: there a picture is what was known of it, and no network
has to be asked.
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from codec import opencv
from codec.hybrid.model.config import FRAMES_PER_LATENT, TRANSFORM_STRIDE, LatentKind

_SILENT, _LOUD = 0.1, 0.5
"""Quantiser steps up to which a latent does not count, and from which on it counts in full."""
_WORTH, _RISE = {LatentKind.ANCHOR: 1e4, LatentKind.GROUP: 1.6e5}, 1.25
"""Squared error from which on a latent is worth trying, in grey levels squared, of all pictures and channels that a
sample of y stands for, at λ = 1; and how it rises where λ falls, as a power. Measured on the shipped weights: of the
samples that are not silent one in a hundred misses less."""
_AROUND = 2
"""Samples of y that networks see around those that count."""
_MOST = 0.6
"""Share of a picture from which on they are run on all of it."""


class Part(NamedTuple):
    """A rectangle of samples of y: rows [top, bottom), columns [left, right)."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def area(self) -> int:
        return (self.bottom - self.top) * (self.right - self.left)

    @property
    def samples(self) -> tuple[slice, slice]:
        """Rows and columns of y."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def pixels(self) -> tuple[slice, slice]:
        """Rows and columns of pictures."""
        s = TRANSFORM_STRIDE
        return slice(s * self.top, s * self.bottom), slice(s * self.left, s * self.right)


def heard(y_hat: Tensor) -> Tensor:
    """Where a latent says something: gained y_hat (N, Cy, h, w), in quantiser steps -> (N, 16h, 16w) from 0 to 1. Zero
    where it is silent with all its neighbours: there D's word does not count and the prediction stays as it is."""
    loudest = y_hat.detach().float().abs().amax(dim=1, keepdim=True)
    loudest = ((loudest - _SILENT) / (_LOUD - _SILENT)).clamp_(0.0, 1.0)
    loudest = F.max_pool2d(loudest, 3, stride=1, padding=1)
    return F.interpolate(loudest, scale_factor=float(TRANSFORM_STRIDE), mode="bilinear", align_corners=False)[:, 0]


def heard_parts(share: Tensor) -> list[Part]:
    """The parts of some pictures that D is run on, none of which overlap, for `share` (n, 16h, 16w) as of `heard`."""
    return _parts(F.max_pool2d(share.amax(dim=0)[None, None], TRANSFORM_STRIDE)[0, 0] > 0)


def missed_parts(pictures: Tensor, known: Tensor, kind: LatentKind, lmbda: float) -> list[Part]:
    """The parts of pictures (n, 3, 16h, 16w) that E is run on, none of which overlap: around what is missing in their
    predictions, `known` (n, C, 16h, 16w), where a latent of that kind may be worth its bits at λ."""
    missed = (pictures - known[:, :3]).square_().sum(dim=1)
    frames = 1 if kind is LatentKind.ANCHOR else FRAMES_PER_LATENT
    units = torch.stack([unit.sum(dim=0) for unit in missed.split(frames)])
    cells = F.avg_pool2d(units[None], TRANSFORM_STRIDE)[0].amax(dim=0) * (TRANSFORM_STRIDE * 127.5) ** 2
    return _parts(cells > _WORTH[kind] * lmbda**-_RISE)


def _parts(cells: Tensor) -> list[Part]:
    """Rectangles around the samples (h, w) that count."""
    rows, columns = cells.shape
    found, whole = _boxes(cells.cpu().numpy().astype(np.uint8)), Part(0, rows, 0, columns)
    return [whole] if sum(part.area for part in found) > _MOST * whole.area else found


def _boxes(cells: NDArray[np.uint8]) -> list[Part]:
    """Rectangles around what is not zero in `cells` (h, w), and some cells more at each side."""
    cv2 = opencv.load()
    side = 2 * _AROUND + 1
    count, _, boxes, _ = cv2.connectedComponentsWithStats(cv2.dilate(cells, np.ones((side, side), np.uint8)))
    apart: list[Part] = []
    for left, top, width, height, _ in boxes[1:count].tolist():
        part = Part(top, top + height, left, left + width)
        # What grows over others may reach further ones.
        while touching := [each for each in apart if _overlap(part, each)]:
            apart = [each for each in apart if each not in touching]
            part = _around([part, *touching])
        apart.append(part)
    return apart


def _overlap(a: Part, b: Part) -> bool:
    return a.top < b.bottom and b.top < a.bottom and a.left < b.right and b.left < a.right


def _around(parts: list[Part]) -> Part:
    tops, bottoms, lefts, rights = zip(*parts, strict=True)
    return Part(min(tops), max(bottoms), min(lefts), max(rights))
