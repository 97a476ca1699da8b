"""What is known of an observer: a grid over threshold, spread and lapses, and what an answer or a level does to it.

Psychometric functions with Φ the normal distribution function, x = log2 of kbps, ℓ the rate of lapses:
parity, Pr(the neural take is preferred) = ℓ/2 + (1 - ℓ) Φ((x - μ) / σ);
transparency, Pr(the coded tile of four is found) = 1/4 + 3/4 (1 - ℓ) Φ((μ - x) / σ).
Levels are chosen as QUEST+ does (Watson, "QUEST+: a general multidimensional Bayesian adaptive psychometric method",
Journal of Vision 17(3), 2017): the one whose answer is expected to take away most of the uncertainty.
"""

from dataclasses import dataclass

import numpy as np

from app.state.blind.normal import normal_cdf
from app.state.blind.tasks import Task

MARGIN = 0.75
"""Octaves that thresholds may lie beyond the levels offered."""
STEP = 1 / 16
"""Octaves from one threshold of the grid to the next."""
SPREADS = np.geomspace(0.12, 1.6, 12)
"""σ in octaves. A narrower prior would be sure too early of observers who are not."""
SPREAD_WEIGHTS = np.sqrt(SPREADS)
"""Likelier the larger: with equal weights the intervals of unsure observers hold the truth too seldom."""
LAPSES = np.array([0.01, 0.04, 0.08])
LAPSE_WEIGHTS = np.array([0.4, 0.4, 0.2])
TAIL = 0.025
"""Left out of an interval at each end."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Median and equal-tailed 95 % credible interval."""

    low: float
    median: float
    high: float

    @property
    def width(self) -> float:
        return self.high - self.low


def quantiles(values: np.ndarray, step: float, weights: np.ndarray) -> Interval:
    """Of a distribution over bins around `values`, `step` apart. The bins' upper edges are where their weight has been
    passed: read at their middles, every quantile would come out half a bin too low."""
    cumulative = np.concatenate(([0.0], np.cumsum(weights)))
    edges = np.concatenate(([values[0] - step / 2], values + step / 2))
    low, median, high = np.interp((TAIL, 0.5, 1 - TAIL), cumulative / cumulative[-1], edges)
    return Interval(float(low), float(median), float(high))


class Posterior:
    """Weights of the grid after the answers so far. Arrays have the axes (threshold, spread, lapses)."""

    def __init__(self, task: Task, low: float, high: float) -> None:
        """`low`, `high`: log2 kbps of the lowest and the highest level offered."""
        self.task = task
        count = round((high - low + 2 * MARGIN) / STEP) + 1
        self.thresholds = low - MARGIN + STEP * np.arange(count)
        prior = np.log(SPREAD_WEIGHTS)[:, None] + np.log(LAPSE_WEIGHTS)[None, :]
        self._log_weights = np.broadcast_to(prior, (count, *prior.shape)).copy()

    @property
    def weights(self) -> np.ndarray:
        """They sum to 1."""
        raw = np.exp(self._log_weights - self._log_weights.max())
        return raw / raw.sum()

    def copy(self) -> "Posterior":
        """One that goes on by itself."""
        other = object.__new__(Posterior)
        other.task, other.thresholds, other._log_weights = self.task, self.thresholds, self._log_weights.copy()
        return other

    def chances(self, x: np.ndarray) -> np.ndarray:
        """Probability of outcome 1 at levels `x` (any number, log2 kbps), by every point of the grid: one axis more,
        in front."""
        distance = x[:, None, None] - self.thresholds[None, :, None]
        if self.task is Task.TRANSPARENCY:
            distance = -distance
        seen = normal_cdf(distance / SPREADS[None, None, :])[..., None]
        if self.task is Task.PARITY:
            return LAPSES / 2 + (1 - LAPSES) * seen
        return 0.25 + 0.75 * (1 - LAPSES) * seen

    def learn(self, x: float, outcome: float) -> None:
        """An answer at level `x`. Outcome 0.5, "not sure", counts half for either side."""
        chance = self.chances(np.array([x]))[0]
        self._log_weights += outcome * np.log(chance) + (1 - outcome) * np.log1p(-chance)

    @property
    def threshold(self) -> Interval:
        """Of μ, log2 kbps."""
        return quantiles(self.thresholds, STEP, self.weights.sum(axis=(1, 2)))

    @property
    def spread(self) -> Interval:
        """Of σ, octaves."""
        step = float(np.log(SPREADS[1] / SPREADS[0]))
        found = quantiles(np.log(SPREADS), step, self.weights.sum(axis=(0, 2)))
        return Interval(*(float(np.exp(value)) for value in (found.low, found.median, found.high)))


class Levels:
    """The levels offered, with what an answer at each of them is expected to tell."""

    def __init__(self, posterior: Posterior, x: np.ndarray) -> None:
        """`x`: log2 kbps, ascending."""
        self.x = x.astype(float).copy()
        self._chances = posterior.chances(self.x)
        self._doubts = _entropy(self._chances)

    def measured(self, posterior: Posterior, level: int, x: float) -> None:
        """A level was encoded: this is where it lies."""
        if self.x[level] != x:
            self.x[level] = x
            self._chances[level] = posterior.chances(np.array([x]))[0]
            self._doubts[level] = _entropy(self._chances[level])

    def information(self, posterior: Posterior) -> np.ndarray:
        """Bits that an answer at each level is expected to bring: the entropy of the answer less the entropy that is
        the observer's own."""
        weights = posterior.weights.reshape(-1)
        mean = self._chances.reshape(len(self.x), -1) @ weights
        return _entropy(mean) - self._doubts.reshape(len(self.x), -1) @ weights

    def nearest(self, x: float) -> int:
        """The level next to a rate."""
        return int(np.argmin(np.abs(self.x - x)))


def _entropy(chance: np.ndarray) -> np.ndarray:
    """Of a yes or no, in bits."""
    return -(chance * np.log2(chance) + (1 - chance) * np.log2(1 - chance))
