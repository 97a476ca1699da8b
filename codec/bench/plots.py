"""Rate curves of one clip as an SVG drawing: a panel a metric, bits per pixel on a logarithmic axis."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from codec import looks
from codec.bench.curves import Window, curve
from codec.bench.points import Row
from codec.metrics.kinds import METRICS
from codec.plots import drawn, new_figure
from codec.texts import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = 4


def rate_plot(rows: Sequence[Row], clip: str, metrics: Sequence[str], window: Window) -> str:
    """The drawing as SVG text, the same for the same rows. `window` is shaded."""
    import matplotlib

    columns = min(_COLUMNS, len(metrics))
    lines = -(-len(metrics) // columns)
    with matplotlib.rc_context({"svg.hashsalt": visible(clip), "svg.fonttype": "none", "font.size": 8}):
        figure = new_figure(3.3 * columns, 2.5 * lines + 0.4)
        panels = figure.subplots(lines, columns, squeeze=False).ravel()
        for panel in panels[len(metrics) :]:
            panel.set_axis_off()
        for panel, metric in zip(panels, metrics, strict=False):
            _panel(panel, rows, clip, metric, window)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=len(handles) or 1, frameon=False)
        return drawn(figure, "svg").decode()


def _panel(panel: "Axes", rows: Sequence[Row], clip: str, metric: str, window: Window) -> None:
    rates: list[float] = []
    for codec in looks.order():
        points = curve(rows, clip, codec, metric)
        if points:
            rates += [p.rate for p in points]
            x, y = [p.rate for p in points], [p.quality for p in points]
            marker, colour, name = looks.marker(codec), looks.colour(codec), looks.name(codec)
            panel.plot(x, y, marker=marker, markersize=3.5, linewidth=1.2, color=colour, label=name)
    panel.set_title(METRICS[metric].title, fontsize=8)
    panel.set_xscale("log")
    panel.set_xlabel("bits per pixel", fontsize=7)
    panel.grid(alpha=0.3, which="both", linewidth=0.5)
    panel.tick_params(labelsize=7)
    if rates:
        low, high = min(rates) / 1.1, max(rates) * 1.1
        panel.set_xlim(low, high)
        panel.axvspan(max(low, window[0]), max(low, min(high, window[1])), color="#f4e9d8", zorder=0, linewidth=0)
        ticks = [t for t in (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5) if low <= t <= high]
        panel.set_xticks(ticks, [f"{t:g}" for t in ticks])
        panel.set_xticks([], minor=True)
