"""Drawings of a verdict: the answers of a run with the curve that fits them."""

import math

import numpy as np

from app.state.blind.journal import Run
from app.state.blind.result import Place, kbps_text
from app.state.blind.tasks import Task
from app.state.blind.wording import answers_by_rate, fitted
from codec.plots import drawn, new_figure, plain, shortened

_INK, _BAND, _RIVAL = "#1d3a5f", "#e0a020", "#777777"
_TITLES = {Task.PARITY: "Seamscope's take preferred", Task.TRANSPARENCY: "coded tile found"}


def draw_run(run: Run, kind: str) -> bytes:
    """Share of answers at each rate, the curve of the posterior's medians, the threshold's interval; "png" or "svg".
    Raises JournalError for a run that is not complete."""
    result, levels = run.result(), run.setup.levels
    figure = new_figure(8, 3.2)
    axis = figure.subplots()
    low, high = levels[0] - 0.25, levels[-1] + 0.25
    at = result.threshold
    ends = [min(max(math.log2(value), low), high) for value in (at.low, at.high)]
    axis.axvspan(*ends, color=_BAND, alpha=0.25, lw=0)
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
        name = axis.text(math.log2(rival.kbps), 1.06, "", color=_RIVAL, fontsize=8, ha="center")
        plain(name, shortened(rival.name))
        name.set_in_layout(False)
    ticks = np.arange(math.ceil(low), math.floor(high) + 1)
    axis.set_xticks(ticks, [kbps_text(float(2.0**tick)) for tick in ticks])
    axis.set_xlim(low, high)
    axis.set_ylim(-0.03, 1.03)
    axis.set_xlabel("kbps of the segment; dots: answers, larger where there are more; band: 95 % interval", fontsize=8)
    axis.set_ylabel(_TITLES[result.task], fontsize=8)
    axis.grid(alpha=0.3)
    return drawn(figure, kind, 130)
