"""The shaders against ffmpeg's own RGB, the painter's differences, and scaling by its definition.

They run wherever a context can be had, a software one too; without any they are skipped.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage, QOffscreenSurface, QOpenGLContext
from PySide6.QtOpenGL import QOpenGLFramebufferObject
from PySide6.QtWidgets import QApplication

from app.render.choice import driver_works, surface_format
from app.render.components import component_picture
from app.render.difference import difference_rgb
from app.render.gl import GlRenderer, Placement
from app.render.scaling import pixels_of
from app.render.shown import Shown
from app.state.components import Component
from app.state.layouts import Channels, DifferenceLook, Sign
from app.state.scaling import Magnify, Minify
from codec.errors import MediaError
from codec.media.clip import open_clip
from codec.media.colour import from_rgb, to_rgb
from codec.media.picture import Colour, Matrix, Picture, Transfer
from tests.render.test_dither import off_mean

BACKGROUND = (0.2, 0.4, 0.6)


class Painter:
    """Draws into a framebuffer and reads it back as (H, W, 3) uint8."""

    def __init__(self, renderer: GlRenderer) -> None:
        self.renderer = renderer

    def __call__(self, left: Shown | None, right: Shown | None, place: Placement) -> np.ndarray:
        width, height = (round(side) for side in place.pane)
        target = QOpenGLFramebufferObject(width, height)
        self.renderer.draw(target.handle(), left, right, place)
        image = target.toImage().convertToFormat(QImage.Format.Format_RGB888)
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(height, -1)
        return rows[:, : 3 * width].reshape(height, width, 3).copy()

    def whole(self, shown: Shown) -> np.ndarray:
        """At 1:1."""
        size = shown.picture.width, shown.picture.height
        return self(shown, None, Placement(size, (0, 0), (1, 1)))


@pytest.fixture
def draw(qapp: QApplication) -> Iterator[Painter]:
    if not driver_works(allow_software=True):
        pytest.skip("no OpenGL context here")
    surface, context = QOffscreenSurface(), QOpenGLContext()
    surface.setFormat(surface_format())
    surface.create()
    context.setFormat(surface_format())
    context.create()
    context.makeCurrent(surface)
    renderer = GlRenderer(BACKGROUND)
    yield Painter(renderer)
    renderer.release()
    context.doneCurrent()


def smooth(width: int, height: int, colour: Colour, phase: float = 0.0) -> Picture:
    """Waves and steps of colour, as codes that stay inside what swscale holds."""
    y, x = np.mgrid[:height, :width]
    red = 127 + 90 * np.sin(x / 9 + phase) * np.cos(y / 13)
    green = 127 + 90 * np.sin(y / 7 + phase)
    blue = np.where((x // 12 + y // 12) % 2 == 0, 60, 190)
    return from_rgb(np.stack([red, green, blue], axis=2).astype(np.uint8), colour)


@pytest.mark.parametrize("size", [(96, 64), (97, 65), (33, 18)])
@pytest.mark.parametrize("matrix", Matrix)
@pytest.mark.parametrize("full_range", [False, True])
def test_colours_are_within_two_of_ffmpegs(
    draw: Painter, size: tuple[int, int], matrix: Matrix, full_range: bool
) -> None:
    picture = smooth(*size, Colour(matrix, full_range))
    shown, truth = draw.whole(Shown(picture)).astype(int), to_rgb(picture)
    assert np.abs(shown - truth).max() <= 2
    assert np.abs(shown - truth).mean() < 0.4


def test_a_hard_edged_frame_is_within_two_of_ffmpegs(draw: Painter, small_clip) -> None:
    with open_clip(small_clip) as clip:
        picture = clip.picture(7)
    off = np.abs(draw.whole(Shown(picture)).astype(int) - to_rgb(picture)).max(axis=2)
    # swscale weighs chroma a little otherwise in the third row and column from an edge.
    assert off[4:-4, 4:-4].max() <= 2
    assert off.max() <= 6
    assert np.mean(off > 2) < 0.02


@pytest.mark.parametrize("component", Component)
def test_one_channel_is_drawn_as_the_painter_draws_it(draw: Painter, component: Component) -> None:
    picture = smooth(96, 64, Colour())
    shown = draw.whole(Shown(picture, component=component)).astype(int)
    assert np.abs(shown - to_rgb(component_picture(picture, component))).max() <= 2
    # The same picture in all colours is another one for the card.
    assert np.abs(draw.whole(Shown(picture)).astype(int) - to_rgb(picture)).max() <= 2


@pytest.mark.parametrize("sign", Sign)
@pytest.mark.parametrize("gain", [1, 4, 32])
def test_luma_differences_equal_the_painters(draw: Painter, sign: Sign, gain: int) -> None:
    a, b = smooth(96, 64, Colour()), smooth(96, 64, Colour(), phase=0.2)
    look = DifferenceLook(Channels.LUMA, sign, gain)
    assert np.array_equal(draw.whole(Shown(a, b, look)), difference_rgb(a, b, look))


@pytest.mark.parametrize("sign", Sign)
def test_rgb_differences_are_those_of_what_is_drawn(draw: Painter, sign: Sign) -> None:
    a, b = smooth(96, 64, Colour()), smooth(96, 64, Colour(), phase=0.4)
    look = DifferenceLook(Channels.RGB, sign, 2)
    wide = draw.whole(Shown(a)).astype(int) - draw.whole(Shown(b))
    truth = np.abs(wide) * 2 if sign is Sign.ABSOLUTE else 128 + wide
    assert np.array_equal(draw.whole(Shown(a, b, look)), np.clip(truth, 0, 255))


def test_unlike_sizes_and_ranges(draw: Painter) -> None:
    full, limited = smooth(96, 64, Colour(Matrix.BT709, True)), smooth(96, 64, Colour())
    shown = draw.whole(Shown(full, limited, DifferenceLook(gain=1)))
    assert shown.mean() < 4
    with pytest.raises(MediaError, match="97x65 and 96x64"):
        draw.whole(Shown(smooth(97, 65, Colour()), limited, DifferenceLook()))


def test_magnified_samples_are_squares_in_their_place(draw: Painter) -> None:
    picture = smooth(24, 16, Colour())
    whole = draw.whole(Shown(picture))
    shown = draw(Shown(picture), None, Placement((120, 80), (12, 8), (4, 4)))
    assert np.array_equal(shown[8 : 8 + 64, 12 : 12 + 96], whole.repeat(4, 0).repeat(4, 1))
    edge = np.round(np.array(BACKGROUND) * 255)
    assert np.all(shown[:8] == edge)
    assert np.all(shown[:, :12] == edge)
    assert np.all(shown[72:] == edge)


def test_smooth_magnifying_passes_through_the_samples(draw: Painter) -> None:
    picture = smooth(24, 16, Colour())
    whole = draw.whole(Shown(picture)).astype(int)
    place = Placement((72, 48), (0, 0), (3, 3), magnify=Magnify.BILINEAR)
    shown = draw(Shown(picture), None, place).astype(int)
    assert np.array_equal(shown[1::3, 1::3], whole)
    between = (whole[:, :-1] * 2 + whole[:, 1:]) / 3
    assert np.abs(shown[1::3, 2:-1:3] - between).max() <= 1


def test_minifying_by_area_is_the_mean(draw: Painter) -> None:
    picture = smooth(96, 64, Colour())
    whole = draw.whole(Shown(picture)).astype(float)
    for factor in (2, 4):
        shown = draw(Shown(picture), None, Placement((96 // factor, 64 // factor), (0, 0), (1 / factor, 1 / factor)))
        mean = whole.reshape(64 // factor, factor, 96 // factor, factor, 3).mean(axis=(1, 3))
        assert np.abs(shown - mean).max() <= 1


def test_minifying_by_lanczos_is_its_definition(draw: Painter) -> None:
    from PIL import Image

    picture = smooth(96, 64, Colour())
    place = Placement((48, 32), (0, 0), (0.5, 0.5), minify=Minify.LANCZOS)
    shown = draw(Shown(picture), None, place).astype(int)
    whole = Image.fromarray(draw.whole(Shown(picture)))
    truth = np.asarray(whole.resize((48, 32), Image.Resampling.LANCZOS)).astype(int)
    # At the edges Pillow leaves samples out where the shader repeats the last one.
    assert np.abs(shown - truth)[3:-3, 3:-3].max() <= 2


def test_a_split_has_a_take_on_either_side(draw: Painter) -> None:
    a, b = smooth(96, 64, Colour()), smooth(96, 64, Colour(), phase=2.0)
    left, right = draw.whole(Shown(a)), draw.whole(Shown(b))
    shown = draw(Shown(a), Shown(b), Placement((96, 64), (0, 0), (1, 1), split=40.0))
    assert np.array_equal(shown[:, :40], left[:, :40])
    assert np.array_equal(shown[:, 40:], right[:, 40:])


def test_another_size_or_nothing_at_all_leaves_no_trace(draw: Painter) -> None:
    draw.whole(Shown(smooth(96, 64, Colour())))
    other = smooth(50, 30, Colour())
    assert np.abs(draw.whole(Shown(other)).astype(int) - to_rgb(other)).max() <= 2
    empty = draw(None, None, Placement((20, 20), (0, 0), (1, 1)))
    assert np.all(empty == np.round(np.array(BACKGROUND) * 255))


@pytest.mark.parametrize("by", [1, 2, 4])
def test_a_slow_slope_keeps_its_mean_at_every_size(draw: Painter, slow_slope: Path, by: int) -> None:
    with open_clip(slow_slope) as clip:
        picture = clip.picture(0)
    place = Placement((512 // by, 256 // by), (0, 0), (1 / by, 1 / by))
    # At 1:1 this pattern meets that of the clip's own dithering.
    assert off_mean(draw(Shown(picture, deep=True), None, place)) < (0.3 if by == 1 else 0.2)
    banded = draw(Shown(picture), None, place)
    if by == 4:
        assert off_mean(banded) > 0.35
    # One take after another in the same place: the second is no longer dithered.
    assert np.array_equal(draw(Shown(picture), None, place), banded)


@pytest.mark.parametrize("transfer", [Transfer.PQ, Transfer.HLG])
def test_hdr_pictures_are_toned_as_the_painter_does(draw: Painter, transfer: Transfer) -> None:
    colour = Colour(Matrix.BT2020)
    shown = Shown(smooth(96, 64, colour), transfer=transfer)
    truth = pixels_of(image := shown.image())[:, :, 2::-1].astype(int)
    assert image.width() == 96
    made = draw.whole(shown).astype(int)
    # Where the curve is steep, two codes of conversion become a few more.
    assert np.abs(made - truth)[3:-3, 3:-3].max() <= 12
    assert np.abs(made - truth).mean() < 1
    assert np.abs(made - draw.whole(Shown(shown.picture))).max() > 30
