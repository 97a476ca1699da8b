"""What is made for a pane: no more than it shows, and the same pixels as if all of it had been made."""

import numpy as np
import pytest
from PySide6.QtCore import QRectF

from app.render.framing import Framing, nearest, part, whole
from app.render.geometry import Geometry
from app.render.scaling import minified, pixels_of
from app.render.shown import Shown
from app.state.layouts import DifferenceLook
from app.state.scaling import Minify
from codec.media.picture import Colour, Matrix, Picture
from tests.render.test_shown import random_picture


def smooth_picture(width: int, height: int, colour: Colour) -> Picture:
    """Slopes and edges of real colours, none of them clipped."""
    rows, columns = np.mgrid[0:height, 0:width]
    y = 90 + 60 * np.sin(columns / 9) * np.cos(rows / 7) + 20 * (columns > width // 2)
    u, v = (128 + 25 * np.sin(axis[::2, ::2] / 15) for axis in (rows, columns))
    return Picture(*(plane.astype(np.uint8) for plane in (y, u, v)), colour)


@pytest.mark.parametrize("matrix", Matrix)
@pytest.mark.parametrize("size", [(150, 101), (128, 72), (211, 140)])
def test_scaling_while_converting_is_the_mean_of_what_is_covered(matrix: Matrix, size: tuple[int, int]) -> None:
    shown = Shown(smooth_picture(320, 180, Colour(matrix)))
    truth = pixels_of(kept := minified(shown.image(), *size, Minify.AREA))[:, :, :3].astype(int)
    made = pixels_of(image := shown.framed(Framing((0, 0, 320, 180), size)))[:, :, :3]
    assert (kept.width(), image.width()) == (size[0], size[0])
    off = np.abs(made - truth)
    # Chroma is averaged before it is interpolated: at the hard edge that shows.
    assert off.max() <= 8
    assert np.percentile(off, 99.5) <= 2
    assert off.mean() < 0.5


def test_pictures_with_odd_sides_and_differences_are_scaled_too() -> None:
    odd, other = (random_picture(seed, 97, 65, Colour()) for seed in (1, 2))
    framing = Framing((0, 0, 97, 65), (48, 32))
    for shown in (Shown(odd), Shown(odd, other, DifferenceLook())):
        truth = pixels_of(kept := minified(shown.image(), 48, 32, Minify.AREA))
        assert kept.height() == 32
        assert np.array_equal(pixels_of(made := shown.framed(framing)), truth)
        assert made.width() == 48


def test_a_part_has_what_is_seen_and_a_margin_and_stays_in_the_picture() -> None:
    made = part((1920, 1080), (609.5, 300.0, 909.0, 500.0))
    left, top, width, height = made.area
    assert left <= 609 - 32
    assert top <= 300 - 32
    assert left + width >= 941
    assert top + height >= 532
    assert not made.scaled
    assert made.pixels < 1920 * 1080 / 8
    assert part((1920, 1080), (612.0, 301.0, 912.0, 501.0)) == made
    assert part((96, 64), (-500.0, -500.0, 500.0, 500.0)).area == (0, 0, 96, 64)
    assert part((1000, 700), (900.0, 600.0, 2000.0, 2000.0)).area == (832, 512, 168, 188)


def test_panes_ask_for_scaled_wholes_or_for_exact_parts() -> None:
    fitted = Geometry((1280.0, 720.0), (640.0, 400.0), 0.5, (0.0, 20.0), 1.0, 1.0).framing(Minify.LANCZOS)
    assert fitted == whole((1280, 720), (640, 360), Minify.LANCZOS)
    near = Geometry((1280.0, 720.0), (640.0, 400.0), 4.0, (-2000.0, -1000.0), 1.0, 1.0)
    framing = near.framing(Minify.AREA)
    assert not framing.scaled
    seen = near.area(*framing.area)
    assert seen.contains(QRectF(0, 0, 640, 400))


def test_until_an_image_is_made_the_nearest_is_shown() -> None:
    picture = (1000, 500)
    small, large = whole(picture, (250, 125), Minify.AREA), whole(picture, (800, 400), Minify.AREA)
    here, there = part(picture, (100, 100, 300, 200)), part(picture, (700, 300, 900, 400))
    known = [small, large, here, there]
    assert nearest(whole(picture, (300, 150), Minify.AREA), known) == [small]
    assert nearest(whole(picture, (700, 350), Minify.AREA), known) == [large]
    assert nearest(part(picture, (120, 110, 420, 210)), known) == [large, here]
    assert nearest(here, []) == []
