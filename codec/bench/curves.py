"""The neural codec's curves against each rival's: Bjøntegaard rates a clip, and their means."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from codec.bench.points import Row
from codec.bench.tasks import NEURAL
from codec.metrics.bjontegaard import BjontegaardRate, NotComparable, RatePoint, bd_rate
from codec.metrics.kinds import METRICS

Window = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The neural codec against one rival on one clip by one metric; `refused` says why there is no rate."""

    clip: str
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


def comparisons(rows: Sequence[Row], metrics: Sequence[str], window: Window) -> list[Comparison]:
    """Every clip, rival and metric that has points, over all rates and over `window`."""
    found: list[Comparison] = []
    for clip in dict.fromkeys(row.clip for row in rows):
        rivals = dict.fromkeys(row.codec for row in rows if row.clip == clip and row.codec != NEURAL)
        for rival, metric in product(rivals, metrics):
            anchor, test = curve(rows, clip, rival, metric), curve(rows, clip, NEURAL, metric)
            if not anchor or not test:
                continue
            for part in (None, window):
                found.append(_compare(clip, rival, metric, part, anchor, test))
    return found


def _compare(
    clip: str, rival: str, metric: str, window: Window | None, anchor: list[RatePoint], test: list[RatePoint]
) -> Comparison:
    try:
        rate = bd_rate(anchor, test, higher_is_better=METRICS[metric].higher_is_better, window=window)
    except NotComparable as error:
        return Comparison(clip, rival, metric, window, None, str(error))
    return Comparison(clip, rival, metric, window, rate, "")


def mean_rate(found: Iterable[Comparison], rival: str, metric: str, window: Window | None) -> MeanRate:
    """The mean over clips."""
    own = [c for c in found if (c.rival, c.metric, c.window) == (rival, metric, window)]
    percents = [c.rate.percent for c in own if c.rate is not None]
    return MeanRate(sum(percents) / len(percents) if percents else None, len(percents), len(own))
