"""The area where pictures are: one pane a shown take, all of them swapped together when a frame's set is made."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QStackedWidget, QWidget

from app.render.presenter import FrameSet, Presenter
from app.state.session import Session
from app.state.takes import Take
from app.views.pane import Pane


class Stage(QStackedWidget):
    """Panes for the shown takes, or an invitation to open a clip."""

    full_screen_asked = Signal()

    def __init__(self, session: Session, presenter: Presenter) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._session, self._presenter = session, presenter
        self.panes: dict[int, Pane] = {}
        """By take id."""
        self.shown_set: FrameSet | None = None
        self.mismatches = 0
        """Times two panes showed different frames; must stay 0."""
        empty = QLabel("Drop a clip here, or press Ctrl+O")
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        empty.setStyleSheet("font-size:20px;color:#9aa0a8")
        self._area = QWidget()
        self._grid = QGridLayout(self._area)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2)
        self.addWidget(empty)
        self.addWidget(self._area)
        session.takes.changed.connect(self.rebuild)
        session.takes.take_changed.connect(self._take_changed)
        session.focus_changed.connect(self.rebuild)
        session.seam_changed.connect(presenter.invalidate)
        session.view.changed.connect(self._repaint)
        presenter.ready.connect(self._set_ready, Qt.ConnectionType.QueuedConnection)

    def show_clip(self) -> None:
        """A clip has come: panes instead of the invitation, nothing of the old clip."""
        self.setCurrentWidget(self._area)
        self.shown_set = None
        self.rebuild()

    def rebuild(self) -> None:
        """One pane for every shown take, in a row up to three, else in two rows."""
        shown = self._session.shown
        for number in [n for n in self.panes if all(take.id != n for take in self._session.takes)]:
            pane = self.panes.pop(number)
            self._grid.removeWidget(pane)
            pane.deleteLater()
        columns = len(shown) if len(shown) <= 3 else -(-len(shown) // 2)
        for pane in self.panes.values():
            self._grid.removeWidget(pane)
            pane.hide()
        for place, take in enumerate(shown):
            pane = self.panes.get(take.id)
            if pane is None:
                pane = self.panes[take.id] = Pane(self._session, take)
                pane.canvas.full_screen_asked.connect(self.full_screen_asked)
            if pane.canvas.frame != self._session.playback.frame:
                # It was hidden while the clip moved on, or is new.
                pane.clear()
            self._grid.addWidget(pane, place // columns, place % columns)
            pane.show()
            pane.refresh_label()
        self._presenter.invalidate()
        self.check_step()

    def show_frame(self, frame: int) -> bool:
        """Swap in the whole set of a frame; False while it is not made."""
        made = self._presenter.get(frame)
        if made is None or made.mode is not self._session.seam_mode:
            return False
        self.shown_set = made
        for number, image in made.images.items():
            pane = self.panes.get(number)
            if pane is not None:
                pane.show_picture(image, frame, made.errors.get(number, ""))
        self.check_step()
        return True

    def check_step(self) -> bool:
        """False, and counted, when panes that can be seen show pictures of different frames."""
        canvases = [pane.canvas for pane in self.panes.values() if not pane.isHidden()]
        in_step = len({canvas.frame for canvas in canvases if canvas.image is not None}) <= 1
        self.mismatches += not in_step
        return in_step

    def refresh_labels(self) -> None:
        """Bring every pane's label up to date."""
        for pane in self.panes.values():
            pane.refresh_label()

    def _take_changed(self, take: Take) -> None:
        frame, mode, made = self._session.playback.frame, self._session.seam_mode, self.shown_set
        missing = made is None or made.frame != frame or made.images.get(take.id) is None
        # A picture that was missing has come: make the set again.
        if take in self._session.shown and missing and take.ready(frame, mode):
            self._presenter.invalidate()

    def _set_ready(self, frame: int) -> None:
        if frame == self._session.playback.frame:
            self.show_frame(frame)

    def _repaint(self) -> None:
        for pane in self.panes.values():
            pane.canvas.update()
