"""The real window drawn by OpenGL. Skipped where there is no screen or no driver; a software driver will do."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.render.choice import VARIABLE, driver_works, use_opengl
from app.render.difference import difference_rgb
from app.state.takes import Take
from app.views.main_window import MainWindow
from app.views.pictures.gl_canvas import GlCanvas
from codec.gop import SeamMode
from codec.media.colour import to_rgb
from tests.gui.conftest import WAIT_MS
from tests.gui.test_layouts import rgb, settle, visible


@pytest.fixture(autouse=True)
def opengl(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Asked for by the environment, as a user would."""
    if QGuiApplication.platformName() in ("offscreen", "minimal") or not driver_works(allow_software=True):
        pytest.skip("no screen with OpenGL here")
    monkeypatch.setenv(VARIABLE, "opengl")
    use_opengl.cache_clear()
    yield
    use_opengl.cache_clear()


@pytest.fixture
def takes(opengl: None, two_takes: tuple[Take, Take]) -> tuple[Take, Take]:
    return two_takes


def picture_on_screen(canvas: GlCanvas) -> np.ndarray:
    """What stands at 1:1 in the middle of a pane, the size of the clip."""
    canvas._session.view.set_zoom(1.0)
    place, ratio = canvas.place(), canvas.devicePixelRatioF()
    shown = rgb(canvas.grabFramebuffer())
    assert shown.shape[:2] == (round(canvas.height() * ratio), round(canvas.width() * ratio))
    left, top = (round(value) for value in place.origin)
    return shown[top : top + 64, left : left + 96]


def test_panes_show_pictures_differences_and_splits(qtbot: QtBot, window: MainWindow, takes: tuple[Take, Take]) -> None:
    source, take = takes
    window.session.toggle_gop_marks()
    for frame in (0, 17):
        window.session.playback.seek(frame)
        settle(qtbot, window)
        for each in takes:
            truth = to_rgb(each.picture(frame, SeamMode.BLENDED)).astype(int)
            assert np.abs(picture_on_screen(window.panes[each.id].canvas) - truth).max() <= 2
    window.menus.trigger("difference")
    settle(qtbot, window)
    pictures = (each.picture(17, SeamMode.BLENDED) for each in (take, source))
    truth = difference_rgb(*pictures, window.session.view.layouts.difference)
    shown = picture_on_screen(window.panes[take.id].canvas)
    # The scale stands in the corner of the pane, which may reach into the picture.
    assert np.array_equal(shown[:20], truth[:20])
    window.menus.trigger("layout_split")
    settle(qtbot, window)
    (pane,) = visible(window)
    shown = picture_on_screen(pane.canvas)
    level = 255 * (20 + 6 * 17 - 16) / 219
    assert np.abs(shown[:10, :40].astype(float) - level).max() <= 2
    assert np.array_equal(shown[:10, 56:], truth[:10, 56:])
    assert window.mismatches == 0


def test_no_images_are_made_beside_the_planes_and_flips_are_at_once(
    qtbot: QtBot, window: MainWindow, takes: tuple[Take, Take]
) -> None:
    assert window.presenter.planes_only
    assert all(isinstance(pane.canvas, GlCanvas) for pane in window.panes.values())
    window.session.playback.seek(5)
    settle(qtbot, window)
    for name, take in (("take_2", takes[1]), ("take_1", takes[0])):
        window.menus.trigger(name)
        assert [pane.tile.left for pane in visible(window)] == [take.id]
        assert window.shown_set.frame == 5
    assert window.presenter.images.held_bytes == 0


def test_playing_keeps_panes_in_step(qtbot: QtBot, window: MainWindow, takes: tuple[Take, Take]) -> None:
    seen: list[int] = []
    window.session.playback.frame_changed.connect(seen.append)
    window.menus.trigger("play")
    qtbot.waitUntil(lambda: len(seen) > 40, timeout=WAIT_MS)
    window.menus.trigger("play")
    assert window.mismatches == 0
    settle(qtbot, window)
    frame = window.session.playback.frame
    level = 255 * (20 + 6 * frame - 16) / 219
    for pane in visible(window):
        assert pane.canvas.frame == frame
        middle = picture_on_screen(pane.canvas)[30:34, 46:50].astype(float)
        assert np.abs(middle - level).max() <= 3


def test_aids_stand_over_the_picture(
    qtbot: QtBot, window: MainWindow, takes: tuple[Take, Take], tmp_path: Path
) -> None:
    canvas = window.panes[takes[1].id].canvas
    plain = picture_on_screen(canvas)
    window.session.view.inspection.set_region((20, 20, 60, 50), (96, 64))
    marked = picture_on_screen(canvas)
    assert not np.array_equal(marked[20, 25:55], plain[20, 25:55])
    assert np.array_equal(marked[30:40, 30:50], plain[30:40, 30:50])
