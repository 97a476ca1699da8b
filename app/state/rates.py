"""Quality over rate of all takes of a clip: a point a take, what one codec saves against another, and what a curve says
between its points."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from app.state.comparison import compare
from app.state.curves import CURVES, Series
from app.state.takes import Kind
from codec.metrics.bjontegaard import MIN_POINTS, NotComparable, RatePoint, bd_rate

RIVALS = (Kind.HEVC, Kind.VVC, Kind.AV1)


class RateUnit(Enum):
    """What a rate axis counts."""

    KBPS = "kbps"
    BPP = "bits per pixel"

    def of(self, series: Series) -> float | None:
        """A take's rate in this unit, None without one."""
        return series.kbps if self is RateUnit.KBPS else series.bpp

    def text(self, rate: float) -> str:
        """A rate as it is read off: "512 kbps", "0.0142 bpp"."""
        return f"{rate:.4g} kbps" if self is RateUnit.KBPS else f"{rate:.4g} bpp"


@dataclass(frozen=True, slots=True)
class Saving:
    """The neural takes against a rival's, at equal quality."""

    rival: Kind
    percent: float | None
    """Change of rate, below zero fewer bits; None when the curves cannot be compared."""
    details: str
    """The qualities compared, or why none are."""


@dataclass(frozen=True, slots=True)
class CodecCurve:
    """The takes of one codec, by rising rate."""

    name: str
    rates: tuple[float, ...]
    scores: tuple[float, ...]
    takes: tuple[int, ...]

    def score_at(self, rate: float) -> float | None:
        """Interpolated over the logarithm of the rate; None outside of what was measured."""
        logs = np.log(self.rates)
        return float(np.interp(math.log(rate), logs, self.scores)) if self._covers(rate, self.rates) else None

    def rate_for(self, score: float) -> float | None:
        """The lowest rate at which the curve passes a score, interpolated; None where it never does."""
        for i in range(len(self.rates) - 1):
            (low, high), (first, last) = self.scores[i : i + 2], self.rates[i : i + 2]
            if low != high and min(low, high) <= score <= max(low, high):
                share = (score - low) / (high - low)
                return first * (last / first) ** share
        return None

    @staticmethod
    def _covers(value: float, known: Sequence[float]) -> bool:
        return len(known) > 1 and known[0] <= value <= known[-1]


def points_of(series: Sequence[Series], key: str, unit: RateUnit = RateUnit.BPP) -> dict[int, tuple[float, float]]:
    """(rate, mean score) by take id, of the takes that have a rate and are measured whole, over the frames that all of
    them have."""
    rated = [entry for entry in series if unit.of(entry) is not None]
    found = compare(rated, key)
    return {
        entry.take: (rate, found[entry.take].mean)
        for entry in rated
        if (rate := unit.of(entry)) is not None and entry.take in found and found[entry.take].finished
    }


def curves_of(series: Sequence[Series], key: str, unit: RateUnit) -> tuple[CodecCurve, ...]:
    """A curve for each codec that has points; imported takes are of no codec and have none."""
    points, by_codec = points_of(series, key, unit), dict[str, list[Series]]()
    for entry in series:
        if entry.take in points and entry.kind is not Kind.IMPORTED:
            by_codec.setdefault(entry.codec, []).append(entry)
    found = []
    for name, entries in by_codec.items():
        entries.sort(key=lambda entry: points[entry.take])
        rates, scores = zip(*(points[entry.take] for entry in entries), strict=True)
        found.append(CodecCurve(name, rates, scores, tuple(entry.take for entry in entries)))
    return tuple(found)


def savings(series: Sequence[Series], key: str) -> tuple[Saving, ...]:
    """Bjøntegaard rates of the neural takes against each rival that has as many takes as that needs."""
    points = points_of(series, key)

    def curve(kind: Kind) -> list[RatePoint]:
        # Encoding again at the same setting adds no point.
        return [RatePoint(*p) for p in sorted({points[s.take] for s in series if s.kind is kind and s.take in points})]

    neural, found = curve(Kind.NEURAL), []
    for rival in RIVALS:
        baseline = curve(rival)
        if min(len(neural), len(baseline)) < MIN_POINTS:
            continue
        kind = CURVES[key]
        try:
            rate = bd_rate(baseline, neural, higher_is_better=bool(kind.higher_is_better))
        except NotComparable as error:
            found.append(Saving(rival, None, str(error)))
            continue
        unit = f" {kind.unit}" if kind.unit else ""
        compared = f"{kind.title} {rate.low:.{kind.digits}f} to {rate.high:.{kind.digits}f}{unit}"
        found.append(Saving(rival, rate.percent, f"Bjøntegaard rate against {rival.label} over {compared}"))
    return tuple(found)
