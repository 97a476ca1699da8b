"""What a run shows of itself: curves of its log."""

import csv
from pathlib import Path

from codec.plots import drawn, new_figure


def draw_curves(log: Path, out: Path, names: tuple[str, ...]) -> None:
    """Plot four columns of a run's log (CSV), bpp among them, over steps into a PNG."""
    with log.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    figure = new_figure(11, 7)
    for axis, name in zip(figure.subplots(2, 2).flat, names, strict=True):
        for stage in dict.fromkeys(row["stage"] for row in rows):
            points = [(int(r["step"]), float(r[name])) for r in rows if r["stage"] == stage and r[name]]
            if points:
                axis.plot(*zip(*points, strict=True), label=stage, linewidth=1)
        axis.set_title(name)
        axis.set_xlabel("step")
        axis.grid(alpha=0.3)
        if name == "bpp":
            axis.set_yscale("log")
            axis.legend(fontsize=7)
    out.write_bytes(drawn(figure, "png"))
