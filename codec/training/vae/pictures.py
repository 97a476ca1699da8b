"""What a run shows of itself: curves of its log and a panel of held-out crops."""

import csv
from pathlib import Path

import torch
from torch import Tensor

_CURVES = ("loss", "bpp", "lpips", "latent")


def draw_curves(log: Path, out: Path) -> None:
    """Plot a log (CSV of codec.training.vae.run) over steps into a PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with log.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    figure = Figure(figsize=(11, 7), layout="constrained")
    for axis, name in zip(figure.subplots(2, 2).flat, _CURVES, strict=True):
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
    FigureCanvasAgg(figure).print_png(str(out))


def draw_panel(out: Path, sources: Tensor, decoded: list[Tensor]) -> None:
    """One row a crop: the source, then each reconstruction; (B, 3, h, w) in [-1, 1] each."""
    from PIL import Image

    columns = [torch.cat(list(column), dim=-2) for column in (sources, *decoded)]
    picture = ((torch.cat(columns, dim=-1).clamp(-1, 1) + 1) * 127.5).round().byte()
    Image.fromarray(picture.permute(1, 2, 0).cpu().numpy()).save(out)
