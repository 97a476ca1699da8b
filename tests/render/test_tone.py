"""Tone mapping: light by the Recommendations, the painter and the shader alike."""

import numpy as np
import pytest

from app.render import tone
from app.render.scaling import pixels_of
from app.render.shown import Shown
from app.state.layouts import DifferenceLook
from codec.media.colour import to_rgb
from codec.media.picture import Colour, Matrix, Picture, Transfer
from tests.render.test_shown import random_picture

HDR = Colour(Matrix.BT2020)


def grey(code: int) -> Picture:
    chroma = np.full((4, 4), 128, np.uint8)
    return Picture(np.full((8, 8), code, np.uint8), chroma, chroma, HDR)


def test_pq_light_is_that_of_the_recommendation() -> None:
    # Rec. ITU-R BT.2100 and Report BT.2408: 0.58 is 203 cd/m2, 0.75 is 1000, 1 is 10000.
    assert tone.pq_nits(np.array([0.0, 1.0])) == pytest.approx([0.0, 10000.0])
    assert tone.pq_nits(np.array([0.5807, 0.7518])) == pytest.approx([203.0, 1000.0], rel=5e-3)
    nits = np.array([0.01, 1.0, 100.0, 4000.0])
    assert tone.pq_nits(tone.pq_signal(nits)) == pytest.approx(nits, rel=1e-6)


def test_hlg_white_is_the_peak_and_its_reference_white_is_203_nits() -> None:
    assert tone.hlg_nits(np.ones((1, 3)))[0] == pytest.approx([1000.0] * 3, rel=1e-3)
    assert tone.hlg_nits(np.full((1, 3), 0.75))[0] == pytest.approx([203.0] * 3, rel=0.01)


def test_the_curve_keeps_what_is_dark_and_ends_at_white() -> None:
    nits = np.array([0.1, 1.0, 5.0, 1000.0, 4000.0])
    brought = tone.under_white(nits)
    assert brought[:3] == pytest.approx(nits[:3], rel=1e-6)
    assert brought[3:] == pytest.approx([203.0, 203.0], rel=1e-3)
    assert np.all(np.diff(tone.under_white(np.geomspace(0.01, 1000, 300))) > 0)


@pytest.mark.parametrize("transfer", [Transfer.PQ, Transfer.HLG])
def test_greys_stay_grey_and_in_order(transfer: Transfer) -> None:
    steps = np.arange(tone.SIDE)
    greys = tone.table(transfer)[steps, steps, steps].astype(int)
    assert np.ptp(greys, axis=1).max() <= 1
    assert np.all(np.diff(greys[:, 1]) >= 0)
    assert tuple(greys[0]) == (0, 0, 0)
    assert tuple(greys[-1]) == (255, 255, 255)
    for code in (16, 110, 235):
        shown = Shown(grey(code), transfer=transfer).image().pixelColor(4, 4).green()
        assert shown == pytest.approx(np.interp((code - 16) * 255 / 219 * 32 / 255, steps, greys[:, 1]), abs=4)


def test_the_table_is_followed_between_its_entries() -> None:
    picture = random_picture(4, 64, 48, HDR)
    codes = to_rgb(picture).reshape(-1, 3).astype(float)
    made = pixels_of(image := Shown(picture, transfer=Transfer.PQ).image())[:, :, 2::-1].reshape(-1, 3).astype(float)
    assert image.height() == 48
    at = codes * 32 / 255
    low = np.minimum(at.astype(int), 31)
    part, entries, truth = at - low, tone.table(Transfer.PQ).astype(float), 0.0
    for corner in np.ndindex(2, 2, 2):
        share = np.prod(np.where(corner, part, 1 - part), axis=1)
        truth = truth + share[:, None] * entries[tuple((low + corner).T)]
    assert np.abs(made - truth).max() <= 1.5


def test_differences_and_standard_pictures_are_left_alone() -> None:
    a, b = (random_picture(seed, 32, 32, HDR) for seed in (1, 2))
    for plain, toned in (
        (Shown(a, b, DifferenceLook()), Shown(a, b, DifferenceLook(), Transfer.PQ)),
        (Shown(a), Shown(a, transfer=Transfer.SDR)),
    ):
        assert np.array_equal(pixels_of(first := plain.image()), pixels_of(second := toned.image()))
        assert first.width() == second.width()
    assert not Shown(a).same_as(Shown(a, transfer=Transfer.PQ))
