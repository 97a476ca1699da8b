"""The real window as scripts drive it for pictures of it: with keys, mouse and encodes."""

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog

from app.state.session import Session
from app.views.charts.charts import Charts
from app.views.main_window import MainWindow
from app.views.theme import style, use
from codec.resources import sample_clips

DOCS = Path(__file__).parents[2] / "docs"
PATIENCE_S = 3600.0
SIZE = (1366, 768)
LARGEST = (1366, 900)
"""Of a picture: a window that fills the screen may be larger."""
_COLOURS = 256


class Walk:
    """The window, and the pictures of it."""

    def __init__(self, folder: Path) -> None:
        self._raw = folder / "shown.png"
        self._application = QApplication([])
        self._application.setStyleSheet(style(use("dark")))
        self.window = MainWindow(Session(folder / "settings.json"))
        self.resize(*SIZE)
        self.window.show()
        self.window.activateWindow()
        self.wait(lambda: self.window.charts is not None)

    @property
    def charts(self) -> Charts:
        """The charts, which come after the window."""
        assert self.window.charts is not None
        return self.window.charts

    def resize(self, width: int, height: int) -> None:
        """Another size of the window, in pixels."""
        self.window.resize(width, height)
        QTest.qWait(300)

    def wait(self, done: Callable[[], bool], pause_s: float = 0.0) -> None:
        """Until it is so, then as long again as told. Raises TimeoutError after an hour."""
        until = time.monotonic() + PATIENCE_S
        while not done():
            QTest.qWait(50)
            if time.monotonic() > until:
                raise TimeoutError
        QTest.qWait(round(1000 * pause_s))

    def open(self, clip: Path, frames: int) -> None:
        """The first frames of a clip, until the first is on the screen."""
        self.window.engine.open(clip, 0, frames)
        self.wait(lambda: self.window.shown_set is not None and self.window.shown_set.complete, 0.5)

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """A key of the window."""
        self.window.activateWindow()
        self.wait(self.window.isActiveWindow)
        self.window.stage.setFocus()
        QTest.keyClick(self.window, key, modifiers)
        QTest.qWait(200)

    def dialog(self) -> QDialog:
        """The one that is open."""
        self.wait(lambda: any(isinstance(w, QDialog) and w.isVisible() for w in QApplication.topLevelWidgets()), 0.3)
        return next(w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible())

    def picture(self, name: str, dialog: QDialog | None = None, *, dithered: bool = False) -> None:
        """docs/NAME.png of what is seen now, with a dialog over it, no larger than LARGEST. `dithered`: where pictures
        of takes are looked at, so that few colours make no bands; twice the bytes."""
        shown = self.window.grab()
        if dialog is not None:
            over = dialog.grab()
            place = QPoint((shown.width() - over.width()) // 2, (shown.height() - over.height()) // 2)
            painter = QPainter(shown)
            painter.drawPixmap(place, over)
            painter.end()
        shown.save(str(self._raw), "PNG")
        with Image.open(self._raw) as image:
            kept = image.convert("RGB")
            kept.thumbnail(LARGEST, Image.Resampling.LANCZOS)
            few = kept.quantize(_COLOURS)
            if dithered:
                few = kept.quantize(palette=few, dither=Image.Dither.FLOYDSTEINBERG)
            few.save(DOCS / f"{name}.png", optimize=True)

    def close(self) -> None:
        """Unsaved, without questions."""
        self.window.context.files.leaving.give_up()
        self.window.close()
        self._application.processEvents()


def begin(what: str | None, frames: int) -> tuple[Walk, argparse.Namespace]:
    """The window, and from the command line `clip` and `frames`. `what`: the docstring of the script; `frames`: how
    many when none are told."""
    parser = argparse.ArgumentParser(description=(what or "").splitlines()[0])
    parser.add_argument("--clip", type=Path, default=sample_clips()[0])
    parser.add_argument("--frames", type=int, default=frames)
    parser.add_argument("--work", type=Path, required=True, help="a folder for settings and raw pictures")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    for kind in ("CONFIG", "STATE", "DATA"):
        # What the person at this machine has open is none of these pictures' business.
        os.environ[f"XDG_{kind}_HOME"] = str(arguments.work / kind.lower())
    return Walk(arguments.work), arguments
