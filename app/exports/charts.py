"""Curves as files: CSV and JSON of every value, PNG and SVG of what is compared."""

import csv
import io
import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.state.curves import CURVES, CurveKind, Series, decimate, difference, statistics
from codec.errors import MediaError, SettingError
from codec.media import place

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STYLES = ("-", "--", ":", "-.")
SUFFIXES = (".csv", ".json", ".png", ".svg")
RATE_METRICS = ("lpips", "tlp", "tof", "psnr_db", "ssim", "vmaf")
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


def export_charts(context: object, data: ChartData, target: Path) -> Path:
    """Write a chart by the target's suffix, whole or not at all. Raises SettingError, MediaError."""
    del context
    suffix = target.suffix.lower()
    if suffix not in SUFFIXES:
        raise SettingError(f"{target}: charts are written as {', '.join(SUFFIXES)}.")
    tables = {".csv": to_csv, ".json": to_json}
    content = tables[suffix](data).encode() if suffix in tables else draw(data, suffix[1:])
    temporary = place.output_file(target, what="chart").with_name(f".{target.name}.part")
    try:
        temporary.write_bytes(content)
        temporary.replace(target)
    except OSError as error:
        raise MediaError(f"{target}: the chart cannot be written ({error.strerror or error}).") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return target


def to_csv(data: ChartData) -> str:
    """A row a frame: number, start in s, then every curve of every take; empty where nothing is known."""
    columns = [(s, key) for s in data.series for key in data.keys if key in s.values]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["frame", "time_s", *(f"{series.name}: {key}" for series, key in columns)])
    for frame, start in enumerate(data.times_s):
        cells = [series.values[key][frame] for series, key in columns]
        writer.writerow([frame, f"{start:.6f}", *("" if np.isnan(cell) else f"{cell:.7g}" for cell in cells)])
    return text.getvalue()


def to_json(data: ChartData) -> str:
    """An object a take, with its rate and a list of values for every curve; null where nothing is known."""
    takes = [
        {
            "name": series.name,
            "codec": series.kind.value,
            "kbps": series.kbps,
            "bpp": series.bpp,
            "rate_note": series.rate_note,
            "values": {
                key: [None if np.isnan(value) else float(f"{value:.7g}") for value in series.values[key]]
                for key in data.keys
                if key in series.values
            },
        }
        for series in data.series
    ]
    whole = {"title": data.title, "time_s": data.times_s, "gop_boundaries": data.boundaries, "takes": takes}
    return json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def draw(data: ChartData, kind: str) -> bytes:
    """All curves, one chart above the other; "png" or "svg". Raises SettingError when there are none."""
    return _bytes(curves_figure(data), kind)


def curves_figure(data: ChartData) -> "Figure":
    """What `draw` draws."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    keys = [key for key in data.keys if any(key in series.values for series in data.series)]
    if not keys:
        raise SettingError("There are no curves yet: wait until frames have been measured.")
    figure = Figure(figsize=(11, 2.6 * len(keys) + 0.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = np.atleast_1d(figure.subplots(len(keys), 1, sharex=True))
    for axis, key in zip(axes, keys, strict=True):
        _curves(axis, data, CURVES[key])
    handles, names = axes[0].get_legend_handles_labels()
    if handles:
        # Below: the title has the room above, and a legend there would lie over it.
        figure.legend(handles, names, fontsize=7, ncols=3, loc="outside lower center")
    axes[-1].set_xlabel("frame" + (" (grey lines: GoP boundaries)" if data.boundaries else ""))
    figure.suptitle(data.title, fontsize=11)
    return figure


def draw_rates(data: ChartData, kind: str) -> bytes | None:
    """Mean scores over bits per pixel, a chart a metric; None when no take has a rate and a score."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    keys = [key for key in RATE_METRICS if key in data.keys and any(s.bpp and key in s.values for s in data.series)]
    if not keys:
        return None
    figure = Figure(figsize=(11, 3.4 * -(-len(keys) // 3)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = list(figure.subplots(-(-len(keys) // 3), min(3, len(keys)), squeeze=False).flat)
    for axis, key in zip(axes, keys, strict=False):
        _rates(axis, data, CURVES[key])
    for axis in axes[len(keys) :]:
        axis.set_visible(False)
    return _bytes(figure, kind)


def _curves(axis: "Axes", data: ChartData, kind: CurveKind) -> None:
    base = next((s for s in data.series if s.take == data.minus), None)
    for series, colour in zip(data.series, data.colours, strict=True):
        values = series.values.get(kind.key)
        if values is None or series is base:
            continue
        label = series.name
        if base is not None:
            if kind.key not in base.values:
                continue
            values, label = difference(values, base.values[kind.key]), f"{series.name} − {base.name}"
        x, y = decimate(values, 0, len(values), _MAX_POINTS // 2)
        axis.plot(x, y, STYLES[series.place % len(STYLES)], label=label, linewidth=1.2, color=colour)
    if base is not None:
        axis.axhline(0, color="#888", linewidth=0.8)
    if len(data.boundaries) <= 400:
        for boundary in data.boundaries:
            axis.axvline(boundary, color="#ccc", linewidth=0.6, zorder=0)
    axis.set_title(f"{'Δ ' if base is not None else ''}{kind.axis}", fontsize=9, loc="left")
    axis.grid(axis="y", alpha=0.3)


def _rates(axis: "Axes", data: ChartData, kind: CurveKind) -> None:
    points: dict[str, list[tuple[float, float]]] = {}
    colours: dict[str, str] = {}
    for series, colour in zip(data.series, data.colours, strict=True):
        values = series.values.get(kind.key)
        found = None if values is None else statistics(values, kind)
        if found is not None and series.bpp:
            points.setdefault(series.kind.value, []).append((series.bpp, found.mean))
            colours[series.kind.value] = colour
    for name, entries in points.items():
        entries.sort()
        axis.plot(*zip(*entries, strict=True), "o-", label=name, color=colours[name], markersize=4)
    axis.set_xlabel("bits per pixel")
    axis.set_title(kind.axis, fontsize=9)
    axis.grid(alpha=0.3)
    axis.legend(fontsize=7)


def _bytes(figure: "Figure", kind: str) -> bytes:
    stream = io.BytesIO()
    metadata = dict.fromkeys(("Date", "Creator", "Format", "Type")) if kind == "svg" else None
    figure.savefig(stream, format=kind, dpi=130, metadata=metadata)
    return stream.getvalue()
