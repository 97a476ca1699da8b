"""Quality over rate of all takes of a clip: a point a take, and what one codec saves against another."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.state.comparison import compare
from app.state.curves import CURVES, Series
from app.state.takes import Kind
from codec.metrics.bjontegaard import MIN_POINTS, NotComparable, RatePoint, bd_rate

RIVALS = (Kind.HEVC, Kind.VVC, Kind.AV1)


@dataclass(frozen=True, slots=True)
class Saving:
    """The neural takes against a rival's, at equal quality."""

    rival: Kind
    percent: float | None
    """Change of rate, below zero fewer bits; None when the curves cannot be compared."""
    details: str
    """The qualities compared, or why none are."""


def points_of(series: Sequence[Series], key: str) -> dict[int, tuple[float, float]]:
    """(bpp, mean score) by take id, of the takes that have a rate and are measured whole, over the frames that all of
    them have."""
    rated = [entry for entry in series if entry.bpp is not None]
    found = compare(rated, key)
    return {
        entry.take: (entry.bpp, found[entry.take].mean)
        for entry in rated
        if entry.bpp is not None and entry.take in found and found[entry.take].finished
    }


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
        found.append(Saving(rival, rate.percent, f"Bjøntegaard rate against {rival.value} over {compared}"))
    return tuple(found)
