"""Motion of training clips: estimated and coded as an encoder would, once for each step."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from codec.model.scales import SCALE_COUNT, laplace_bits, scale_of
from codec.motion import scales, transform
from codec.motion.estimate import estimate
from codec.motion.layout import MotionFields

_SCALES = scale_of(torch.arange(SCALE_COUNT, dtype=torch.float64))


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


def _coded(luma: transform.Field, level: float) -> tuple[MotionFields[transform.Field], float]:
    step = transform.step_of(level)
    symbols = transform.quantise(estimate(list(luma)), step)
    return transform.dequantise(symbols, step, len(luma), entry=False), code_length(symbols)


def code_length(symbols: transform.Symbols) -> float:
    """Ideal bits of a GoP's motion symbols (planes, 2, gh, gw), scale numbers included."""
    numbers = scales.choose(symbols, _SCALES.numpy())
    rows = torch.from_numpy(scales.indices(numbers, *symbols.shape[-2:]).astype(np.int64))
    bits = laplace_bits(torch.from_numpy(symbols).double(), _SCALES[rows])
    head = laplace_bits(torch.from_numpy(scales.differences(numbers)).double(), _SCALES[scales.HEADER_ROW])
    return float(bits[rows > 0].sum() + head.sum())


def _stacked(fields: Sequence[MotionFields[transform.Field]], device: torch.device) -> MotionFields[Tensor]:
    def stack(name: str) -> Tensor:
        return torch.from_numpy(np.stack([getattr(each, name) for each in fields])).to(device)

    return MotionFields(None, stack("anchor"), stack("before"), stack("after"))
