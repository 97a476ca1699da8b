"""How far a group of takes is: one bar, the time left, one Cancel."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QToolButton, QVBoxLayout, QWidget

from app.state.ladder import TakeGroup
from app.views.widgets import ElidedLabel

_REFRESH_MS = 250


class GroupProgress(QWidget):
    """Seen while a group runs."""

    cancel_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._group: TakeGroup | None = None
        # It must not make the panel wider, whose right end would be cut off.
        self.text = ElidedLabel(inset=0)
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress of the ladder")
        self.cancel = QToolButton()
        self.cancel.setObjectName("small")
        self.cancel.setText("Cancel")
        self.cancel.setAccessibleName("Cancel the ladder")
        self.cancel.clicked.connect(self.cancel_asked)
        row = QHBoxLayout()
        row.addWidget(self.bar, 1)
        row.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.text)
        layout.addLayout(row)
        self._timer = QTimer(self)
        self._timer.setInterval(_REFRESH_MS)
        self._timer.timeout.connect(self._refresh)
        self.hide()

    def follow(self, group: TakeGroup | None) -> None:
        """Show this group from now on, until it is through."""
        self._group = group
        self._timer.start()
        self._refresh()

    def _refresh(self) -> None:
        group = self._group
        if group is None or not group.is_running:
            self._timer.stop()
            self.hide()
            return
        self.text.setText(group.text)
        self.bar.setValue(round(1000 * group.progress))
        self.show()
