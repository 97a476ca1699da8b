"""Text on exported pictures."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from app.render.take_looks import dash_runs
from codec.media.picture import Rgb

PADDING = 6
INK = "#101010"
LINE = 2
"""Rows of a take's line below its label."""


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont:
    # The one font that is always there and knows λ.
    import matplotlib

    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans-Bold.ttf"), size)


def bar_height(size: int) -> int:
    """Rows of a label whose text is `size` pixels high."""
    return size + 2 * PADDING


def label_bar(text: str, width: int, colour: str, size: int, dash: int | None = None) -> Rgb:
    """(bar_height(size), width, 3): dark text on `colour`, smaller where it would not fit, at last cut with dots; below
    it a line of one of the kinds of dash, if the take has one."""
    image = Image.new("RGB", (width, bar_height(size)), colour)
    draw, room = ImageDraw.Draw(image), width - 2 * PADDING
    fitting = size
    while fitting > 9 and draw.textlength(text, _font(fitting)) > room:
        fitting -= 1
    font, shown = _font(fitting), text
    while shown and draw.textlength(shown, font) > room:
        shown = f"{shown.rstrip('…')[:-1]}…" if len(shown) > 1 else ""
    draw.text((PADDING, image.height / 2), shown, fill=INK, font=font, anchor="lm")
    if dash is not None:
        _draw_line(draw, width, image.height, dash)
    return np.asarray(image)


def _draw_line(draw: ImageDraw.ImageDraw, width: int, height: int, dash: int) -> None:
    at, runs = PADDING, [LINE * run for run in dash_runs(dash)] or [width, 0]
    while at < width - PADDING:
        for drawn, left_out in zip(runs[::2], runs[1::2], strict=True):
            until = min(at + drawn, width - PADDING)
            if at < until:
                draw.rectangle((at, height - LINE, until - 1, height - 1), fill=INK)
            at += drawn + left_out


def notice(text: str, width: int, height: int) -> Rgb:
    """(height, width, 3): a dark cell that says why there is no picture."""
    image = Image.new("RGB", (width, height), "#16181c")
    size = max(9, min(20, height // 8))
    ImageDraw.Draw(image).text((width / 2, height / 2), text, fill="#9aa0a8", font=_font(size), anchor="mm")
    return np.asarray(image)
