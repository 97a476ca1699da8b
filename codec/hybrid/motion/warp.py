"""Pictures moved by vectors: overlapped block motion compensation (Orchard and Sullivan 1994).

Every cell's vector moves the picture as a whole; between the middles of four cells the four moved pictures are mixed
bilinearly. Where vectors agree that is plain motion, where they do not it fades from one to the other instead of
tearing. Samples between pixels by cubic convolution (a = -0.75), beyond the picture its edge goes on.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from codec.hybrid.motion import overlap
from codec.hybrid.motion.layout import NODE, MotionFields


def warp(picture: Tensor, vectors: NDArray[np.int32]) -> Tensor:
    """`picture` (1, C, H, W) float32, H and W multiples of NODE, along each of n planes of vectors (n, H / NODE,
    W / NODE, 2) in quarter pixels: (n, C, H, W)."""
    moved = torch.empty(len(vectors), *picture.shape[1:])
    overlap.move(picture[0].numpy(), vectors, moved.numpy())
    return moved


def between(first: Tensor, last: Tensor, motion: MotionFields) -> Tensor:
    """The n pictures between two anchors (1, C, H, W) as they are predicted: both moved, and mixed as `motion.late`
    says, interpolated bilinearly; (n, C, H, W)."""
    early, late = warp(first, motion.before), warp(last, motion.after)
    share = F.interpolate(torch.from_numpy(motion.late)[:, None], scale_factor=float(NODE), mode="bilinear")
    overlap.mix(early.numpy(), late.numpy(), share[:, 0].numpy())
    return early
