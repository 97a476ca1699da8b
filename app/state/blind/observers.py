"""Several observers: each has one result of its own, and only these results are put together.

Answers of different people are never pooled as if one had given them. The share of satisfied viewers at a rate (SUR)
is that of the people whose threshold is no higher, thresholds being about normal among people (Wang et al.,
"VideoSet", 2017). Intervals over observers: Student's t for the mean, and for what follows from mean and spread the
bias-corrected and accelerated bootstrap (Efron, "Better bootstrap confidence intervals", JASA 82, 1987).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from app.state.blind.journal import Run, State
from app.state.blind.normal import STANDARD, normal_cdf, t_quantile
from app.state.blind.posterior import TAIL, Interval
from app.state.blind.result import Place, Result

MIN_OBSERVERS = 6
"""Fewer are an engineering pre-test: each is shown, nothing is said of viewers at large."""
SHARE = 0.75
"""Of viewers that the rate given for them satisfies."""
RESAMPLES = 2000
_SEED = 20170


@dataclass(frozen=True, slots=True)
class Entry:
    """One observer's result."""

    observer: str
    run: Run
    result: Result

    @property
    def usable(self) -> bool:
        """True when it is a number that nothing speaks against."""
        return self.result.place is Place.INSIDE and not self.result.unreliable


@dataclass(frozen=True, slots=True)
class Viewers:
    """What the observers of one question say of viewers at large. Rates in kbps."""

    count: int
    mean: Interval
    """Geometric mean with its 95 % t interval."""
    spread: float
    """Standard deviation among observers, octaves."""
    satisfying: Interval
    """The rate that satisfies SHARE of the viewers, with its 95 % bootstrap interval."""
    rates: tuple[float, ...]
    satisfied: tuple[Interval, ...]
    """Shares of satisfied viewers at `rates`, with their intervals."""


def entries(runs: Sequence[Run]) -> tuple[Entry, ...]:
    """The newest complete run of every observer, of runs that ask the same question."""
    newest: dict[str, Run] = {}
    for run in sorted(runs, key=lambda each: each.setup.began):
        if run.state is State.COMPLETE:
            newest[run.setup.viewing.observer.strip().casefold()] = run
    return tuple(Entry(run.setup.viewing.observer, run, run.result()) for run in newest.values())


def heading(found: Sequence[Entry]) -> str:
    """What the table may be called."""
    usable, reliable = sum(each.usable for each in found), sum(not each.result.unreliable for each in found)
    count = f"{len(found)} observer{'' if len(found) == 1 else 's'}"
    if usable < reliable:
        beyond = reliable - usable
        return f"{count}, {beyond} of them beyond the rates offered: no mean can be given"
    return count if usable >= MIN_OBSERVERS else f"{count}: an engineering pre-test"


def viewers(found: Sequence[Entry]) -> Viewers | None:
    """None below MIN_OBSERVERS, and where an observer's threshold is only known to lie beyond the rates offered: to
    leave that one out would move the mean."""
    reliable = [each for each in found if not each.result.unreliable]
    if len(reliable) < MIN_OBSERVERS or not all(each.usable for each in reliable):
        return None
    return of_thresholds(np.log2([each.result.threshold.median for each in reliable]))


def of_thresholds(x: np.ndarray) -> Viewers:
    """Of the observers' thresholds, (n,) log2 kbps, two or more of them."""
    count, mean, spread = len(x), float(x.mean()), float(x.std(ddof=1))
    reach = t_quantile(1 - TAIL, count - 1) * spread / math.sqrt(count)
    factor = STANDARD.inv_cdf(SHARE)
    rates = np.arange(mean - 3 * spread, mean + 3 * spread + 1e-9, max(1e-6, spread / 4))

    def statistic(samples: np.ndarray) -> np.ndarray:
        means, spreads = samples.mean(axis=1, keepdims=True), samples.std(axis=1, ddof=1, keepdims=True)
        spreads = np.maximum(spreads, 1e-9)
        return np.concatenate((means + factor * spreads, normal_cdf((rates - means) / spreads)), axis=1)

    low, value, high = bca(x, statistic)
    satisfied = tuple(
        Interval(float(a), float(b), float(c)) for a, b, c in zip(low[1:], value[1:], high[1:], strict=True)
    )
    return Viewers(
        count,
        Interval(2.0 ** (mean - reach), 2.0**mean, 2.0 ** (mean + reach)),
        spread,
        Interval(*(float(2.0 ** each[0]) for each in (low, value, high))),
        tuple(float(rate) for rate in 2.0**rates),
        satisfied,
    )


def bca(
    values: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray], resamples: int = RESAMPLES
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lower ends, values and upper ends of the 95 % intervals of a statistic, which is given samples (k, n) and gives
    (k, m). `values`: (n,)."""
    count, random = len(values), np.random.default_rng(_SEED)
    whole = statistic(values[None, :])[0]
    made = statistic(values[random.integers(count, size=(resamples, count))])
    below = (made < whole).mean(axis=0) + (made == whole).mean(axis=0) / 2
    bias = np.array([STANDARD.inv_cdf(min(max(float(p), 1 / resamples), 1 - 1 / resamples)) for p in below])
    left_out = statistic(np.array([np.delete(values, number) for number in range(count)]))
    away = left_out.mean(axis=0) - left_out
    scale = (away**2).sum(axis=0) ** 1.5
    speed = np.divide((away**3).sum(axis=0), 6 * scale, out=np.zeros_like(scale), where=scale > 0)
    ends = []
    for tail in (TAIL, 1 - TAIL):
        z = bias + STANDARD.inv_cdf(tail)
        at = normal_cdf(bias + z / (1 - speed * z))
        ends.append(np.array([np.quantile(made[:, column], share) for column, share in enumerate(at)]))
    return ends[0], whole, ends[1]
