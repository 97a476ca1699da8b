"""Text on exported pictures."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from codec.media.picture import Rgb

PADDING = 6


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont:
    # The one font that is always there and knows λ.
    import matplotlib

    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans-Bold.ttf"), size)


def bar_height(size: int) -> int:
    """Rows of a label whose text is `size` pixels high."""
    return size + 2 * PADDING


def label_bar(text: str, width: int, colour: str, size: int) -> Rgb:
    """(bar_height(size), width, 3): dark text on `colour`, smaller where it would not fit, at last cut with dots."""
    image = Image.new("RGB", (width, bar_height(size)), colour)
    draw, room = ImageDraw.Draw(image), width - 2 * PADDING
    fitting = size
    while fitting > 9 and draw.textlength(text, _font(fitting)) > room:
        fitting -= 1
    font, shown = _font(fitting), text
    while shown and draw.textlength(shown, font) > room:
        shown = f"{shown.rstrip('…')[:-1]}…" if len(shown) > 1 else ""
    draw.text((PADDING, image.height / 2), shown, fill="#101010", font=font, anchor="lm")
    return np.asarray(image)


def notice(text: str, width: int, height: int) -> Rgb:
    """(height, width, 3): a dark cell that says why there is no picture."""
    image = Image.new("RGB", (width, height), "#16181c")
    size = max(9, min(20, height // 8))
    ImageDraw.Draw(image).text((width / 2, height / 2), text, fill="#9aa0a8", font=_font(size), anchor="mm")
    return np.asarray(image)
