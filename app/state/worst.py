"""The frames that score worst, so that they can be looked at."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.state.curves import CURVES

APART = 4
"""Frames of one take nearer to each other than this show the same fault: only the worst of them is listed."""


@dataclass(frozen=True, slots=True)
class Worst:
    """One frame of one take."""

    take: int
    frame: int
    value: float


def worst_frames(values: NDArray[np.floating], metric: str, count: int) -> list[int]:
    """Up to `count` frame numbers, worst first, each at least APART frames from the others; NaN is left out."""
    badness = -values if CURVES[metric].higher_is_better else values
    order = np.argsort(-badness, kind="stable")
    found: list[int] = []
    for frame in order:
        if len(found) == count or np.isnan(badness[frame]):
            break
        if all(abs(int(frame) - other) >= APART for other in found):
            found.append(int(frame))
    return found


def worst_of_all(by_take: dict[int, NDArray[np.floating]], metric: str, count: int) -> list[Worst]:
    """The worst frames of several takes (by id) in one list, worst first."""
    found = [
        Worst(take, frame, float(values[frame]))
        for take, values in by_take.items()
        for frame in worst_frames(values, metric, count)
    ]
    found.sort(key=lambda entry: entry.value if CURVES[metric].higher_is_better else -entry.value)
    return found[:count]
