"""What D and E know of a picture before its latent: the prediction, and for pictures between anchors how far its two
sources disagree."""

import torch
from torch import Tensor

from codec.hybrid.motion.layout import MotionFields
from codec.hybrid.motion.warp import mixed


def between(first: Tensor, last: Tensor, motion: MotionFields[Tensor]) -> Tensor:
    """Known of the n pictures between two anchors (B, 3, H, W): (B, n, 6, H, W), the two moved anchors mixed as
    `motion.late` (B, n, gh, gw) says, then half their difference, less of it where the mix leans to one side more than
    the picture's place between them does. `motion.before` and `motion.after` (B, n, 2, gh, gw)."""
    assert motion.before is not None and motion.after is not None and motion.late is not None
    count = motion.before.shape[1]
    share = (torch.arange(1, count + 1, device=first.device, dtype=torch.float32) / (count + 1)).view(1, -1, 1, 1)
    doubt = torch.minimum(motion.late / share, (1 - motion.late) / (1 - share)) * 0.5
    return mixed(first, last, motion.before, motion.after, motion.late, doubt)
