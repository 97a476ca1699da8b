"""Per-frame values of takes as curves: what is plotted, listed and exported. Packed arrays in, packed arrays out."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.state.session import Session
from app.state.takes import Kind, Take

Values = NDArray[np.float64]
"""One value a frame of the clip, NaN where there is none (yet)."""
WORST_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class CurveKind:
    """One thing that is known of every frame of a take."""

    key: str
    title: str
    unit: str
    higher_is_better: bool | None
    """None: neither."""
    digits: int
    extent: tuple[float, float]
    """Values of interest lie well inside; marks over the whole height of a chart reach so far."""

    @property
    def axis(self) -> str:
        """Title, unit and direction: "PSNR in dB, higher is better"."""
        unit = f" in {self.unit}" if self.unit else ""
        if self.higher_is_better is None:
            return f"{self.title}{unit}"
        return f"{self.title}{unit}, {'higher' if self.higher_is_better else 'lower'} is better"


CURVES: dict[str, CurveKind] = {
    kind.key: kind
    for kind in (
        CurveKind("lpips", "LPIPS", "", False, 4, (-1.0, 3.0)),
        CurveKind("tlp", "tLP", "", False, 5, (-1.0, 3.0)),
        CurveKind("tof", "tOF", "pixels", False, 4, (-1e3, 1e3)),
        CurveKind("psnr_db", "PSNR", "dB", True, 2, (-100.0, 200.0)),
        CurveKind("ssim", "SSIM", "", True, 4, (-2.0, 2.0)),
        CurveKind("vmaf", "VMAF", "", True, 1, (-1e3, 1e3)),
        CurveKind("bits", "Bits per frame", "", None, 0, (-1e8, 1e8)),
        CurveKind("kbps", "Rate over 1 s", "kbps", None, 1, (-1e6, 1e6)),
    )
}
"""By key, in the order of charts and tables. SSIM, VMAF and tOF are of the luma plane, the others of the RGB shown."""
RATES = frozenset({"bits", "kbps"})
"""Curves of what a take costs; the others are of how good it is."""
FROM_SECOND = frozenset({"tlp", "tof"})
"""Curves that compare with the frame before: the clip's first has no value."""


@dataclass(frozen=True, slots=True)
class Series:
    """All curves of one take, with what its label says."""

    take: int
    name: str
    kind: Kind
    codec: str
    """What encoded it, as curves are named."""
    number: int
    """The key that shows the take alone, and what stands before its name; from 2, the source being 1."""
    look: int
    """Its colour and dash."""
    kbps: float | None
    bpp: float | None
    rate_note: str
    """Empty for a measured rate; else where it comes from."""
    values: dict[str, Values] = field(repr=False)
    due: dict[str, int] = field(default_factory=dict, repr=False)
    """Frames that have a value once all is measured, by curve; a curve not named here has all of its values."""

    @property
    def title(self) -> str:
        """Number and name: "2 · Hybrid λ 0.05"."""
        return f"{self.number} · {self.name}"

    gop_means: bool = False
    """Its bits are the mean of each GoP, whose pictures the stream codes together."""

    def stepped(self, key: str) -> bool:
        """True for a curve that is flat over every GoP and drawn as steps."""
        return self.gop_means and key == "bits"

    def basis(self, key: str) -> str:
        """What a curve's values are, where they are not each frame's own: "GoP mean"; else empty."""
        return "GoP mean" if self.gop_means and key in RATES else ""

    def statistics(self, key: str) -> "Statistics | None":
        """Of one curve over the frames measured so far; None without any."""
        values = self.values.get(key)
        return None if values is None else statistics(values, CURVES[key], self.due.get(key))


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of the frames that have a value."""

    count: int
    mean: float
    worst_mean: float
    """Mean over the worst WORST_SHARE of the frames (at least one), by the metric's direction."""
    worst_frames: tuple[int, ...]
    """Those frames, worst first, at most 100."""
    due: int
    """Frames that have a value once all is measured."""
    whole: int
    """Frames of the clip that can have one: more than `due` where a take is shorter or shifted."""

    @property
    def finished(self) -> bool:
        """False while frames are missing: another mean may come of it."""
        return self.count >= self.due

    @property
    def extent(self) -> str:
        """What the numbers are of: "… 8/53" while not all is measured, " (30 of 53)" where that is not the whole clip,
        else empty."""
        if not self.finished:
            return f"… {self.count}/{self.due}"
        return "" if self.count >= self.whole else f" ({self.count} of {self.whole})"

    def said(self, value: float, digits: int) -> str:
        """A mean as text with its `extent`; one digit fewer while it is not settled."""
        return f"{value:.{digits if self.finished else max(0, digits - 1)}f}{self.extent}"


def series_of(session: Session, *, hidden: bool = False) -> tuple[Series, ...]:
    """Curves of all takes with a pane (and of the others too when `hidden`), as the seams are shown now."""
    return tuple(
        _series(session, take, number)
        for number, take in enumerate(session.takes, start=1)
        if take.kind is not Kind.SOURCE and (take.visible or hidden)
    )


