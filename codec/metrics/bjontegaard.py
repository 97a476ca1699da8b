"""Bjøntegaard delta rate: how many percent more bits one codec needs than another for equal quality, on average.

After Bjøntegaard, VCEG-M33 (2001), with his cubic replaced by the piecewise cubic Hermite interpolation of Fritsch and
Butland (1984) on the logarithm of the rate, as in the common test conditions' tables: it does not swing between points.
Curves are compared only over the qualities that both reach; nothing is extrapolated.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codec.errors import SettingError

MIN_POINTS = 4
MIN_SHARE = 0.05
"""Of the qualities that the shorter curve spans, this much must be common: less is a chance touch of two ends."""

_Values = NDArray[np.float64]


class NotComparable(SettingError):
    """Two curves have no Bjøntegaard rate; the message says why."""


@dataclass(frozen=True, slots=True)
class RatePoint:
    """One point of a rate curve: `rate` in any unit above zero, `quality` in the metric's own unit."""

    rate: float
    quality: float


@dataclass(frozen=True, slots=True)
class BjontegaardRate:
    """`percent`: mean change of rate at equal quality; below zero, the tested codec needs fewer bits than the baseline.

    `low` and `high` are the ends of the compared qualities in the metric's unit.
    """

    percent: float
    low: float
    high: float


def bd_rate(
    baseline: Sequence[RatePoint],
    test: Sequence[RatePoint],
    *,
    higher_is_better: bool,
    window: tuple[float, float] | None = None,
) -> BjontegaardRate:
    """The rate of `test` against `baseline`, each of at least MIN_POINTS points in any order.

    With a `window` of rates, only qualities are compared that the baseline reaches at a rate within it. Raises
    NotComparable when a curve has too few points or its quality does not rise strictly with its rate, when the curves
    have less than MIN_SHARE of the shorter one's qualities in common, or when the window holds none of these.
    """
    sign = 1.0 if higher_is_better else -1.0
    curves = _Curve(baseline, sign, "baseline"), _Curve(test, sign, "tested")
    low, high = max(c.low for c in curves), min(c.high for c in curves)
    if not low < high:
        raise NotComparable(
            f"The curves have no quality in common: {_span(curves[0], sign)} for the baseline, "
            f"{_span(curves[1], sign)} for the tested codec."
        )
    if high - low < MIN_SHARE * min(c.high - c.low for c in curves):
        ends = sorted((sign * low, sign * high))
        raise NotComparable(
            f"The curves have too little quality in common, {ends[0]:g} to {ends[1]:g}: {_span(curves[0], sign)} for "
            f"the baseline, {_span(curves[1], sign)} for the tested codec."
        )
    if window is not None:
        bounds = [curves[0].quality_at(math.log(rate)) for rate in window]
        low, high = max(low, bounds[0]), min(high, bounds[1])
        if not low < high:
            raise NotComparable(
                f"The curves have no quality in common where the baseline's rate lies within {window[0]:g} to "
                f"{window[1]:g}."
            )
    gaps = [curve.integral(low, high) / (high - low) for curve in curves]
    ends = sorted((sign * low, sign * high))
    return BjontegaardRate(100.0 * math.expm1(gaps[1] - gaps[0]), *ends)


class _Curve:
    """log rate as a monotone function of quality (signed so that more is better)."""

    def __init__(self, points: Sequence[RatePoint], sign: float, name: str) -> None:
        if len(points) < MIN_POINTS:
            raise NotComparable(f"The {name} curve has {len(points)} points; at least {MIN_POINTS} are needed.")
        if any(not (math.isfinite(p.rate) and p.rate > 0 and math.isfinite(p.quality)) for p in points):
            raise NotComparable(f"The {name} curve has a point without a rate above zero or without a quality.")
        ordered = sorted(points, key=lambda p: p.rate)
        self._x = np.array([sign * p.quality for p in ordered])
        self._y = np.log([p.rate for p in ordered])
        steps = np.minimum(np.diff(self._x), np.diff(self._y))
        if not (steps > 0).all():
            worst = int(np.argmin(steps))
            raise NotComparable(
                f"The {name} curve's quality does not rise with its rate between {ordered[worst].rate:g} and "
                f"{ordered[worst + 1].rate:g}."
            )
        self._pchip = Pchip(self._x, self._y)
        self.low, self.high = float(self._x[0]), float(self._x[-1])

    def integral(self, low: float, high: float) -> float:
        return self._pchip.integral(low, high)

    def quality_at(self, log_rate: float) -> float:
        """The quality reached at a rate, by bisection of the monotone curve; an end of the curve for a rate outside."""
        low, high = self.low, self.high
        if log_rate <= self._y[0]:
            return low
        if log_rate >= self._y[-1]:
            return high
        for _ in range(80):
            middle = (low + high) / 2
            if self._pchip(middle) < log_rate:
                low = middle
            else:
                high = middle
        return (low + high) / 2


