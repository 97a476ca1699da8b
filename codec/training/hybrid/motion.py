"""Motion of training clips: estimated and coded as an encoder would, once for each step."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from codec.hybrid.motion import coding
from codec.hybrid.motion.layout import MotionFields, MotionShape, fields_of

Fields = MotionFields[NDArray[np.float32]]


class ClipMotion:
    """Estimates and codes motion on a few threads, a GoP each."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(max(1, threads), "motion")

    def of(self, clip: Tensor, levels: Tensor, gops: int) -> tuple[list[MotionFields[Tensor]], Tensor]:
        """Decoded motion of each of the `gops` GoPs of `clip` (B, 8·gops + 1, 3, H, W) in [-1, 1] at `levels` (B,), on
        the clip's device, and its bits (B,)."""
        weights = clip.new_tensor([0.299, 0.587, 0.114]).view(1, 1, 3, 1, 1)
        luma = (((clip * weights).sum(dim=2) + 1) * 127.5).clamp(0, 255).round().to(torch.uint8).cpu().numpy()
        step = (clip.shape[1] - 1) // gops
        places = [(b, k) for k in range(gops) for b in range(len(clip))]
        coded = list(
            self._pool.map(
                lambda at: _coded(luma[at[0], at[1] * step : (at[1] + 1) * step + 1], float(levels[at[0]])), places
            )
        )
        fields = [_stacked([coded[k * len(clip) + b][0] for b in range(len(clip))], clip.device) for k in range(gops)]
        bits = torch.tensor([c[1] for c in coded], device=clip.device).view(gops, -1).sum(dim=0)
        return fields, bits


def _coded(luma: NDArray[np.uint8], level: float) -> tuple[Fields, float]:
    length, height, width = luma.shape
    data, vectors = coding.encode(list(luma), None, MotionShape(length, width, height, entry=False), level)
    return fields_of(vectors, length, entry=False), 8.0 * len(data)


def _stacked(fields: Sequence[Fields], device: torch.device) -> MotionFields[Tensor]:
    def stack(name: str) -> Tensor:
        return torch.from_numpy(np.stack([getattr(each, name) for each in fields])).to(device)

    return MotionFields(None, stack("anchor"), stack("before"), stack("after"), stack("late"))