def _series(session: Session, take: Take, number: int) -> Series:
    values, due = {}, {}
    for key in CURVES:
        curve = values_of(session, take, key)
        if curve is not None:
            values[key], due[key] = curve, due_of(session, take, key)
    rate = take.rate
    kbps, bpp, note = (None, None, "") if rate is None else (rate.kbps, rate.bpp, rate.basis.value)
    means = take.kind is Kind.NEURAL
    return Series(take.id, take.name, take.kind, take.codec, number, take.look, kbps, bpp, note, values, due, means)


def due_of(session: Session, take: Take, key: str) -> int:
    """Frames of the clip at which a take's curve has a value once everything is encoded and measured."""
    count = 0 if session.clip is None else session.clip.frame_count
    own = len(take.frame_bits) if key in RATES else take.own_count
    first, last = max(0, -take.nudge), min(count, own - take.nudge)
    if key not in RATES and first > 0:
        # A frame is scored together with the one before it.
        first += 1
    return max(0, last - (max(1, first) if key in FROM_SECOND else first))


def statistics_of(session: Session, take: Take, key: str) -> Statistics | None:
    """One curve of a take over the frames measured so far; None without any."""
    values = values_of(session, take, key)
    return None if values is None else statistics(values, CURVES[key], due_of(session, take, key))


def values_of(session: Session, take: Take, key: str) -> Values | None:
    """One curve over the clip's frames; None when nothing is known of it."""
    if key == "kbps":
        bits, clip = values_of(session, take, "bits"), session.clip
        return None if bits is None or clip is None else rate_over_a_second(bits, float(clip.timing.frame_rate))
    if key != "bits":
        found = session.scores.values(session.score_key(take), key)
        return None if found is None else found.astype(np.float64)
    if not take.frame_bits or session.clip is None:
        return None
    # The take's own counting to the clip's.
    own, count = np.asarray(take.frame_bits, dtype=np.float64), session.clip.frame_count
    shifted = np.full(count, np.nan)
    first, last = max(0, -take.nudge), min(count, len(own) - take.nudge)
    if last > first:
        shifted[first:last] = own[first + take.nudge : last + take.nudge]
    return shifted


def rate_over_a_second(bits: Values, fps: float) -> Values:
    """kbps over the second around each frame, at the clip's ends over what there is of it; NaN while a frame's bits are
    not known. Variable rates are taken at their mean."""
    window = max(1, round(fps))
    known = np.isfinite(bits)
    sums, counts = (np.concatenate(([0.0], np.cumsum(part))) for part in (np.where(known, bits, 0.0), known))
    low = np.clip(np.arange(len(bits)) - (window - 1) // 2, 0, None)
    high = np.clip(np.arange(len(bits)) + window // 2 + 1, None, len(bits))
    there = np.maximum(1, counts[high] - counts[low])
    return np.where(known, (sums[high] - sums[low]) / there * fps / 1000, np.nan)


def statistics(values: Values, kind: CurveKind, due: int | None = None) -> Statistics | None:
    """None when no frame has a value. Of curves without a direction the largest count as the worst. `due`: how many
    frames there will be, None: those there are."""
    there = np.flatnonzero(np.isfinite(values))
    if len(there) == 0:
        return None
    order = there[np.argsort(values[there], kind="stable")]
    worst = order if kind.higher_is_better else order[::-1]
    worst = worst[: max(1, math.ceil(WORST_SHARE * len(there)))]
    return Statistics(
        len(there),
        float(values[there].mean()),
        float(values[worst].mean()),
        tuple(int(i) for i in worst[:100]),
        len(there) if due is None else due,
        len(values) - (kind.key in FROM_SECOND),
    )


def difference(a: Values, b: Values) -> Values:
    """a - b over the frames both have; NaN elsewhere, and beyond the shorter."""
    count = min(len(a), len(b))
    return a[:count] - b[:count]


def decimate(values: Values, start: float, stop: float, columns: int) -> tuple[Values, Values]:
    """(x, y) that look on `columns` pixels like the curve over frames [start, stop]: lowest and highest value of each
    column, so that no peak is lost. NaN are passed over, a column of nothing but NaN is a gap.

    One frame more on either side is included, so that the line leaves the chart where it should. As they are when
    there are few. O(frames in range).
    """
    first = max(0, math.floor(start) - 1)
    last = min(len(values), math.ceil(stop) + 2)
    if last <= first or columns < 1:
        return np.empty(0), np.empty(0)
    part = values[first:last]
    if len(part) <= 2 * columns:
        return np.arange(first, last, dtype=np.float64), part
    edges = (np.arange(columns) * len(part)) // columns
    low, high = np.fmin.reduceat(part, edges), np.fmax.reduceat(part, edges)
    x = np.repeat(first + edges.astype(np.float64), 2)
    y = np.empty(2 * columns)
    # Down first where the column falls: the line then has fewer needless strokes.
    falling = part[edges] > part[np.append(edges[1:], len(part)) - 1]
    y[0::2], y[1::2] = np.where(falling, high, low), np.where(falling, low, high)
    return x, y


def as_steps(x: Values, y: Values) -> tuple[Values, Values]:
    """Points a frame apart as flat steps around each frame; thinned ones as they are."""
    if len(x) > 1 and x[1] - x[0] != 1:
        return x, y
    return np.repeat(x, 2) + np.tile([-0.5, 0.5], len(x)), np.repeat(y, 2)
