"""The real window on a real clip; a test that leaves a thread, a process or a window behind fails."""

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from app.state.session import Session
from app.state.settings import settings_file
from app.state.takes import Status, Take
from app.views.main_window import MainWindow
from app.views.placing import FIRST_SIZE
from codec.rivals.settings import RivalCodec
from tests.conftest import make_clip

WAIT_MS = 60_000


@pytest.fixture(scope="session")
def numbered_clip(clips: Path) -> Path:
    """96x64, 30 frames; the mean luma of a frame says its number: 20 + 6 n."""
    options = ("-vf", "geq=lum='20+6*N':cb=128:cr=128", "-c:v", "ffv1", "-pix_fmt", "yuv420p", "-g", "1")
    return make_clip(clips / "numbered.mkv", *options, frames=30)


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    made = MainWindow(Session(settings_file()))
    # The offscreen platform's screen is smaller than the window is meant to be.
    made.resize(FIRST_SIZE)
    made.show()
    # Without a window manager nobody else gives it the keys.
    made.activateWindow()
    qtbot.waitUntil(lambda: made.charts is not None, timeout=WAIT_MS)
    yield made
    made.context.files.leaving.give_up()
    made.close()
    made.deleteLater()
    QApplication.processEvents()
    _delete_ownerless()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and (_threads() or multiprocessing.active_children()):
        time.sleep(0.02)
    assert _threads() == []
    assert multiprocessing.active_children() == []


def _delete_ownerless() -> None:
    """Menus of plots and charts that were never shown have no parent that takes them along: hundreds of windows leave
    tens of thousands of widgets, and each must be styled anew when a theme is tried."""
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, QMenu) or type(widget).__name__ == "Chart":
            widget.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _threads() -> list[str]:
    names = ("pictures", "media", "rival", "codec", "metrics", "ffmpeg", "gop")
    return [t.name for t in threading.enumerate() if t.name.startswith(names)]


@pytest.fixture
def shows(qtbot: QtBot, window: MainWindow) -> Callable[[Path], None]:
    """Open a clip and wait until its first frame is on the screen."""

    def run(path: Path) -> None:
        window.engine.open(path)
        qtbot.waitUntil(
            lambda: (
                window.session.clip is not None
                and window.session.clip.path == path
                and window.shown_set is not None
                and window.shown_set.complete
            ),
            timeout=WAIT_MS,
        )

    return run


@pytest.fixture
def two_takes(
    qtbot: QtBot, window: MainWindow, shows: Callable[[Path], None], numbered_clip: Path
) -> tuple[Take, Take]:
    """The numbered clip and a HEVC take of it, both on the screen."""
    shows(numbered_clip)
    take = window.engine.encode_rival(RivalCodec.HEVC, 10)
    assert take is not None
    qtbot.waitUntil(lambda: take.status is not Status.RUNNING, timeout=WAIT_MS)
    assert take.status is Status.READY, take.error
    qtbot.waitUntil(lambda: len(window.shown_set.images) == 2 and window.shown_set.complete, timeout=WAIT_MS)
    window._refresh_all()
    return next(iter(window.session.takes)), take
