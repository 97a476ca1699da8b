"""The benchmark's tables as CSV: a line a point, and a line a Bjøntegaard rate."""

from collections.abc import Iterable, Sequence
from typing import Any

from codec import looks
from codec.bench.curves import Comparison
from codec.bench.points import Row
from codec.metrics.kinds import METRICS
from codec.texts import csv_text

MEASURED_HERE = ("encode_fps", "decode_fps", "encode_memory_mb", "decode_memory_mb", "jobs")
"""Columns that differ from run to run; all others are the same for the same clips, settings and programs."""


def sorted_rows(rows: Iterable[Row]) -> list[Row]:
    """By clip, codec and rate."""
    order = looks.order()
    return sorted(rows, key=lambda row: (row.clip, order.index(row.codec), row.bpp))


def points_csv(rows: Iterable[Row], metrics: Sequence[str]) -> str:
    """Every point. Memory in MB of 10⁶ bytes; a metric that could not be had is an empty field."""
    head = (
        "clip", "codec", "knob", "value", "preset", "width", "height", "frames", "frame_rate", "size_bytes", "bpp",
        "kbps", *metrics, *MEASURED_HERE, "take",
    )  # fmt: skip
    lines: list[Sequence[Any]] = [head]
    for row in sorted_rows(rows):
        lines.append((
            row.clip, row.codec, row.knob, f"{row.value:g}", row.preset, row.width, row.height, row.frame_count,
            row.frame_rate, row.size_bytes, f"{row.bpp:.6f}", f"{row.kbps:.3f}",
            *(f"{row.scores[key]:.{METRICS[key].digits + 1}f}" if key in row.scores else "" for key in metrics),
            f"{row.encode_fps:.2f}", f"{row.decode_fps:.2f}", f"{row.encode_memory_bytes / 1e6:.1f}",
            f"{row.decode_memory_bytes / 1e6:.1f}", row.jobs, row.take,
        ))  # fmt: skip
    return csv_text(lines)


def rates_csv(comparisons: Iterable[Comparison]) -> str:
    """Every Bjøntegaard rate of `codec`: percent of `rival`'s bits, with the qualities compared, or why not."""
    lines: list[Sequence[Any]] = [("clip", "codec", "rival", "metric", "window", "percent", "low", "high", "refused")]
    for found in comparisons:
        window = f"{found.window[0]:g}-{found.window[1]:g}" if found.window else ""
        rate = found.rate
        numbers = ("", "", "") if rate is None else (f"{rate.percent:.3f}", f"{rate.low:.6g}", f"{rate.high:.6g}")
        lines.append((found.clip, found.codec, found.rival, found.metric, window, *numbers, found.refused))
    return csv_text(lines)
