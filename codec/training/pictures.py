"""What a run shows of itself: curves of its log and a panel of held-out crops."""

import csv
from pathlib import Path

import torch
from torch import Tensor

from codec.plots import drawn, new_figure

CURVES = ("loss", "bpp", "psnr_db", "lpips_vgg")


def draw_curves(log: Path, out: Path, names: tuple[str, ...] = CURVES) -> None:
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


def draw_panel(out: Path, clips: Tensor, reconstructions: list[Tensor]) -> None:
    """One row a clip: frame 0 and 6 of the source, then of each reconstruction; (B, T, 3, h, w) in [-1, 1] each."""
    from PIL import Image

    columns = [tensor[:, i] for tensor in (clips, *reconstructions) for i in (0, 6)]
    rows = [torch.cat([column[b] for column in columns], dim=-1) for b in range(len(clips))]
    picture = ((torch.cat(rows, dim=-2).clamp(-1, 1) + 1) * 127.5).round().byte()
    Image.fromarray(picture.permute(1, 2, 0).cpu().numpy()).save(out)
