"""The neural codec's curves against each rival's: Bjøntegaard rates a clip, and their means."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from codec.bench.points import Row
from codec.metrics.bjontegaard import BjontegaardRate, NotComparable, RatePoint, bd_rate
from codec.metrics.kinds import METRICS

Window = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One of our codecs against another codec on one clip by one metric; `refused` says why there is no rate."""

    clip: str
    codec: str
    rival: str
    metric: str
    window: Window | None
    """Rates of the rival in bits per pixel that were compared; None: all."""
    rate: BjontegaardRate | None
    refused: str


@dataclass(frozen=True, slots=True)
class MeanRate:
    """The mean of a rival's Bjøntegaard rates over the clips that have one, `count` of `total`; None for none."""

    percent: float | None
    count: int
    total: int


def curve(rows: Iterable[Row], clip: str, codec: str, metric: str) -> list[RatePoint]:
    """(bpp, score) of a codec's points of a clip that have the metric, by rate."""
    found = [row for row in rows if row.clip == clip and row.codec == codec and metric in row.scores]
    return [RatePoint(row.bpp, row.scores[metric]) for row in sorted(found, key=lambda row: row.bpp)]


def comparisons(rows: Sequence[Row], own: Sequence[str], metrics: Sequence[str], window: Window) -> list[Comparison]:
    """Every clip, codec of `own`, other codec and metric that has points, over all rates and over `window`; two of
    `own` once, the later against the earlier."""
    found: list[Comparison] = []
    for clip in dict.fromkeys(row.clip for row in rows):
        there = list(dict.fromkeys(row.codec for row in rows if row.clip == clip))
        for codec, rival, metric in product(own, there, metrics):
            if rival == codec or (rival in own and own.index(rival) > own.index(codec)):
                continue
            baseline, test = curve(rows, clip, rival, metric), curve(rows, clip, codec, metric)
            if not baseline or not test:
                continue
            for part in (None, window):
                rate, refused = _compare(metric, part, baseline, test)
                found.append(Comparison(clip, codec, rival, metric, part, rate, refused))
    return found


def _compare(
    metric: str, window: Window | None, baseline: list[RatePoint], test: list[RatePoint]
) -> tuple[BjontegaardRate | None, str]:
    try:
        return bd_rate(baseline, test, higher_is_better=METRICS[metric].higher_is_better, window=window), ""
    except NotComparable as error:
        return None, str(error)


def mean_rate(found: Iterable[Comparison], codec: str, rival: str, metric: str, window: Window | None) -> MeanRate:
    """The mean over clips."""
    own = [c for c in found if (c.codec, c.rival, c.metric, c.window) == (codec, rival, metric, window)]
    percents = [c.rate.percent for c in own if c.rate is not None]
    return MeanRate(sum(percents) / len(percents) if percents else None, len(percents), len(own))
