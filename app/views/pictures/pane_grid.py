"""Panes placed as an arrangement says, all showing the same frame set."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from app.render.framing import Framing
from app.render.geometry import geometry
from app.render.presenter import FrameSet
from app.state.inspection import Region
from app.state.layouts import Arrangement
from app.state.session import Session
from app.views.pictures.aids import Aids
from app.views.pictures.pane import Pane
from app.views.theme import BACKGROUND


class PaneGrid(QWidget):
    """Swaps whole sets, together with their layout: nothing old is ever shown under a new label."""

    full_screen_asked = Signal()
    reshaped = Signal()
    """A picture has more or less room than before: other images are needed."""

    def __init__(self, session: Session, aids: Aids, *, large_labels: bool = False) -> None:
        super().__init__()
        self._session, self._aids, self._large_labels = session, aids, large_labels
        self.panes: dict[int, Pane] = {}
        """By id of their (left) take; those not in the arrangement are hidden."""
        self._placed: tuple[Arrangement, int] = (Arrangement(), 0)
        # Places without a pane are as dark as what surrounds pictures.
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setStyleSheet(f"PaneGrid {{ background: {BACKGROUND}; }}")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2)

    def show_set(self, made: FrameSet) -> None:
        """Show a set in its arrangement."""
        self._place(made.arrangement)
        for tile in made.arrangement.tiles:
            self.panes[tile.left].show_set(made, tile)

    def framings(self, arrangement: Arrangement) -> set[Framing]:
        """The images that the panes need, or will need when they are placed as in `arrangement`."""
        shown = [pane.canvas for pane in self.panes.values() if not pane.isHidden()]
        if not self.isVisible() or self._session.clip is None:
            return set()
        if arrangement == self._placed[0] and shown:
            return {canvas.framing() for canvas in shown}
        place = geometry(self._session, *self._room(arrangement), self.devicePixelRatioF())
        return {place.framing(self._session.view.minify)}

    def in_step(self) -> bool:
        """False when panes that can be seen show pictures of different frames."""
        canvases = [pane.canvas for pane in self.panes.values() if not pane.isHidden()]
        return len({canvas.frame for canvas in canvases if canvas.content.has_picture}) <= 1

    def keep_only(self, ids: set[int]) -> None:
        """Drop panes of takes that are gone."""
        for number in [number for number in self.panes if number not in ids]:
            pane = self.panes.pop(number)
            self._grid.removeWidget(pane)
            pane.canvas.release()
            pane.deleteLater()
            self._placed = (Arrangement(), 0)

    def refresh_labels(self) -> None:
        """Bring every pane's label up to date."""
        for pane in self.panes.values():
            pane.refresh_label()

    def repaint_pictures(self) -> None:
        """Zoom, split or aids changed: the same pictures, painted anew."""
        for pane in self.panes.values():
            pane.canvas.update()

    def look_at(self, region: Region) -> None:
        """Mark a region and bring it to the middle of every pane, with as much around it again."""
        clip, view = self._session.clip, self._session.view
        pane = next((pane for pane in self.panes.values() if not pane.isHidden()), None)
        if clip is None or pane is None:
            return
        right, bottom = region.left + region.width, region.top + region.height
        view.inspection.set_region((region.left, region.top, right, bottom), (clip.width, clip.height))
        place = pane.canvas.place()
        zoom = min(place.pane[0] / (region.width * place.aspect), place.pane[1] / region.height) / 2
        view.look_at(((region.left + right) / 2 / clip.width, (region.top + bottom) / 2 / clip.height), zoom)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the size of every picture."""
        if event.type() is QEvent.Type.Resize:
            self.reshaped.emit()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another shape may ask for other columns."""
        super().resizeEvent(event)
        self._place(self._placed[0])

    def _place(self, arrangement: Arrangement) -> None:
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
                pane.canvas.installEventFilter(self)
            self._grid.addWidget(pane, place // columns, place % columns)
            pane.show()
        rows = -(-len(wanted) // columns) if columns else 0
        for line in range(max(self._grid.rowCount(), rows)):
            self._grid.setRowStretch(line, int(line < rows))
        for line in range(max(self._grid.columnCount(), columns)):
            self._grid.setColumnStretch(line, int(line < columns))

    def _room(self, arrangement: Arrangement) -> tuple[float, float]:
        """Width and height of each picture when so many panes are placed."""
        count = max(1, len(arrangement.tiles))
        columns = max(1, arrangement.columns or self._best_columns(count))
        rows, gap = -(-count // columns), self._grid.spacing()
        width = (self.width() - (columns - 1) * gap) // columns
        return max(1, width), max(1, (self.height() - (rows - 1) * gap) // rows - self._label_height())

    def _label_height(self) -> int:
        return next((pane.label.height() for pane in self.panes.values() if not pane.isHidden()), 0)

    def _best_columns(self, count: int) -> int:
        """Columns with which `count` pictures are largest; where it makes no difference fewer rows and wider panes."""
        clip = self._session.clip
        if clip is None or count < 2:
            return 1
        width, height = clip.width * float(clip.info.sample_aspect), float(clip.height)
        label = self._label_height()

        def scale(columns: int) -> float:
            rows = -(-count // columns)
            return min(self.width() / columns / width, max(1.0, self.height() / rows - label) / height)

        return max(range(1, count + 1), key=lambda columns: (round(scale(columns), 3), count // -columns, -columns))
