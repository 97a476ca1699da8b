"""Where one scene gives way to another: prediction across a cut would carry nothing but the old scene."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from codec import opencv

Plane = NDArray[np.uint8]

_SIZE = (32, 18)
"""Pictures are compared at this size (width, height), where motion hardly shows."""
_LEAST = 18.0
"""Mean |difference| in grey levels that a cut exceeds, and by how often the middle one of the other steps."""
_TIMES = 4.0


def find_cut(pictures: Sequence[Plane]) -> int:
    """Number of the first picture of a new scene among luma pictures (H, W) uint8, 0 when there is no cut."""
    if len(pictures) < 2:
        return 0
    cv2 = opencv.load()
    small = [np.asarray(cv2.resize(picture, _SIZE, interpolation=cv2.INTER_AREA), np.float32) for picture in pictures]
    steps = np.array([np.abs(b - a).mean() for a, b in pairwise(small)])
    most = int(steps.argmax())
    others = np.delete(steps, most)
    usual = float(np.median(others)) if len(others) else 0.0
    return most + 1 if steps[most] > max(_LEAST, _TIMES * usual) else 0
