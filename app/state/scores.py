"""Per-frame measurements of every take, in packed arrays that fill as they are computed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from codec.metrics.scores import FrameScore

METRICS = ("lpips", "tlp", "tof", "psnr_db", "ssim", "vmaf")
Key = tuple[int, str]
"""Take id and seam mode ("" for takes without GoP modes), with IN_REGION and the region's text where one is scored."""
Values = dict[tuple[Key, str], NDArray[np.float32]]
"""Arrays by key and metric."""
IN_REGION = " in "
MIN_SCORED_SIDE = 32
"""Regions and pictures with a shorter side are not scored frame by frame: LPIPS and VMAF see nothing in them."""


@dataclass(frozen=True, slots=True)
class FrameMeasures(FrameScore):
    """One frame's scores with those of its luma plane."""

    ssim: float
    """-1 to 1."""
    tof: float | None
    """Pixels a frame; None for frame 0, which has no frame before it."""


@dataclass(frozen=True, slots=True)
class VmafScore:
    """VMAF of one frame, 0 to 100."""

    index: int
    vmaf: float


class Scores:
    """Arrays (frame_count,) float32 per key and metric; NaN where nothing is computed."""

    changed = Signal(object)
    """Key whose values changed."""

    def __init__(self) -> None:
        self._count = 0
        self._values: Values = {}

    def reset(self, frame_count: int) -> None:
        """Forget everything: a new clip."""
        self._count = frame_count
        self._values = {}
        self.changed.emit(None)

    def kept(self) -> Values:
        """What there is, to be given to `restore` when its clip comes back; nothing is added to it after `reset`."""
        return self._values

    def restore(self, frame_count: int, values: Values) -> None:
        """Scores of a clip that comes back."""
        self._count, self._values = frame_count, values
        self.changed.emit(None)

    def add(self, key: Key, scores: Sequence[FrameScore | VmafScore]) -> None:
        """Enter new values."""
        for score in scores:
            for metric in METRICS:
                value = getattr(score, metric, None)
                if value is not None and 0 <= score.index < self._count:
                    self._array(key, metric)[score.index] = value
        self.changed.emit(key)

    def copy(self, source: Key, target: Key, frames: Iterable[int]) -> None:
        """Enter under `target` what `source` has for `frames`."""
        indices = np.fromiter(frames, dtype=np.intp)
        for metric in METRICS:
            values = self.values(source, metric)
            if values is not None:
                self._array(target, metric)[indices] = values[indices]
        self.changed.emit(target)

    def forget(self, take_id: int) -> None:
        """Drop a take's values."""
        for entry in [e for e in self._values if e[0][0] == take_id]:
            del self._values[entry]
        self.changed.emit(None)

    def values(self, key: Key, metric: str) -> NDArray[np.float32] | None:
        """The array of a metric, or None when nothing was entered."""
        return self._values.get((key, metric))

    def _array(self, key: Key, metric: str) -> NDArray[np.float32]:
        if (key, metric) not in self._values:
            self._values[key, metric] = np.full(self._count, np.nan, np.float32)
        return self._values[key, metric]
