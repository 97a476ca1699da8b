"""The area where pictures are: panes in the arrangement asked for, all swapped together when a frame's set is made."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QStackedWidget, QWidget

from app.jobs.inspecting import Inspector
from app.render.presenter import FrameSet, Presenter
from app.state.layouts import Arrangement
from app.state.session import Session
from app.state.takes import Take
from app.views.aids import Aids
from app.views.pane import Pane


class Stage(QStackedWidget):
    """Panes for the shown takes, or an invitation to open a clip."""

    full_screen_asked = Signal()

    def __init__(
        self, session: Session, presenter: Presenter, inspector: Inspector, *, large_labels: bool = False
    ) -> None:
        super().__init__()
        self._aids = Aids(session, presenter, inspector)
        self._large_labels = large_labels
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._session, self._presenter = session, presenter
        self.panes: dict[int, Pane] = {}
        """By id of their (left) take; those not in the arrangement are hidden."""
        self.shown_set: FrameSet | None = None
        self.mismatches = 0
        """Times two panes showed different frames; must stay 0."""
        self._placed: tuple[Arrangement, int] = (Arrangement(), 0)
        empty = QLabel("Drop a clip here, or press Ctrl+O")
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        empty.setStyleSheet("font-size:20px;color:#9aa0a8")
        self._area = QWidget()
        self._grid = QGridLayout(self._area)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2)
        self.addWidget(empty)
        self.addWidget(self._area)
        view = session.view
        session.takes.changed.connect(self._takes_changed)
        session.takes.take_changed.connect(self._take_changed)
        for signal in (session.focus_changed, session.seam_changed, view.layouts.changed):
            signal.connect(self.refresh)
        for signal in (view.changed, view.layouts.moved, view.inspection.changed, inspector.changed):
            signal.connect(self._repaint)
        presenter.ready.connect(self._set_ready, Qt.ConnectionType.QueuedConnection)

    def show_clip(self) -> None:
        """A clip has come: panes instead of the invitation, nothing of the old clip."""
        self.setCurrentWidget(self._area)
        self.shown_set = None
        self._session.view.layouts.forget_takes()

    def refresh(self) -> None:
        """Ask for what is to be seen now. It comes at once when its images are made, else what is shown stays until
        they are: nothing old is ever shown under a new label."""
        self._presenter.invalidate()
        if self._session.clip is not None:
            self.show_frame(self._session.playback.frame)

    def show_frame(self, frame: int) -> bool:
        """Swap in the whole set of a frame; False while it is not made."""
        made = self._presenter.get(frame)
        if (
            made is None
            or made.mode is not self._session.seam_mode
            or made.arrangement != self._presenter.arrangement()
        ):
            return False
        self.shown_set = made
        self._place(made.arrangement)
        for tile in made.arrangement.tiles:
            self.panes[tile.left].show_set(made, tile)
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

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another shape may ask for other columns."""
        super().resizeEvent(event)
        if self.shown_set is not None:
            self._place(self.shown_set.arrangement)

    def _place(self, arrangement: Arrangement) -> None:
        """Put panes where an arrangement wants them."""
        columns = arrangement.columns or self._best_columns(len(arrangement.tiles))
        if self._placed == (arrangement, columns):
            return
        self._placed = (arrangement, columns)
        for pane in self.panes.values():
            self._grid.removeWidget(pane)
        wanted = [tile.left for tile in arrangement.tiles]
        for number, pane in self.panes.items():
            if number not in wanted:
                pane.hide()
        for place, tile in enumerate(arrangement.tiles):
            pane = self.panes.get(tile.left)
            if pane is None:
                pane = self.panes[tile.left] = Pane(self._session, tile, self._aids, large=self._large_labels)
                pane.canvas.full_screen_asked.connect(self.full_screen_asked)
            self._grid.addWidget(pane, place // columns, place % columns)
            pane.show()
        rows = -(-len(wanted) // columns) if columns else 0
        for line in range(max(self._grid.rowCount(), rows)):
            self._grid.setRowStretch(line, int(line < rows))
        for line in range(max(self._grid.columnCount(), columns)):
            self._grid.setColumnStretch(line, int(line < columns))

    def _best_columns(self, count: int) -> int:
        """Columns with which `count` pictures are largest; fewer rows where it makes no difference."""
        clip = self._session.clip
        if clip is None or count < 2:
            return 1
        width, height = clip.width * float(clip.info.sample_aspect), float(clip.height)
        label = next((pane.label.height() for pane in self.panes.values()), 0)

        def scale(columns: int) -> float:
            rows = -(-count // columns)
            return min(self.width() / columns / width, max(1.0, self.height() / rows - label) / height)

        return max(range(1, count + 1), key=lambda columns: (round(scale(columns), 3), columns))

    def _takes_changed(self) -> None:
        ids = {take.id for take in self._session.takes}
        for number in [number for number in self.panes if number not in ids]:
            pane = self.panes.pop(number)
            self._grid.removeWidget(pane)
            pane.deleteLater()
            self._placed = (Arrangement(), 0)
        self.refresh()

    def _take_changed(self, take: Take) -> None:
        frame, mode, made = self._session.playback.frame, self._session.seam_mode, self.shown_set
        if take.id not in self._presenter.arrangement().takes:
            return
        missing = made is None or made.frame != frame or made.images.get(take.id) is None
        # A picture that was missing has come: make the set again.
        if missing and take.ready(frame, mode):
            self._presenter.invalidate()

    def _set_ready(self, frame: int) -> None:
        if frame == self._session.playback.frame:
            self.show_frame(frame)

    def _repaint(self) -> None:
        for pane in self.panes.values():
            pane.canvas.update()
