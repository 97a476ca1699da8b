import numpy as np
import pytest
from PySide6.QtGui import QImage

from app.render.framing import Framing
from app.render.scaling import minified, pixels_of
from app.render.shown import Shown
from app.state.components import Component
from app.state.layouts import Channels, DifferenceLook, Sign
from app.state.scaling import Minify
from codec.media.coding import rgb_matrix
from codec.media.colour import to_rgb
from codec.media.picture import Colour, Matrix, Picture, Transfer


def random_picture(seed: int, width: int, height: int, colour: Colour) -> Picture:
    generator = np.random.default_rng(seed)
    half = (height + 1) // 2, (width + 1) // 2
    planes = (generator.integers(60, 190, shape, dtype=np.uint8) for shape in ((height, width), half, half))
    return Picture(*planes, colour)


@pytest.mark.parametrize("size", [(96, 64), (97, 65), (20, 10)])
@pytest.mark.parametrize("look", [None, DifferenceLook(), DifferenceLook(Channels.RGB, Sign.SIGNED, 2)])
def test_a_crop_has_the_samples_of_the_whole(size: tuple[int, int], look: DifferenceLook | None) -> None:
    a, b = (random_picture(seed, *size, Colour()) for seed in (1, 2))
    shown = Shown(a, None if look is None else b, look)
    whole = pixels_of(image := shown.image())
    assert (image.width(), image.height()) == size
    for left, top, width, height in (
        (0, 0, 5, 5), (size[0] - 3, size[1] - 2, 9, 9), (7, 3, 6, 4), (-4, -2, 12, 8), (0, 0, *size),
    ):  # fmt: skip
        crop = shown.crop(left, top, width, height)
        inside = whole[max(0, top) : top + height, max(0, left) : left + width]
        assert np.array_equal(pixels_of(crop), inside), (left, top)
    assert shown.crop(size[0], 0, 4, 4).isNull()


@pytest.mark.parametrize("size", [(96, 64), (97, 65)])
@pytest.mark.parametrize("component", Component)
def test_one_channel_is_shown_by_its_codes(size: tuple[int, int], component: Component) -> None:
    picture = random_picture(6, *size, Colour())
    shown = Shown(picture, component=component)
    whole = pixels_of(image := shown.image())[:, :, :3].astype(int)
    assert (image.width(), image.height()) == size
    wide = [plane.repeat(2, 0).repeat(2, 1)[: size[1], : size[0]] for plane in (picture.u, picture.v)]
    rgb = to_rgb(picture)
    truth = {
        Component.LUMA: np.clip((picture.y.astype(float) - 16) * 255 / 219, 0, 255),
        **dict(zip((Component.RED, Component.GREEN, Component.BLUE), np.moveaxis(rgb, 2, 0), strict=True)),
        **dict(zip((Component.CB, Component.CR), wide, strict=True)),
    }[component]
    assert np.abs(whole - truth[:, :, None]).max() <= 1.01
    crop = pixels_of(part := shown.crop(10, 7, 30, 20))
    assert (part.width(), part.height()) == (30, 20)
    assert np.array_equal(crop[:, :, :3], whole[7:27, 10:40])
    small = pixels_of(kept := shown.framed(Framing((0, 0, *size), (24, 16))))[:, :, :3].astype(float)
    assert kept.width() == 24
    assert abs(small.mean() - truth.mean()) < 1.5


def test_a_difference_keeps_its_own_channels_and_a_channel_of_hdr_its_codes() -> None:
    a, b = (random_picture(seed, 96, 64, Colour()) for seed in (1, 2))
    assert Shown(a, b, DifferenceLook(), component=Component.CR).image() == Shown(a, b, DifferenceLook()).image()
    alone = Shown(a, component=Component.CB)
    assert Shown(a, transfer=Transfer.PQ, component=Component.CB).image() == alone.image() != Shown(a).image()


@pytest.mark.parametrize("matrix", Matrix)
@pytest.mark.parametrize("full_range", [False, True])
def test_the_matrix_gives_the_rgb_of_flat_pictures(matrix: Matrix, full_range: bool) -> None:
    colour = Colour(matrix, full_range)
    factors, offset = rgb_matrix(colour)
    for codes in ((60, 120, 140), (128, 128, 128), (200, 110, 150), (90, 150, 100)):
        planes = (np.full(shape, code, np.uint8) for shape, code in zip(((8, 8), (4, 4), (4, 4)), codes, strict=True))
        shown = to_rgb(Picture(*planes, colour))[4, 4]
        assert np.abs(factors @ codes + offset - shown).max() <= 1.01


def test_black_and_white_are_full_scale() -> None:
    factors, offset = rgb_matrix(Colour())
    assert factors @ (16, 128, 128) + offset == pytest.approx([0, 0, 0], abs=1e-9)
    assert factors @ (235, 128, 128) + offset == pytest.approx([255, 255, 255])


def rgb_image(pixels: np.ndarray) -> QImage:
    height, width = pixels.shape[:2]
    data = np.full((height, width, 4), 255, np.uint8)
    data[:, :, :3] = pixels
    return QImage(data.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()


def test_area_minifying_is_the_mean_of_what_is_covered() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    small = pixels_of(kept := minified(rgb_image(pixels), 30, 20, Minify.AREA))[:, :, :3]
    assert kept.width() == 30
    truth = pixels.reshape(20, 3, 30, 3, 3).mean(axis=(1, 3))
    assert np.abs(small - truth).max() <= 0.51


@pytest.mark.parametrize("how", Minify)
def test_minifying_keeps_flat_areas_and_suppresses_what_is_too_fine(how: Minify) -> None:
    flat = np.full((60, 90, 3), (10, 100, 200), np.uint8)
    assert np.all(pixels_of(kept := minified(rgb_image(flat), 31, 21, how))[:, :, :3] == (10, 100, 200))
    assert kept.height() == 21
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    small = pixels_of(striped := minified(rgb_image(stripes), 16, 16, how))[:, 3:-3, :3].astype(int)
    assert striped.width() == 16
    assert np.abs(small - 127.5).max() <= 12
