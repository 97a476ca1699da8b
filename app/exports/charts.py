"""Curves as files: CSV and JSON of every value, PNG and SVG of what is compared."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.render.take_looks import is_hollow, look_dash
from app.state.comparison import unfinished
from app.state.curves import CURVES, CurveKind, Series, as_steps, decimate, difference
from app.state.rate_marks import RateMark
from app.state.rates import RateUnit, curves_of, points_of
from app.state.takes import Kind
from codec.errors import MediaError, SettingError
from codec.media import place
from codec.output import WholeFile
from codec.plots import drawn, mark_boundaries, new_figure, plain, plain_legend, shortened
from codec.texts import JSON_ERRORS, csv_text, visible

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STYLES = ("-", "--", ":", "-.")
SUFFIXES = (".csv", ".json", ".png", ".svg")
RATE_METRICS = ("lpips", "tlp", "tof", "psnr_db", "ssim", "vmaf")
_DPI = 130
MARK_INKS = ("#8a5a00", "#6b2d8f", "#00695c", "#8b1a1a")
_LEGEND_COLUMNS = 3
_CODEC_INK = "#8a929e"
"""Of the lines through the takes of a codec."""
_MAX_POINTS = 4000
"""Points of a curve in a picture; a longer one is thinned to its lowest and highest values."""


@dataclass(frozen=True, slots=True)
class ChartData:
    """What is drawn or listed."""

    title: str
    series: tuple[Series, ...]
    colours: tuple[str, ...]
    """One for each series, for a white ground."""
    times_s: tuple[float, ...]
    """Start of every frame."""
    boundaries: tuple[int, ...] = ()
    keys: tuple[str, ...] = tuple(CURVES)
    """Curves wanted."""
    minus: int | None = None
    """Id of a take: of the others the difference from it is drawn (CSV and JSON always hold the values themselves)."""
    marks: tuple[RateMark, ...] = ()
    """Rates found by eye."""


def export_charts(context: object, data: ChartData, target: Path, inputs: tuple[Path, ...] = ()) -> Path:
    """Write a chart by the target's suffix, whole or not at all. `inputs`: files in use. Raises OutputError,
    SettingError, MediaError."""
    del context
    suffix = target.suffix.lower()
    if suffix not in SUFFIXES:
        raise SettingError(f"{target}: charts are written as {', '.join(SUFFIXES)}.")
    tables = {".csv": to_csv, ".json": to_json}
    content = tables[suffix](data).encode("utf-8", JSON_ERRORS) if suffix in tables else draw(data, suffix[1:])
    place.output_file(target, what="chart")
    try:
        with WholeFile(target, inputs) as part:
            part.write_bytes(content)
    except OSError as error:
        raise MediaError(f"{target}: the chart cannot be written ({error.strerror or error}).") from error
    return target


def to_csv(data: ChartData) -> str:
    """A row a frame: number, start in s, then every curve of every take; empty where nothing is known. A column that
    is not measured whole says so in its head, and so does one whose values are not each frame's own: "Hybrid λ 0.16:
    lpips… 8/53", "Hybrid λ 0.16: bits (GoP mean)"."""
    columns = [(s, key) for s in data.series for key in data.keys if key in s.values]
    heads = (f"{series.name}: {key}{_basis(series, key)}{_extent(series, key)}" for series, key in columns)
    rows: list[list[str | int]] = [["frame", "time_s", *heads]]
    for frame, start in enumerate(data.times_s):
        cells = [series.values[key][frame] for series, key in columns]
        rows.append([frame, f"{start:.6f}", *("" if np.isnan(cell) else f"{cell:.7g}" for cell in cells)])
    return csv_text(rows)


def _basis(series: Series, key: str) -> str:
    basis = series.basis(key)
    return f" ({basis})" if basis else ""


def _extent(series: Series, key: str) -> str:
    """ "… 8/53" while a curve is not measured whole, else empty."""
    found = series.statistics(key)
    return "" if found is None or found.finished else found.extent


