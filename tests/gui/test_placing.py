"""The window fits the screen, comes back where it was, and is maximised again after the full screen."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.state.session import Session
from app.state.settings import load_settings, settings_file
from app.views.main_window import MainWindow
from tests.gui.conftest import WAIT_MS

# A screen of its own for the window, which needs another process.
LOOK = """
import json
import time
from dataclasses import replace
from PySide6.QtWidgets import QApplication
from app.state.session import Session
from app.state.settings import settings_file
from app.views.main_window import MainWindow
from app.views.theme import style, use
application = QApplication([])
application.setStyleSheet(style(use("dark")))
session = Session(settings_file())
session.settings = replace(session.settings, recent=tuple(f"/clips/{n}.mp4" for n in range(6)))
window = MainWindow(session)
window.engine.warm_up = lambda: None
window.show()
while window.charts is None:
    application.processEvents()
    time.sleep(0.01)
for _ in range(20):
    application.processEvents()
start = window.stage.start
buttons = [start.ask, start.sample, *start.recent]
whole = [button.height() >= button.sizeHint().height() for button in buttons]
window.info.show()
window.inspector_panel.show()
for toggle in window.charts.toggles.values():
    toggle.setChecked(True)
for width in (2 * window.width(), window.width()):
    window.resize(width, window.height())
    for _ in range(20):
        application.processEvents()
window.context.screen.toggle_keys()
least, room = window.minimumSizeHint(), window.screen().availableGeometry()
bar = window.look_bar
seen = {name: button for name, button in bar.buttons.items() if not button.isHidden()}
print(json.dumps({
    "room": room.getRect(), "window": window.frameGeometry().getRect(), "least": [least.width(), least.height()],
    "keys": window.keys.geometry().getRect(), "seen": len(seen), "more": len(bar.more.menu().actions()),
    "menus": max(window.menuBar().actionGeometry(a).right() for a in window.menuBar().actions()),
    "whole": whole, "sideways": window.keys.horizontalScrollBar().maximum(),
    "begins": min(button.geometry().left() for button in seen.values()) + bar.x(),
    "ends": max(button.geometry().right() for button in seen.values()), "bar": bar.width(),
}))
window.close()
"""


@pytest.mark.parametrize(("width", "height", "factor"), [(1280, 720, 1), (1366, 768, 1), (1920, 1080, 2)])
def test_the_window_fits_the_screen(tmp_path: Path, width: int, height: int, factor: int) -> None:
    screen = {"name": "one", "x": 0, "y": 0, "width": width, "height": height, "logicalDpi": 96, "dpr": 1}
    (tmp_path / "screen.json").write_text(json.dumps({"screens": [screen]}))
    places = {
        "QT_QPA_PLATFORM": f"offscreen:configfile={tmp_path / 'screen.json'}",
        "QT_SCALE_FACTOR": str(factor),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    done = subprocess.run(
        [sys.executable, "-c", LOOK], env=os.environ | places, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    room, window = QRect(*told["room"]), QRect(*told["window"])
    assert (room.width(), room.height()) == (width // factor, height // factor)
    assert room.contains(window), (room, window)
    # Room for what the system draws around it is left.
    assert window.width() <= room.width() - 2 and window.height() <= room.height() - 24
    assert told["least"][0] <= window.width() and told["least"][1] <= window.height()
    assert QRect(0, 0, window.width(), window.height()).contains(QRect(*told["keys"]))
    # Keys and what can be opened can be read without the window being made larger.
    assert told["sideways"] == 0
    assert told["whole"] == [True] * 8
    # Every button is there or in the menu beside them.
    assert told["seen"] + told["more"] == 12 and told["seen"] >= 5 and told["ends"] < told["bar"]
    # The menus are all there, left of them.
    assert 200 < told["menus"] < told["begins"]


def another(qtbot: QtBot) -> MainWindow:
    made = MainWindow(Session(settings_file()))
    made.engine.warm_up = lambda: None
    made.show()
    qtbot.waitUntil(lambda: made.charts is not None, timeout=WAIT_MS)
    return made


def end(window: MainWindow) -> None:
    window.close()
    window.deleteLater()
    QApplication.processEvents()


def test_size_and_place_are_remembered(qtbot: QtBot) -> None:
    first = another(qtbot)
    first.resize(700, 520)
    first.move(40, 60)
    place = first.geometry()
    end(first)
    second = another(qtbot)
    assert second.geometry() == place and not second.isMaximized()
    second.showMaximized()
    end(second)
    third = another(qtbot)
    assert third.isMaximized()
    # Left in full screen, it comes back as it was before.
    third.menus.trigger("full_screen")
    assert third.isFullScreen()
    end(third)
    fourth = another(qtbot)
    assert fourth.isMaximized() and not fourth.isFullScreen()
    end(fourth)


@pytest.mark.parametrize("remembered", ["x", "AAAA", "é", "A" * 2000, 7, None])
def test_a_place_that_is_none_is_forgotten(qtbot: QtBot, remembered: object) -> None:
    settings_file().parent.mkdir(parents=True, exist_ok=True)
    settings_file().write_text(json.dumps({"window": remembered, "theme": "light"}))
    assert load_settings(settings_file()).theme == "light"
    window = MainWindow(Session(settings_file()))
    assert window.screen().availableGeometry().contains(window.geometry())
    end(window)


@pytest.mark.parametrize("key", ["full_screen", "present"])
def test_a_maximised_window_is_maximised_after_the_full_screen(
    qtbot: QtBot, window: MainWindow, shows, small_clip: Path, key: str
) -> None:
    shows(small_clip)
    for maximised in (True, False):
        window.showMaximized() if maximised else window.showNormal()
        window._refresh_all()
        window.menus.trigger(key)
        assert window.isFullScreen() and window.side.isHidden()
        window.menus.trigger(key)
        assert not window.isFullScreen() and window.isMaximized() is maximised
        assert not window.side.isHidden() and window.windowState() & Qt.WindowState.WindowFullScreen == (
            Qt.WindowState.WindowNoState
        )
