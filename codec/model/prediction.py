"""What D and E know of a picture before its latent: the prediction, and for pictures between anchors how far its two
sources disagree; and where D may change it."""

import torch
from torch import Tensor
from torch.nn import functional as F

from codec.model.config import TRANSFORM_STRIDE
from codec.motion.layout import MotionFields
from codec.motion.warp import mixed

_LOUD = 0.5
"""Quantiser steps from which on a latent counts in full."""


def between(first: Tensor, last: Tensor, motion: MotionFields[Tensor]) -> Tensor:
    """Known of the n pictures between two anchors (B, 3, H, W): (B, n, 6, H, W), the two moved anchors mixed as
    `motion.late` (B, n, gh, gw) says, then half their difference, less of it where the mix leans to one side more than
    the picture's place between them does. `motion.before` and `motion.after` (B, n, 2, gh, gw)."""
    assert motion.before is not None and motion.after is not None and motion.late is not None
    count = motion.before.shape[1]
    share = (torch.arange(1, count + 1, device=first.device, dtype=torch.float32) / (count + 1)).view(1, -1, 1, 1)
    doubt = torch.minimum(motion.late / share, (1 - motion.late) / (1 - share)) * 0.5
    return mixed(first, last, motion.before, motion.after, motion.late, doubt)


def spoken(y_hat: Tensor) -> Tensor:
    """Where a latent says something: gained y_hat (N, Cy, h, w), in quantiser steps -> (N, 16h, 16w) from 0 to 1. Zero
    where it is silent with all its neighbours: there D's word does not count and the prediction stays as it is."""
    loudest = (y_hat.detach().float().abs().amax(dim=1, keepdim=True) / _LOUD).clamp(max=1.0)
    loudest = F.max_pool2d(loudest, 3, stride=1, padding=1)
    return F.interpolate(loudest, scale_factor=float(TRANSFORM_STRIDE), mode="bilinear", align_corners=False)[:, 0]