def to_json(data: ChartData) -> str:
    """An object a take, with its rate and a list of values for every curve; null where nothing is known. `unfinished`
    has, of curves that are not measured whole, the frames measured and those there will be, `basis` what values are
    that are not each frame's own."""
    takes = [
        {
            "number": series.number,
            "name": series.name,
            "codec": series.kind.label,
            "kbps": series.kbps,
            "bpp": series.bpp,
            "rate_note": series.rate_note,
            "values": {
                key: [None if np.isnan(value) else float(f"{value:.7g}") for value in series.values[key]]
                for key in data.keys
                if key in series.values
            },
            "basis": {key: series.basis(key) for key in data.keys if key in series.values and series.basis(key)},
            "unfinished": {
                key: [found.count, found.due]
                for key in data.keys
                if (found := series.statistics(key)) is not None and not found.finished
            },
        }
        for series in data.series
    ]
    whole = {"title": data.title, "time_s": data.times_s, "gop_boundaries": data.boundaries, "takes": takes}
    return json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def draw(data: ChartData, kind: str) -> bytes:
    """All curves, one chart above the other; "png" or "svg". Raises SettingError when there are none."""
    return drawn(curves_figure(data), kind, _DPI)


def curves_figure(data: ChartData) -> "Figure":
    """What `draw` draws."""
    keys = [key for key in data.keys if any(key in series.values for series in data.series)]
    if not keys:
        raise SettingError("There are no curves yet: wait until frames have been measured.")
    figure = new_figure(11, 2.6 * len(keys) + 0.6)
    axes = np.atleast_1d(figure.subplots(len(keys), 1, sharex=True))
    curves = [_curves(axis, data, CURVES[key]) for axis, key in zip(axes, keys, strict=True)]
    lines = curves[0]
    if lines:
        # Below: the title has the room above, and a legend there would lie over it.
        names, handles = zip(*lines, strict=True)
        plain_legend(figure, handles, names, fontsize=7, ncols=3, loc="outside lower center")
    axes[-1].set_xlabel("frame" + (" (grey lines: GoP boundaries)" if data.boundaries else ""))
    title = figure.suptitle(" ", fontsize=11)
    plain(title, data.title)
    missing = [f"not all frames measured: {line}" for line in unfinished(data.series, keys)]
    title.set_text("\n".join([title.get_text(), *map(visible, missing)]))
    return figure


