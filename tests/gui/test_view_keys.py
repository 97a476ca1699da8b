"""Zoom and pan without a mouse, what the status bar tells of them, and the view as a picture."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QToolTip
from pytestqt.qtbot import QtBot

from app.state.takes import Take
from app.views.main_window import MainWindow
from codec.gop import SeamMode
from tests.gui.conftest import WAIT_MS
from tests.gui.test_layouts import rgb, settle, visible

Key, Held = Qt.Key, Qt.KeyboardModifier
Takes = tuple[Take, Take]


def press(window: MainWindow, key: Qt.Key, held: Qt.KeyboardModifier) -> None:
    window.stage.setFocus()
    QTest.keyClick(window.stage, key, held)


def middle(window: MainWindow) -> tuple[float, float]:
    canvas = visible(window)[0].canvas
    return canvas.place().to_picture(QPointF(canvas.width() / 2, canvas.height() / 2))


def test_the_picture_is_zoomed_and_panned_by_keys(qtbot: QtBot, window: MainWindow, two_takes: Takes) -> None:
    press(window, Key.Key_0, Held.ControlModifier)
    before, place = middle(window), visible(window)[0].canvas.place()
    press(window, Key.Key_Up, Held.ShiftModifier)
    press(window, Key.Key_Up, Held.ShiftModifier)
    assert window.session.view.zoom == pytest.approx(1.25**2)
    assert middle(window) == pytest.approx(before, abs=1.0)
    press(window, Key.Key_Down, Held.ShiftModifier)
    assert window.session.view.zoom == pytest.approx(1.25)
    # As in every viewer; no take is shifted by them.
    for key, held, zoom in (
        (Key.Key_Plus, Held.NoModifier, 1.25**2),
        (Key.Key_Minus, Held.NoModifier, 1.25),
        (Key.Key_Plus, Held.ControlModifier, 1.25**2),
        (Key.Key_Minus, Held.ControlModifier, 1.25),
    ):
        press(window, key, held)
        assert window.session.view.zoom == pytest.approx(zoom)
    assert [take.nudge for take in window.session.takes] == [0, 0]
    press(window, Key.Key_8, Held.ControlModifier)
    across, down = middle(window)
    press(window, Key.Key_Right, Held.AltModifier | Held.ShiftModifier)
    press(window, Key.Key_Up, Held.AltModifier | Held.ShiftModifier)
    # A tenth of the pane each, at 8 pixels a sample.
    moved = middle(window)
    assert moved[0] - across == pytest.approx(place.pane[0] / 80, abs=0.2)
    assert moved[1] - down == pytest.approx(-place.pane[1] / 80, abs=0.2)


def test_the_status_bar_tells_the_zoom(qtbot: QtBot, window: MainWindow, two_takes: Takes) -> None:
    press(window, Key.Key_4, Held.ControlModifier)
    window._refresh_all()
    assert "zoom 400 % ·" in window.status_text.text()
    press(window, Key.Key_9, Held.ControlModifier)
    window._refresh_all()
    scale = visible(window)[0].canvas.place().scale
    assert f"zoom {100 * scale:.3g} % (fit)" in window.status_text.text()


def test_the_view_goes_to_the_clipboard_and_to_a_file_as_it_is_seen(
    qtbot: QtBot, window: MainWindow, two_takes: Takes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.session.playback.seek(11)
    settle(qtbot, window)
    press(window, Key.Key_C, Held.ControlModifier)
    copied = rgb(QGuiApplication.clipboard().image()).astype(int)
    ratio = window.stage.devicePixelRatioF()
    assert copied.shape[:2] == (round(window.stage.height() * ratio), round(window.stage.width() * ratio))
    level = 255 * (20 + 6 * 11 - 16) / 219
    for pane in visible(window):
        place = pane.canvas.mapTo(window.stage, pane.canvas.rect().center()) * ratio
        assert np.abs(copied[place.y() - 4 : place.y() + 4, place.x() - 4 : place.x() + 4] - level).max() <= 4
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "seen"), ""))
    window.menus.trigger("save_view")
    target = tmp_path / "seen.png"
    qtbot.waitUntil(target.exists, timeout=WAIT_MS)
    with Image.open(target) as image:
        assert np.array_equal(np.asarray(image), copied)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "no" / "seen.png"), ""))
    window.menus.trigger("save_view")
    qtbot.waitUntil(lambda: "seen.png: the picture cannot be written" in window.banner.text(), timeout=WAIT_MS)


def test_the_transport_tells_speed_direction_and_loop(window: MainWindow, two_takes: Takes) -> None:
    position = window.transport.position
    assert position.text() == "frame 0 / 29 · 0.000 s"
    for name in ("faster", "backward", "to_and_fro"):
        window.menus.trigger(name)
    playback = window.session.playback
    assert position.text().endswith(f"s · -{playback.speed:g}× · to and fro")
    window.menus.trigger("loop")
    assert position.text().endswith("no loop")


@pytest.mark.qt_log_ignore("plugin does not support", extend=True)
def test_the_timeline_tells_what_lies_under_the_mouse(qtbot: QtBot, window: MainWindow, two_takes: Takes) -> None:
    timeline = window.timeline
    x = next(x for x in range(timeline.width()) if timeline.frame_at(x) == 17)
    qtbot.mouseMove(timeline, QPoint(x, 5))
    qtbot.waitUntil(lambda: QToolTip.text().startswith("frame 17 · 0.680 s · GoP 2\n"), timeout=WAIT_MS)
    assert window.session.playback.frame == 0
    window.session.set_seam_mode(SeamMode.DISJOINT)
    assert timeline.words_of(17).startswith("frame 17 · 0.680 s · GoP 1\n")
    QToolTip.hideText()
