"""tOF: how far the motion in a reconstruction is from the motion in the clip (Chu et al. 2020, "Learning Temporal
Coherence via Self-Supervision for GAN-based Video Generation", section 5).

    tOF(t) = mean over pixels of ‖OF(x̂[t-1], x̂[t]) - OF(x[t-1], x[t])‖₂    in pixels a frame

The paper writes an L1 norm; its authors' program takes the length of each pixel's difference vector and averages that
over the picture, and so is it done here. OF is DIS optical flow (Kroeger et al. 2016) of OpenCV, medium preset, on
luma in the clip's coding, where they took Farnebäck's: values are not comparable with tables of another flow.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from codec.errors import SettingError
from codec.media.colour import recoded
from codec.media.picture import Colour, FrameSource, Plane

MIN_SIDE = 16
"""Smaller pictures are padded to this side: the flow's coarsest level would have no patches."""

Flow = NDArray[np.float32]
"""(H, W, 2): motion in pixels, x before y."""


def flow(before: Plane, now: Plane) -> Flow:
    """DIS flow from one luma plane (H, W) uint8 to the next; does not depend on the number of threads."""
    height, width = now.shape
    if min(height, width) < MIN_SIDE:
        pad = ((0, max(0, MIN_SIDE - height)), (0, max(0, MIN_SIDE - width)))
        return flow(np.pad(before, pad, mode="edge"), np.pad(now, pad, mode="edge"))[:height, :width]
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return np.asarray(dis.calc(before, now, np.zeros((height, width, 2), np.float32)), np.float32)


def flow_distance(a: Flow, b: Flow) -> float:
    """Mean length of the difference of two flows, in pixels, >= 0."""
    # Not np.linalg.norm, a tenth as fast over an axis of two, nor cv2.magnitude, whose last bit depends on where in
    # memory the flows lie.
    squares = np.square(a - b)
    return float(np.sqrt(squares[..., 0] + squares[..., 1]).mean(dtype=np.float64))


class FlowScorer:
    """tOF of takes against one clip. Frames in order are cheapest: the frame before and the clip's flow are kept."""

    def __init__(self, reference: FrameSource) -> None:
        self._reference = reference
        self._colour: Colour | None = None
        self._wanted: tuple[int, Flow] | None = None
        self._last: dict[str, tuple[int, Plane]] = {}

    def score(self, name: str, take: FrameSource, index: int) -> float | None:
        """tOF of frame `index`, None for frame 0, which has no frame before it; `name` tells takes apart.

        Raises SettingError when the take has another size than the clip, and what the sources raise.
        """
        ours, theirs = (self._reference.width, self._reference.height), (take.width, take.height)
        if ours != theirs:
            raise SettingError(f"A take of {theirs[0]}x{theirs[1]} cannot be scored against {ours[0]}x{ours[1]}.")
        if self._colour is None:
            self._colour = self._reference.picture(index).colour
        if index == 0:
            self._last[name] = 0, recoded(take.picture(0), self._colour).y
            return None
        if self._wanted is None or self._wanted[0] != index:
            self._wanted = index, self._into(" reference", self._reference, index)
        return flow_distance(self._into(name, take, index), self._wanted[1])

    def _into(self, name: str, source: FrameSource, index: int) -> Flow:
        colour = self._colour
        assert colour is not None
        number, before = self._last.get(name, (-1, None))
        if number != index - 1 or before is None:
            before = recoded(source.picture(index - 1), colour).y
        now = recoded(source.picture(index), colour).y
        self._last[name] = index, now
        return flow(before, now)
