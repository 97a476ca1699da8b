"""Drawings of a verdict: every observer's answers with the curve that fits them, and what they say of viewers."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from app.state.blind.journal import Run
from app.state.blind.observers import SHARE, Entry, Viewers
from app.state.blind.result import Place, kbps_text
from app.state.blind.tasks import Task
from app.state.blind.wording import answers_by_rate, fitted
from codec.plots import drawn, new_figure, plain, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK, _BAND, _RIVAL = "#1d3a5f", "#e0a020", "#777777"
_TITLES = {Task.PARITY: "Seamscope's take preferred", Task.TRANSPARENCY: "coded tile found"}
_DPI = 130
_IN_A_FIGURE, _COLUMNS = 6, 2
"""Observers in one drawing: it must fit on a page of paper."""


def draw_runs(observers: Sequence[Entry], kind: str) -> tuple[bytes, ...]:
    """A panel an observer: share of answers at each rate, the curve of the posterior's medians, the threshold's
    interval; "png" or "svg". Answers of different observers are never put together."""
    if not observers:
        return ()
    ends, columns = _ends([entry.run for entry in observers]), min(_COLUMNS, len(observers))
    return tuple(
        _draw_some(observers[first : first + _IN_A_FIGURE], kind, ends, columns)
        for first in range(0, len(observers), _IN_A_FIGURE)
    )


def draw_viewers(viewers: Viewers, kind: str) -> bytes:
    """Share of satisfied viewers by rate with its bootstrap interval, and the rate that satisfies SHARE of them."""
    figure = new_figure(8, 2.8)
    axis = figure.subplots()
    x = np.log2(viewers.rates)
    low, middle, high = (
        np.array([getattr(share, name) for share in viewers.satisfied]) for name in ("low", "median", "high")
    )
    axis.fill_between(x, low, high, color=_BAND, alpha=0.25, lw=0)
    axis.plot(x, middle, color=_INK, linewidth=1.4)
    at = viewers.satisfying
    axis.plot(np.log2([at.low, at.high]), [SHARE, SHARE], color=_BAND, linewidth=2.4)
    axis.plot(np.log2([at.median]), [SHARE], "o", color=_INK, markersize=5)
    _kbps_axis(axis, (float(x[0]), float(x[-1])))
    axis.set_xlabel(f"kbps; band: 95 % bootstrap interval over {viewers.count} observers", fontsize=8)
    axis.set_ylabel("satisfied viewers", fontsize=8)
    return drawn(figure, kind, _DPI)


def _draw_some(observers: Sequence[Entry], kind: str, ends: tuple[float, float], columns: int) -> bytes:
    rows = -(-len(observers) // columns)
    figure = new_figure(8, 3.2 if columns == 1 else 2.5 * rows + 0.3)
    axes = list(figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).flat)
    for axis, entry in zip(axes, observers, strict=False):
        _draw(axis, entry.run, ends)
        title = axis.set_title(" ", fontsize=8, loc="left")
        doubt = ", unreliable" if entry.result.unreliable else ""
        plain(title, f"{shortened(entry.observer, 24)}: {entry.result.rate_text()}{doubt}")
        title.set_in_layout(False)
    for axis in axes[len(observers) :]:
        axis.set_visible(False)
    figure.supxlabel("kbps of the segment; dots: answers, larger where there are more; band: 95 % interval", fontsize=8)
    figure.supylabel(_TITLES[observers[0].result.task], fontsize=8)
    return drawn(figure, kind, _DPI)


def _ends(runs: Sequence[Run]) -> tuple[float, float]:
    """log2 kbps: all levels offered, with a little room."""
    return min(run.setup.levels[0] for run in runs) - 0.25, max(run.setup.levels[-1] for run in runs) + 0.25


def _draw(axis: "Axes", run: Run, ends: tuple[float, float]) -> None:
    """Raises JournalError for a run that is not complete."""
    result, (low, high) = run.result(), ends
    at = result.threshold
    axis.axvspan(*(min(max(math.log2(value), low), high) for value in (at.low, at.high)), color=_BAND, alpha=0.25, lw=0)
    if result.place is Place.INSIDE:
        axis.axvline(math.log2(at.median), color=_BAND, linewidth=1.6)
    x = np.linspace(low, high, 200)
    axis.plot(x, fitted(run, x), color=_INK, linewidth=1.4)
    points = answers_by_rate(run)
    axis.scatter(
        [rate for rate, _, _ in points], [share for _, share, _ in points], [14 * count for _, _, count in points],
        color=_INK, alpha=0.8, zorder=3,
    )  # fmt: skip
    rival = run.setup.rival
    if rival is not None and low < math.log2(rival.kbps) < high:
        axis.axvline(math.log2(rival.kbps), color=_RIVAL, linewidth=1, linestyle="--")
        name = axis.text(math.log2(rival.kbps), 0.04, "", color=_RIVAL, fontsize=7, ha="right", rotation=90)
        plain(name, shortened(rival.name, 24))
        name.set_in_layout(False)
    _kbps_axis(axis, ends)


def _kbps_axis(axis: "Axes", ends: tuple[float, float]) -> None:
    """Octaves of rate, in kbps, and shares upwards."""
    ticks = np.arange(math.ceil(ends[0]), math.floor(ends[1]) + 1)
    axis.set_xticks(ticks, [kbps_text(float(2.0**tick)) for tick in ticks])
    axis.set_xlim(*ends)
    axis.set_ylim(-0.03, 1.03)
    axis.tick_params(labelsize=7)
    axis.grid(alpha=0.3)