def _span(curve: _Curve, sign: float) -> str:
    low, high = sorted((sign * curve.low, sign * curve.high))
    return f"{low:g} to {high:g}"


class Pchip:
    """Monotone piecewise cubic through (x, y), x rising strictly, two points or more.

    Fritsch and Butland, "A Method for Constructing Local Monotone Piecewise Cubic Interpolants" (1984): an inner slope
    is the weighted harmonic mean of its neighbours' chords, an end's is the three-point formula, limited.
    """

    def __init__(self, x: _Values, y: _Values) -> None:
        self._x, self._y = np.asarray(x, float), np.asarray(y, float)
        self._h = np.diff(self._x)
        if len(self._x) < 2 or len(self._x) != len(self._y) or not (self._h > 0).all():
            raise ValueError("x must rise strictly, with a y for each of two or more x")
        self._slopes = _slopes(self._h, np.diff(self._y) / self._h)

    def __call__(self, at: float) -> float:
        """The value at `at`; outside the points the end pieces go on."""
        piece = self._piece(at)
        a, b, c, d = self._coefficients(piece)
        t = at - self._x[piece]
        return float(a + t * (b + t * (c + t * d)))

    def integral(self, low: float, high: float) -> float:
        """The integral from `low` to `high`, low <= high."""
        first, last = self._piece(low), self._piece(high)
        total = 0.0
        for piece in range(first, last + 1):
            begin = low if piece == first else self._x[piece]
            end = high if piece == last else self._x[piece + 1]
            total += self._antiderivative(piece, end) - self._antiderivative(piece, begin)
        return total

    def _piece(self, at: float) -> int:
        return int(np.clip(np.searchsorted(self._x, at, side="right") - 1, 0, len(self._h) - 1))

    def _coefficients(self, piece: int) -> tuple[float, float, float, float]:
        h, before, after = self._h[piece], self._slopes[piece], self._slopes[piece + 1]
        chord = (self._y[piece + 1] - self._y[piece]) / h
        square, cube = (3 * chord - 2 * before - after) / h, (before + after - 2 * chord) / h**2
        return self._y[piece], before, square, cube

    def _antiderivative(self, piece: int, at: float) -> float:
        a, b, c, d = self._coefficients(piece)
        t = at - self._x[piece]
        return float(t * (a + t * (b / 2 + t * (c / 3 + t * d / 4))))


def _slopes(h: _Values, chord: _Values) -> _Values:
    if len(h) == 1:
        return np.array([chord[0], chord[0]])
    slopes = np.zeros(len(h) + 1)
    before, after = 2 * h[1:] + h[:-1], h[1:] + 2 * h[:-1]
    inner = chord[:-1] * chord[1:] > 0
    slopes[1:-1][inner] = (before + after)[inner] / (
        before[inner] / chord[:-1][inner] + after[inner] / chord[1:][inner]
    )
    slopes[0] = _end_slope(h[0], h[1], chord[0], chord[1])
    slopes[-1] = _end_slope(h[-1], h[-2], chord[-1], chord[-2])
    return slopes


def _end_slope(h: float, next_h: float, chord: float, next_chord: float) -> float:
    slope = ((2 * h + next_h) * chord - h * next_chord) / (h + next_h)
    if slope * chord <= 0:
        return 0.0
    return 3 * chord if chord * next_chord < 0 and abs(slope) > 3 * abs(chord) else slope
