"""The list of takes: shown or not, name, progress, and a menu of what can be done with one. Files dropped here become
takes."""

from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDragEnterEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.render.take_looks import look_dash
from app.state.session import Session
from app.state.takes import Kind, Status, Take
from app.views import theme
from app.views.names import parted
from app.views.take_lines import LinedLabel
from app.views.theme import ink_of
from app.views.widgets import Label, plain_tip


class NameField(QLineEdit):
    """A take's name while it is typed: Enter or leaving keeps it, Escape does not."""

    given = Signal(str)
    given_up = Signal()

    def event(self, event: QEvent) -> bool:
        """Escape is meant for this field, not for the window's key of that name."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Escape end it."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.given.emit(self.text())
        elif event.key() == Qt.Key.Key_Escape:
            self.given_up.emit()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Leaving keeps the name."""
        super().focusOutEvent(event)
        if self.isVisible():
            self.given.emit(self.text())


class TakeRow(QFrame):
    """One take. A click selects it, dragging moves it, a double-click renames it, the right button opens its menu."""

    cancel_asked = Signal(object)
    remove_asked = Signal(object)
    visible_asked = Signal(object, bool)
    rename_asked = Signal(object, str)
    selected = Signal(object)
    menu_asked = Signal(object, QPoint)
    let_go = Signal(object, QPoint)
    """Dragged to a place of the screen."""

    def __init__(self, take: Take) -> None:
        super().__init__()
        self.take = take
        self.setObjectName("take")
        self._selected, self._dragging = False, False
        self.chosen = False
        """It is the clip's operating point."""
        self._pressed_at: QPoint | None = None
        self.shown = QCheckBox()
        self.shown.setToolTip("Show this take in a pane")
        self.label = LinedLabel(inset=0)
        # Two lines of text, and the take's own.
        self.label.setMinimumHeight(2 * self.label.fontMetrics().lineSpacing() + 8)
        self.number = Label()
        self.number.setToolTip("This key shows the take alone")
        self.field = NameField()
        self.field.setAccessibleName("Name of the take")
        self.field.hide()
        self.more = QToolButton()
        self.more.setText("⋯")
        self.more.setObjectName("small")
        self.more.setToolTip("Rename, encode again, move, shift, export, …")
        self.button = QToolButton()
        self.button.setObjectName("small")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        top = QHBoxLayout()
        top.addWidget(self.shown)
        top.addWidget(self.number)
        top.addWidget(self.label, 1)
        top.addWidget(self.field, 1)
        top.addWidget(self.more)
        top.addWidget(self.button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 2, 4, 2)
        layout.setSpacing(2)
        layout.addLayout(top)
        layout.addWidget(self.bar)
        self.shown.clicked.connect(lambda checked: self.visible_asked.emit(self.take, checked))
        self.button.clicked.connect(self._pressed)
        self.more.clicked.connect(lambda: self._ask_menu(self.more.mapToGlobal(self.more.rect().bottomLeft())))
        self.field.given.connect(self._named)
        self.field.given_up.connect(self._end_naming)
        self.refresh()

    def refresh(self) -> None:
        """Bring the row up to date."""
        take = self.take
        running = take.status is Status.RUNNING
        # Two lines: who, and what it costs or how far it is.
        star = "★ " if self.chosen else ""
        self.label.setText(star + "\n".join(part for part in parted(take.label, take.name) if part))
        details = (take.label, take.message, take.note, take.error, take.command)
        self.label.setToolTip(plain_tip("\n".join(part for part in details if part)))
        self.label.setStyleSheet(f"color:{ink_of(take)}")
        self.label.set_dash(None if take.kind is Kind.SOURCE else look_dash(take.look), ink_of(take))
        self.number.setStyleSheet(f"color:{ink_of(take)}; font-weight:bold")
        self.shown.setChecked(take.visible)
        self.shown.setAccessibleName(f"Show {take.name}")
        self.more.setAccessibleName(f"Menu of {take.name}")
        self.more.setVisible(take.kind is not Kind.SOURCE)
        self.button.setText("Cancel" if running else "✕")
        self.button.setAccessibleName(f"{'Cancel' if running else 'Remove'} {take.name}")
        self.button.setToolTip("Stop this encode" if running else "Remove this take (Ctrl+Z brings it back)")
        self.button.setVisible(take.kind is not Kind.SOURCE)
        self.bar.setVisible(running)
        self.bar.setValue(round(1000 * take.progress))

    def mark(self, selected: bool) -> None:
        """Draw it as the take that commands mean, or not."""
        if self._selected != selected:
            self._selected = selected
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A frame round the selected take; painted here, since a style sheet would polish all of the row at every
        flip."""
        super().paintEvent(event)
        if self._selected:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QColor(theme.current().muted))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
            painter.end()

    def rename(self) -> None:
        """Type a name in place of the label."""
        self.field.setText(self.take.given_name or self.take.name)
        self.label.hide()
        self.field.show()
        self.field.selectAll()
        self.field.setFocus()

    def _named(self, name: str) -> None:
        self._end_naming()
        self.rename_asked.emit(self.take, "" if name == self.take.name and not self.take.given_name else name)

    def _end_naming(self) -> None:
        # Hiding takes the focus away, which would give the name once more.
        self.field.blockSignals(True)
        self.field.hide()
        self.field.blockSignals(False)
        self.label.show()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select; perhaps the beginning of a drag."""
        self.selected.emit(self.take)
        self._pressed_at = event.position().toPoint() if event.button() == Qt.MouseButton.LeftButton else None
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show that the row is being moved."""
        start = self._pressed_at
        if start is not None and self.take.kind is not Kind.SOURCE and not self._dragging:
            far = (event.position().toPoint() - start).manhattanLength() >= QApplication.startDragDistance()
            if far:
                self._dragging = True
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The end of a drag."""
        if self._dragging:
            self._dragging = False
            self.unsetCursor()
            self.let_go.emit(self.take, event.globalPosition().toPoint())
        self._pressed_at = None
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Rename."""
        if event.button() == Qt.MouseButton.LeftButton and self.take.kind is not Kind.SOURCE:
            self.rename()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with the take."""
        if self.take.kind is not Kind.SOURCE:
            self._ask_menu(event.globalPos())

    def _ask_menu(self, place: QPoint) -> None:
        self.selected.emit(self.take)
        self.menu_asked.emit(self.take, place)

    def _pressed(self) -> None:
        signal = self.cancel_asked if self.take.status is Status.RUNNING else self.remove_asked
        signal.emit(self.take)


