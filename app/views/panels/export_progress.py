"""What is being written, in the status bar."""

from PySide6.QtWidgets import QHBoxLayout, QMenu, QProgressBar, QToolButton, QWidget

from app.controllers.export_queue import ExportQueue
from app.views.widgets import Label, plain_caption, plain_tip


class ExportProgress(QWidget):
    """A bar and a Cancel button while something is written; with several exports Cancel has a menu of them."""

    def __init__(self, queue: ExportQueue) -> None:
        super().__init__()
        self._queue = queue
        self.text = Label()
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(120)
        self.cancel = QToolButton()
        self.cancel.setText("Cancel")
        self.cancel.setAccessibleName("Cancel the export")
        self.menu = QMenu(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 4, 0)
        for part in (self.text, self.bar, self.cancel):
            row.addWidget(part)
        self.hide()
        self.cancel.clicked.connect(queue.cancel)
        queue.changed.connect(self.refresh)

    def refresh(self) -> None:
        """Show how far it is; nothing while nothing is written."""
        queue = self._queue
        if not queue.exports:
            self.hide()
            return
        shown = queue.shown
        others = len(queue.exports) - 1
        self.text.setText(f"{queue.said(shown)}{f' · {others} more waiting' if others else ''}")
        self.bar.setValue(round(1000 * shown.share))
        self.setToolTip(plain_tip("\n".join(queue.said(export) for export in queue.exports)))
        self._list(bool(others))
        self.show()

    def _list(self, several: bool) -> None:
        """Each export by itself in the menu of the button, while there are several."""
        exports, menu = self._queue.exports, self.menu
        wanted = [plain_caption(f"Cancel {export.target.name}") for export in exports] if several else []
        if [action.text() for action in menu.actions()] == wanted:
            return
        menu.clear()
        for text, export in zip(wanted, exports, strict=False):
            menu.addAction(text, lambda chosen=export: self._queue.give_up(chosen))
        # PySide's stub leaves out None, which takes the menu away.
        self.cancel.setMenu(menu if several else None)  # pyright: ignore[reportArgumentType]
        self.cancel.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
