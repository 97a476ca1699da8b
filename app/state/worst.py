"""The frames that score worst, so that they can be looked at."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.state.curves import CURVES, statistics_of
from app.state.session import Session
from app.state.takes import Kind, Take

APART = 4
"""Frames of one take nearer to each other than this show the same fault: only the worst of them is listed."""


LISTED = 12
"""Of all takes together."""


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


def _measured(session: Session) -> list[Take]:
    return [take for take in session.takes.shown if take.kind is not Kind.SOURCE]


def worst_shown(session: Session, metric: str) -> list[Worst]:
    """The worst frames of the takes that have a pane, as their seams are shown now."""
    values = {take.id: session.scores.values(session.score_key(take), metric) for take in _measured(session)}
    return worst_of_all({number: array for number, array in values.items() if array is not None}, metric, LISTED)


def unfinished(session: Session, metric: str) -> list[str]:
    """Takes with a pane of which frames are not measured yet, so that worse ones may come: "NAME 12/30"."""
    known = [(take, statistics_of(session, take, metric)) for take in _measured(session)]
    return [f"{take.name} {found.count}/{found.due}" for take, found in known if found and not found.finished]
