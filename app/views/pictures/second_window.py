"""The pictures once more in a window of their own, with large labels, for a second screen."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QHideEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.render.presenter import FrameSet
from app.state.session import Session
from app.views.pictures.aids import Aids
from app.views.pictures.pane_grid import PaneGrid
from app.views.pictures.stage import Stage
from app.views.placing import set_full_screen
from app.views.theme import BACKGROUND


class SecondWindow(QWidget):
    """Shows every set that the first window shows; the first window's keys work here too."""

    closed = Signal()

    def __init__(self, parent: QWidget, session: Session, stage: Stage, aids: Aids, keys: list[QAction]) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._stage = stage
        self.setWindowTitle("Seamscope – second window")
        self.setStyleSheet(f"background:{BACKGROUND}")
        self.grid = PaneGrid(session, aids, large_labels=True)
        self.grid.full_screen_asked.connect(self.toggle_full_screen)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.grid)
        self.resize(960, 600)
        self.addActions(keys)
        stage.set_shown.connect(self._show_set)
        stage.follow(self.grid)
        view = session.view
        session.takes.changed.connect(self._takes_changed)
        for signal in (view.changed, view.layouts.moved, view.inspection.changed):
            signal.connect(self.grid.repaint_pictures)
        self._session = session

    def open(self) -> None:
        """Show it, filling another screen where there is one."""
        here = self._stage.screen()
        others = [screen for screen in QGuiApplication.screens() if screen is not here]
        if others:
            self.setGeometry(others[0].geometry())
            set_full_screen(self, True)
        else:
            self.show()
        if self._stage.shown_set is not None:
            self._show_set(self._stage.shown_set)

    def toggle_full_screen(self) -> None:
        """All of its screen, or a window."""
        set_full_screen(self, not self.isFullScreen())

    def refresh_labels(self) -> None:
        """Bring labels up to date, if they can be seen."""
        if self.isVisible():
            self.grid.refresh_labels()

    def hideEvent(self, event: QHideEvent) -> None:
        """Say so, whoever closed it."""
        super().hideEvent(event)
        self.closed.emit()

    def _show_set(self, made: FrameSet) -> None:
        if self.isVisible():
            self.grid.show_set(made)

    def _takes_changed(self) -> None:
        self.grid.keep_only({take.id for take in self._session.takes})