class TakesPanel(QWidget):
    """Rows for all takes, in their order."""

    cancel_asked = Signal(object)
    remove_asked = Signal(object)
    visible_asked = Signal(object, bool)
    rename_asked = Signal(object, str)
    menu_asked = Signal(object, QPoint)
    move_asked = Signal(object, int)
    """A take and by how many places."""
    files_dropped = Signal(object)
    """list[Path]: to become takes."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.rows: dict[int, TakeRow] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addStretch(1)
        self.setAcceptDrops(True)
        self.setAccessibleName("Takes")
        session.takes.changed.connect(self._rebuild)
        session.takes.take_changed.connect(self._refresh)
        session.selection_changed.connect(self._mark)
        session.focus_changed.connect(self._mark)
        session.notes_changed.connect(self._star)

    def refresh(self) -> None:
        """Bring every row up to date: the theme changed."""
        for row in self.rows.values():
            row.refresh()
        self._mark()

    def rename(self, take: Take) -> None:
        """Let the take's name be typed in its row."""
        row = self.rows.get(take.id)
        if row is not None:
            row.rename()

    def _rebuild(self) -> None:
        takes = list(self._session.takes)
        ids = {take.id for take in takes}
        for number in [n for n in self.rows if n not in ids]:
            row = self.rows.pop(number)
            self._layout.removeWidget(row)
            row.hide()
            row.deleteLater()
        for place, take in enumerate(takes):
            row = self.rows.get(take.id)
            if row is None:
                row = self.rows[take.id] = self._new_row(take)
            if self._layout.indexOf(row) != place:
                self._layout.removeWidget(row)
                self._layout.insertWidget(place, row)
            row.number.setText(str(place + 1))
            row.refresh()
        self._mark()
        self._star()

    def _new_row(self, take: Take) -> TakeRow:
        row = TakeRow(take)
        row.cancel_asked.connect(self.cancel_asked)
        row.remove_asked.connect(self.remove_asked)
        row.visible_asked.connect(self.visible_asked)
        row.rename_asked.connect(self.rename_asked)
        row.menu_asked.connect(self.menu_asked)
        row.selected.connect(self._session.select)
        row.let_go.connect(self._let_go)
        return row

    def _let_go(self, take: Take, place: QPoint) -> None:
        """Move a take to where its row was dropped."""
        height = self.mapFromGlobal(place).y()
        takes = list(self._session.takes)
        above = sum(self.rows[other.id].geometry().center().y() < height for other in takes if other is not take)
        delta = max(1, above) - takes.index(take)
        if delta:
            self.move_asked.emit(take, delta)

    def _refresh(self, take: Take) -> None:
        row = self.rows.get(take.id)
        if row is not None:
            row.refresh()

    def _star(self) -> None:
        choice = self._session.choice
        for number, row in self.rows.items():
            chosen = choice is not None and choice.take == number
            if row.chosen != chosen:
                row.chosen = chosen
                row.refresh()

    def _mark(self) -> None:
        current = self._session.current
        for number, row in self.rows.items():
            row.mark(current is not None and number == current.id)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files are welcome once there is a clip to compare them with."""
        if self._session.clip is not None and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Hand over what was dropped."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.files_dropped.emit(paths)
