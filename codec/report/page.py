"""The report itself: charts, a contact sheet of crops at 1:1, one HTML page that ties them together."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from codec import gop, looks
from codec.gop import Structure
from codec.media.clip import Clip
from codec.media.colour import to_rgb
from codec.media.picture import Rgb
from codec.output import write_bytes, write_text
from codec.pages import page_of
from codec.plots import drawn, mark_boundaries, new_figure, plain_legend, rate_panel

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

    from codec.report.compare import ReportTake

CROP_SIDE = 192
CROPS_A_FRAME = 2
_CHARTS = (
    ("lpips", "LPIPS (AlexNet), lower is better"),
    ("tlp", "tLP, lower is better"),
    ("psnr_db", "PSNR in dB"),
    ("bits", "bits of each frame; of our codecs the mean of each GoP, drawn as steps"),
)


def write_page(folder: Path, clip: Clip, takes: "list[ReportTake]", failures: Sequence[str] = ()) -> Path:
    """Charts, contact sheet and index.html in `folder`, each whole or not there; returns the page, which also tells
    `failures`. Raises OSError."""
    for key, title in _CHARTS:
        _chart(folder / f"{key}.png", key, title, clip, takes)
    _rate_chart(folder / "rate.png", takes)
    _contact_sheet(folder / "crops.png", clip, takes)
    page = folder / "index.html"
    write_text(page, html(clip, takes, failures))
    return page


def html(clip: Clip, takes: "list[ReportTake]", failures: Sequence[str]) -> str:
    """The text of the page, which shows the pictures beside it."""
    notes = (*clip.info.notes, *failures)
    return page_of("report.html", title=clip.path.name, clip=clip, takes=takes, notes=notes, charts=_CHARTS)


def _values(take: "ReportTake", key: str) -> list[float]:
    if key == "bits":
        return take.frame_bits
    return [float("nan") if (v := getattr(score, key)) is None else v for score in take.scores]


def _chart(path: Path, key: str, title: str, clip: Clip, takes: "list[ReportTake]") -> None:
    figure = new_figure(10, 3.6)
    axis = figure.subplots()
    styles = dict(zip(dict.fromkeys(t.lmbda for t in takes), ["-", "--", ":", "-."] * 9, strict=False))
    lines: list[Artist] = []
    for take in takes:
        steps = "steps-mid" if key == "bits" and take.is_own else "default"
        lines += axis.plot(
            _values(take, key), styles[take.lmbda], linewidth=1.3, color=looks.colour(take.codec), drawstyle=steps
        )
    mark_boundaries(axis, gop.boundaries(clip.frame_count, Structure.OVERLAP))
    axis.set_title(title)
    axis.set_xlabel("frame (grey lines: GoP boundaries)")
    plain_legend(axis, lines, [f"{take.name}, {take.kbps:.0f} kbps" for take in takes], fontsize=7, ncols=2)
    _save(figure, path)


def _rate_chart(path: Path, takes: "list[ReportTake]") -> None:
    figure = new_figure(10, 3.6)
    for axis, key, title in zip(figure.subplots(1, 2), ("lpips", "psnr_db"), ("LPIPS", "PSNR in dB"), strict=True):
        points: dict[str, list[tuple[float, float]]] = {}
        for take in takes:
            mean = take.mean(key)
            points.setdefault(take.codec, []).append((take.bpp, float("nan") if mean is None else mean))
        rate_panel(axis, title, ((looks.name(codec), looks.colour(codec), found) for codec, found in points.items()))
    _save(figure, path)


def _save(figure: "Figure", path: Path) -> None:
    write_bytes(path, drawn(figure, "png", 110))


def busiest_windows(rgb: Rgb, side: int, count: int) -> list[tuple[int, int]]:
    """(top, left) of up to `count` windows that do not overlap, most textured first."""
    height, width = rgb.shape[:2]
    side_y, side_x = min(side, height), min(side, width)
    grey = rgb.mean(axis=2)
    texture = np.abs(np.diff(grey, axis=0))[:, :-1] + np.abs(np.diff(grey, axis=1))[:-1]
    spots = [
        (float(texture[top : top + side_y, left : left + side_x].mean()), top, left)
        for top in range(0, height - side_y + 1, max(1, side_y // 2))
        for left in range(0, width - side_x + 1, max(1, side_x // 2))
    ]
    chosen: list[tuple[int, int]] = []
    for _, top, left in sorted(spots, reverse=True):
        if all(abs(top - t) >= side_y or abs(left - x) >= side_x for t, x in chosen):
            chosen.append((top, left))
        if len(chosen) == count:
            break
    return chosen


def _contact_sheet(path: Path, clip: Clip, takes: "list[ReportTake]") -> None:
    """A column for the source and each take, a row for each crop: frames in the first half and on a GoP boundary."""
    boundaries = gop.boundaries(clip.frame_count, Structure.OVERLAP)
    frames = sorted({min(4, clip.frame_count - 1), boundaries[len(boundaries) // 2] if boundaries else 0})
    rows: list[np.ndarray] = []
    for frame in frames:
        pictures = [to_rgb(clip.picture(frame)), *(to_rgb(take.source.picture(frame)) for take in takes)]
        for top, left in busiest_windows(pictures[0], CROP_SIDE, CROPS_A_FRAME):
            cells = [p[top : top + CROP_SIDE, left : left + CROP_SIDE] for p in pictures]
            rows.append(np.concatenate([np.pad(c, ((0, 4), (0, 4), (0, 0))) for c in cells], axis=1))
    sheet = np.concatenate([np.zeros((34, rows[0].shape[1], 3), np.uint8), *rows])
    image = Image.fromarray(sheet)
    draw = ImageDraw.Draw(image)
    cell = rows[0].shape[1] // (len(takes) + 1)
    draw.text((4, 10), "Source", fill="white")
    for column, take in enumerate(takes, start=1):
        name, _, detail = take.name.partition(" at ")
        draw.text((column * cell + 4, 2), name, fill="white")
        draw.text((column * cell + 4, 17), f"{take.kbps:.0f} kbps {take.bpp:.4f} bpp {detail}", fill="white")
    stream = io.BytesIO()
    image.save(stream, "PNG")
    write_bytes(path, stream.getvalue())
