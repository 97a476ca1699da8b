"""From λ to rate and back: what a few encodes tell of the λ that gives a wanted rate."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from app.state.blind.procedure import LEVEL_STEP, RANGE_LIMIT, level_grid

GRID_POINTS = 9


class NotMonotone(ValueError):
    """A larger λ gave fewer bits, or no more: no rate can be asked for."""


def lambda_grid(low: float, high: float, points: int = GRID_POINTS) -> tuple[float, ...]:
    """λ from `low` to `high`, `points` of them, log-spaced, the ends exact."""
    return (low, *(float(value) for value in np.geomspace(low, high, points)[1:-1]), high)


@dataclass(frozen=True, slots=True)
class Ladder:
    """λ and measured kbps of the segment, ascending. Log rate is interpolated over log λ by straight lines, which
    rise wherever the points do."""

    points: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        """Raises NotMonotone, ValueError for fewer than two points."""
        if len(self.points) < 2:
            raise ValueError("A ladder has two points or more.")
        for (lower, few), (higher, more) in pairwise(self.points):
            if not (0 < lower < higher and 0 < few < more):
                raise NotMonotone(
                    f"λ {higher:.3g} gives {more:.4g} kbps and λ {lower:.3g} gives {few:.4g} kbps: the rate does not "
                    "rise with λ, so that none can be asked for. Another segment or a smaller range of λ may do."
                )

    @property
    def x(self) -> tuple[float, float]:
        """log2 kbps of the ends."""
        return math.log2(self.points[0][1]), math.log2(self.points[-1][1])

    def lmbda(self, x: float) -> float:
        """λ that is expected to give 2**x kbps; at the ends that of the end."""
        logs = np.log([[lmbda, kbps] for lmbda, kbps in self.points])
        if x <= self.x[0] or x >= self.x[1]:
            return self.points[0 if x <= self.x[0] else -1][0]
        return float(np.exp(np.interp(x * math.log(2), logs[:, 1], logs[:, 0])))

    def levels(self, around: float | None = None) -> tuple[float, ...]:
        """Levels offered, log2 kbps: all of the ladder, or RANGE_LIMIT octaves of it: those about `around`, by default
        the uppermost. Raises ValueError when the ladder spans less than two levels."""
        low, high = self.x
        if high - low < LEVEL_STEP:
            raise ValueError("All λ give about the same rate: there is nothing to choose from.")
        if high - low > RANGE_LIMIT:
            middle = high if around is None else around
            low = min(max(low, middle - RANGE_LIMIT / 2), high - RANGE_LIMIT)
            high = low + RANGE_LIMIT
        return level_grid(low, high)


def known(points: Sequence[tuple[float, float]]) -> Ladder:
    """A ladder of what was measured, in any order. Raises NotMonotone, ValueError."""
    return Ladder(tuple(sorted(points)))
