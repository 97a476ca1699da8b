"""What D and E know of a picture before its latent: the prediction, and for pictures between anchors how far its two
sources disagree."""

import torch
from torch import Tensor

from codec.motion.layout import MotionFields
from codec.motion.warp import warp


def nothing(pictures: Tensor) -> Tensor:
    """The prediction of a key picture: mid grey."""
    return torch.zeros_like(pictures)


def between(first: Tensor, last: Tensor, motion: MotionFields[Tensor]) -> Tensor:
    """Known of the n pictures between two anchors (B, 3, H, W): (B, n, 6, H, W), the mean of the two moved anchors,
    the nearer one counting more, then half their difference. `motion.before` and `motion.after` (B, n, 2, gh, gw)."""
    assert motion.before is not None and motion.after is not None
    count = motion.before.shape[1]
    early = _moved(first, motion.before)
    late = _moved(last, motion.after)
    share = (torch.arange(1, count + 1, device=first.device, dtype=torch.float32) / (count + 1)).view(1, -1, 1, 1, 1)
    apart = late - early
    return torch.cat((torch.addcmul(early, apart, share), apart * 0.5), dim=2)


def _moved(picture: Tensor, fields: Tensor) -> Tensor:
    """(B, 3, H, W) along fields (B, n, 2, gh, gw) -> (B, n, 3, H, W)."""
    count = fields.shape[1]
    repeated = picture[:, None].expand(-1, count, -1, -1, -1).flatten(0, 1)
    return warp(repeated, fields.flatten(0, 1)).unflatten(0, (-1, count))