def draw_rates(data: ChartData, kind: str) -> bytes | None:
    """Mean scores over bits per pixel of takes measured whole, a chart a metric, every take with the look it has
    everywhere; None when no take has a rate and a score."""
    keys = [key for key in RATE_METRICS if key in data.keys and points_of(data.series, key)]
    if not keys:
        return None
    shown = [s for s in data.series if any(s.take in points_of(data.series, key) for key in keys)]
    rows = -(-len(keys) // 3)
    figure = new_figure(11, 3.4 * rows + 0.2 * -(-len(shown) // _LEGEND_COLUMNS))
    axes = list(figure.subplots(rows, min(3, len(keys)), squeeze=False).flat)
    for axis, key in zip(axes, keys, strict=False):
        _rates(axis, data, CURVES[key])
    for axis in axes[len(keys) :]:
        axis.set_visible(False)
    _legend_of_takes(figure, data, shown)
    return drawn(figure, kind, _DPI)


def _legend_of_takes(figure: "Figure", data: ChartData, shown: list[Series]) -> None:
    """Number, name, point and line of every take."""
    from matplotlib.lines import Line2D

    colours = dict(zip((series.take for series in data.series), data.colours, strict=True))
    handles = [Line2D([], [], ls=STYLES[look_dash(s.look)], lw=1.6, **_point(s, colours[s.take])) for s in shown]
    names = [shortened(series.title) for series in shown]
    plain_legend(
        figure, handles, names, fontsize=7, ncols=_LEGEND_COLUMNS, loc="outside lower center", handlelength=3.5
    )


def _point(series: Series, colour: str) -> dict[str, Any]:
    """How a take's point is drawn: filled or a ring, by its dash; rivals are square."""
    face = "white" if is_hollow(series.look) else colour
    marker = "o" if series.kind is Kind.NEURAL else "s"
    return {"color": colour, "marker": marker, "markersize": 6, "markerfacecolor": face, "markeredgewidth": 1.4}


def _curves(axis: "Axes", data: ChartData, kind: CurveKind) -> "list[tuple[str, Artist]]":
    """Draw them; returns their names with what was drawn."""
    lines: list[tuple[str, Artist]] = []
    base = next((s for s in data.series if s.take == data.minus), None)
    for series, colour in zip(data.series, data.colours, strict=True):
        values = series.values.get(kind.key)
        if values is None or series is base:
            continue
        label = series.title
        if base is not None:
            if kind.key not in base.values:
                continue
            values, label = difference(values, base.values[kind.key]), f"{series.title} − {base.title}"
        x, y = decimate(values, 0, len(values), _MAX_POINTS // 2)
        if series.stepped(kind.key) or (base is not None and base.stepped(kind.key)):
            x, y = as_steps(x, y)
        lines += ((label, line) for line in axis.plot(x, y, STYLES[look_dash(series.look)], lw=1.2, color=colour))
    if base is not None:
        axis.axhline(0, color="#888", linewidth=0.8)
    if len(data.boundaries) <= 400:
        mark_boundaries(axis, data.boundaries)
    means = next((series.basis(kind.key) for series in data.series if series.basis(kind.key)), "")
    remark = f"; of Seamscope takes {means}" if means else ""
    axis.set_title(f"{'Δ ' if base is not None else ''}{kind.axis}{remark}", fontsize=9, loc="left")
    axis.grid(axis="y", alpha=0.3)
    return lines


def _rates(axis: "Axes", data: ChartData, kind: CurveKind) -> None:
    """A point a take with its number, a thin line a codec."""
    found = points_of(data.series, kind.key)
    for line, curve in enumerate(curves_of(data.series, kind.key, RateUnit.BPP)):
        axis.plot(curve.rates, curve.scores, STYLES[line % len(STYLES)], color=_CODEC_INK, lw=1, zorder=1.5)
        end = axis.annotate(
            "", (curve.rates[-1], curve.scores[-1]), (4, -9), textcoords="offset points", fontsize=6, color=_CODEC_INK
        )
        plain(end, shortened(curve.name, 24))
        end.set_in_layout(False)
    for series, colour in zip(data.series, data.colours, strict=True):
        if series.take in found:
            rate, score = found[series.take]
            axis.plot([rate], [score], ls="none", zorder=3, **_point(series, colour))
            number = axis.annotate(
                str(series.number), (rate, score), (5, 4), textcoords="offset points", fontsize=7, color=colour
            )
            number.set_in_layout(False)
    axis.set_xlabel("bits per pixel")
    axis.set_title(kind.axis, fontsize=9)
    axis.grid(alpha=0.3)
    for number, mark in enumerate(data.marks):
        _mark(axis, mark, number)


def _mark(axis: "Axes", mark: RateMark, number: int) -> None:
    """A line at a rate found by eye, its interval behind, its text along it."""
    rate = mark.rate(RateUnit.BPP)
    colour = MARK_INKS[number % len(MARK_INKS)]
    if mark.has_interval:
        axis.axvspan(rate * mark.low, rate * mark.high, color=colour, alpha=0.15, lw=0, zorder=0)
    axis.axvline(rate, color=colour, linewidth=1.2, zorder=1)
    text = axis.text(
        rate, 0.98, "", transform=axis.get_xaxis_transform(), rotation=90, fontsize=7, color=colour, ha="right",
        va="top",
    )  # fmt: skip
    plain(text, shortened(mark.text))
    # Names may be long: they take no room from the charts.
    text.set_in_layout(False)
    text.set_clip_on(True)
