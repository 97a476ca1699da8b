"""Every action by its name: type a few letters, Enter does it."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

_MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_WIDTH, _HEIGHT = 560, 380


def score(typed: str, text: str) -> int | None:
    """How well `typed` fits `text`, larger is better; None when its letters do not occur in this order.

    Letters at the start of a word and letters that follow one another count more; long texts a little less.
    """
    wanted, place, total, last = typed.lower(), 0, 0, -2
    where = text.lower()
    for letter in wanted:
        if letter == " ":
            continue
        # The start of a word is preferred to the next best place.
        starts = [i for i in range(place, len(where)) if where[i] == letter and (i == 0 or not where[i - 1].isalnum())]
        found = where.find(letter, place)
        if found < 0:
            return None
        if found != last + 1 and starts:
            found = starts[0]
        total += 8 if found == last + 1 else 6 if found in starts else 1
        last, place = found, found + 1
    return total * 100 - len(text)


class CommandPalette(QDialog):
    """A list of the actions that can be done now, best fit first."""

    def __init__(self, actions: dict[str, QAction], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Commands")
        self.setWindowFlag(Qt.WindowType.FramelessWindowHint)
        self.field = QLineEdit()
        self.field.setPlaceholderText("Type a command")
        self.field.setAccessibleName("Command")
        self.list = QListWidget()
        self.list.setAccessibleName("Commands that fit")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.field)
        layout.addWidget(self.list)
        self.resize(_WIDTH, _HEIGHT)
        self._actions = [action for action in actions.values() if action.isEnabled()]
        self.field.textChanged.connect(self._filter)
        self.field.installEventFilter(self)
        self.list.itemActivated.connect(self._run)
        self.list.itemClicked.connect(self._run)
        self._filter("")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows move in the list, Enter does what is chosen."""
        if watched is self.field and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in _MOVES:
                self.list.event(event)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run(self.list.currentItem())
                return True
        return super().eventFilter(watched, event)

    def _filter(self, typed: str) -> None:
        self.list.clear()
        rated = ((score(typed, action.text()), place) for place, action in enumerate(self._actions))
        fitting = [(-fit if typed.strip() else 0, place) for fit, place in rated if fit is not None]
        for _, place in sorted(fitting):
            action = self._actions[place]
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            mark = "✓ " if action.isCheckable() and action.isChecked() else ""
            item = QListWidgetItem(f"{mark}{action.text()}{'    ' if keys else ''}{keys}")
            item.setData(Qt.ItemDataRole.UserRole, action)
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _run(self, item: QListWidgetItem | None) -> None:
        self.accept()
        if item is not None:
            item.data(Qt.ItemDataRole.UserRole).trigger()
