"""Where the window stands and how large it is: as it was left, and never larger than the screen."""

import base64
import binascii

from PySide6.QtCore import QByteArray, QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

FIRST_SIZE = QSize(1360, 860)
"""Of a window that was never open before, where there is room for it."""
_FRAME = QSize(16, 40)
"""Room for what the system draws around a window, as long as it has not said how much that is."""


def place(window: QWidget, remembered: str) -> None:
    """Give a window that is not shown yet the place and size that `remembered` (of `to_remember`) tells, or the first
    ones; both within its screen."""
    window.resize(FIRST_SIZE)
    if remembered:
        try:
            window.restoreGeometry(QByteArray(base64.b64decode(remembered, validate=True)))
        except (binascii.Error, ValueError):
            # Of another program, or damaged: it is only a place.
            window.resize(FIRST_SIZE)
    if not window.isMaximized():
        fit(window)


def fit(window: QWidget) -> None:
    """Bring the window, its frame included, within its screen."""
    screen = window.screen() or QGuiApplication.primaryScreen()
    room, inner, outer = screen.availableGeometry(), window.geometry(), window.frameGeometry()
    frame = outer.size() - inner.size() if outer != inner else _FRAME
    size = inner.size().boundedTo(room.size() - frame)
    if size != inner.size():
        window.resize(size)
    whole = QRect(outer.topLeft(), size + frame)
    if not room.contains(whole):
        right, bottom = room.right() - whole.width() + 1, room.bottom() - whole.height() + 1
        window.move(max(room.left(), min(whole.left(), right)), max(room.top(), min(whole.top(), bottom)))


def to_remember(window: QWidget) -> str:
    """Place and size as text. A window that fills the screen is remembered as it was before."""
    return base64.b64encode(window.saveGeometry().data()).decode()


def set_full_screen(window: QWidget, on: bool) -> None:
    """All of the screen, or the window again as it was, maximised or not."""
    full = Qt.WindowState.WindowFullScreen
    state = window.windowState()
    window.setWindowState(state | full if on else state & ~full)
    window.show()


class WindowFrame:
    """The `app.controllers.screen.Frame` of a window."""

    def __init__(self, window: QWidget) -> None:
        self._window = window

    @property
    def full(self) -> bool:
        """It fills the screen."""
        return self._window.isFullScreen()

    def set_full(self, on: bool) -> None:
        """All of the screen, or the window again."""
        set_full_screen(self._window, on)

    def where(self) -> str:
        """Place and size as text."""
        return to_remember(self._window)

    def close(self) -> None:
        """Ask the window to close."""
        self._window.close()
