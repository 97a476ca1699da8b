"""Makes docs/choosing-N.png: from an open clip to a marked choice, a picture after every action of the person.

    python -m resources.make.choosing_pictures --work DIR [--clip FILE] [--frames N]

The real window with real keys and real encodes; wants a display (Xvfb will do) and takes minutes.
"""

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
from app.state.takes import Status
from app.views.charts.charts import Charts
from app.views.main_window import MainWindow
from app.views.theme import style, use
from codec.resources import sample_clips

DOCS = Path(__file__).parents[2] / "docs"
PATIENCE_S = 3600.0
SIZE = (1366, 768)
_COLOURS = 128


class Walk:
    """The window, and the pictures of it."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._number = folder, 0
        self.window = MainWindow(Session(folder / "settings.json"))
        self.window.resize(*SIZE)
        self.window.show()
        self.window.activateWindow()
        self.wait(lambda: self.window.charts is not None)

    @property
    def charts(self) -> Charts:
        """The charts, which come after the window."""
        assert self.window.charts is not None
        return self.window.charts

    def wait(self, done: Callable[[], bool], pause_s: float = 0.0) -> None:
        """Until it is so, then as long again as told. Raises TimeoutError after an hour."""
        until = time.monotonic() + PATIENCE_S
        while not done():
            QTest.qWait(50)
            if time.monotonic() > until:
                raise TimeoutError
        QTest.qWait(round(1000 * pause_s))

    def dialog(self) -> QDialog:
        """The one that is open."""
        self.wait(lambda: any(isinstance(w, QDialog) and w.isVisible() for w in QApplication.topLevelWidgets()), 0.3)
        return next(w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible())

    def picture(self, dialog: QDialog | None = None) -> None:
        """What is seen now, with a dialog over it."""
        self._number += 1
        shown = self.window.grab()
        if dialog is not None:
            over = dialog.grab()
            place = QPoint((shown.width() - over.width()) // 2, (shown.height() - over.height()) // 2)
            painter = QPainter(shown)
            painter.drawPixmap(place, over)
            painter.end()
        raw = self._folder / "shown.png"
        shown.save(str(raw), "PNG")
        with Image.open(raw) as image:
            image.convert("RGB").quantize(_COLOURS).save(DOCS / f"choosing-{self._number}.png", optimize=True)


def main() -> None:
    """Walk."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clip", type=Path, default=sample_clips()[0])
    parser.add_argument("--frames", type=int, default=17)
    parser.add_argument("--work", type=Path, required=True, help="a folder for settings and raw pictures")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    for kind in ("CONFIG", "STATE", "DATA"):
        # What the person at this machine has open is none of these pictures' business.
        os.environ[f"XDG_{kind}_HOME"] = str(arguments.work / kind.lower())
    application = QApplication([])
    application.setStyleSheet(style(use("dark")))
    walk = Walk(arguments.work)
    window, session = walk.window, walk.window.session

    # 1: open the clip.
    window.engine.open(arguments.clip, 0, arguments.frames)
    walk.wait(lambda: window.shown_set is not None and window.shown_set.complete, 0.5)
    walk.picture()
    # 2: ask for a ladder.
    QTest.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    ladder = walk.dialog()
    walk.picture(ladder)
    # 3: start it as it is proposed.
    QTest.keyClick(ladder, Qt.Key.Key_Return)
    takes = list(session.takes)[1:]
    walk.wait(lambda: sum(take.status is Status.READY for take in takes) >= 3, 0.5)
    walk.picture()
    walk.wait(lambda: all(take.status is not Status.RUNNING for take in takes))
    # 4: look at the rates.
    walk.charts.pages.setCurrentWidget(walk.charts.rates)
    walk.wait(lambda: len(walk.charts.rates.points) == len(takes), 1.0)
    walk.picture()
    # 5: choose a take.
    session.select(takes[2])
    window.activateWindow()
    walk.wait(window.isActiveWindow)
    QTest.keyClick(window, Qt.Key.Key_A)
    choice = walk.dialog()
    walk.picture(choice)
    # 6: agree.
    QTest.keyClick(choice, Qt.Key.Key_Return)
    walk.wait(lambda: session.choice is not None, 1.0)
    walk.picture()
    window.context.files.leaving.give_up()
    window.close()
    application.processEvents()


if __name__ == "__main__":
    main()
