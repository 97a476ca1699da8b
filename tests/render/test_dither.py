"""Slopes of more than 8 bits: no bands, whatever size they are shown at; what has 8 bits is left as it is."""

from pathlib import Path

import numpy as np
import pytest

from app.render.dither import SIDE, dithered
from app.render.framing import Framing
from app.render.scaling import pixels_of
from app.render.shown import Shown
from app.state.layouts import DifferenceLook
from app.state.scaling import Minify
from codec.media.clip import open_clip
from codec.media.colour import from_rgb
from codec.media.picture import Colour

STEP = 255 / 219
"""An 8-bit code of luma in codes of RGB."""


def slope(columns: int) -> np.ndarray:
    """The RGB code, not rounded, of every column of `slow_slope` made so many columns wide."""
    return STEP * ((256 + np.floor(np.arange(512) / 32)) / 4 - 16).reshape(columns, -1).mean(axis=1)


def off_mean(pixels: np.ndarray) -> float:
    """The largest difference between the mean of a block, as large as the pattern, and what it should be."""
    height, width = (side // SIDE for side in pixels.shape[:2])
    means = pixels[:, :, 1].reshape(height, SIDE, width, SIDE).mean(axis=(1, 3))
    return float(np.abs(means - slope(pixels.shape[1]).reshape(width, SIDE).mean(axis=1)).max())


@pytest.mark.parametrize("how", Minify)
@pytest.mark.parametrize("by", [2, 4])
def test_a_slow_slope_keeps_its_mean_when_it_is_made_smaller(slow_slope: Path, by: int, how: Minify) -> None:
    with open_clip(slow_slope) as clip:
        assert clip.info.bit_depth == 10
        picture = clip.picture(0)
    framing = Framing((0, 0, 512, 256), (512 // by, 256 // by), how)
    assert off_mean(pixels_of(image := Shown(picture, deep=True).framed(framing))) < 0.2
    assert image.width() == 512 // by
    if by == 4:
        # As it would be without: steps of whole codes.
        assert off_mean(pixels_of(banded := Shown(picture).framed(framing))) > 0.35
        assert banded.width() == 128


def test_codes_that_are_whole_stay_and_others_are_spread() -> None:
    codes = np.arange(256, dtype=np.uint16)
    whole = np.broadcast_to((256 * codes)[None, :, None], (SIDE, 256, 4))
    assert np.array_equal(dithered(whole), np.broadcast_to(codes[None, :, None], whole.shape))
    for part in (0.125, 0.5, 0.75):
        flat = np.full((SIDE, SIDE, 4), round(256 * (100 + part)), np.uint16)
        assert dithered(flat).mean() == pytest.approx(100 + part, abs=1 / SIDE**2)
    assert np.all(dithered(np.full((SIDE, SIDE, 4), 65535, np.uint16)) == 255)


def test_pictures_of_8_bits_and_differences_are_not_dithered() -> None:
    noise = np.random.default_rng(1).integers(40, 200, (32, 64, 3), dtype=np.uint8)
    a, b = from_rgb(noise, Colour()), from_rgb(noise[::-1].copy(), Colour())
    framing = Framing((0, 0, 64, 32), (20, 10))
    look = DifferenceLook()
    deep, plain = Shown(a, b, look, deep=True), Shown(a, b, look)
    assert deep.framed(framing) == plain.framed(framing)
    assert Shown(a, deep=True).image() == Shown(a).image()
    assert Shown(a, deep=True).framed(framing) != Shown(a).framed(framing)
    assert not Shown(a).same_as(Shown(a, deep=True))
