"""The worst frames of all takes as a list; a click goes there."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QComboBox, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.state.session import Session
from app.state.takes import Kind
from app.state.worst import Worst, worst_of_all
from app.views.theme import kind_colour

REFRESH_MS = 400
"""Scores come many times a second; the list follows at most this often."""
LISTED = 12
_METRICS = {
    "lpips": ("LPIPS", "{:.3f}"),
    "tlp": ("tLP", "{:.4f}"),
    "tof": ("tOF", "{:.3f} px"),
    "psnr_db": ("PSNR", "{:.1f} dB"),
    "ssim": ("SSIM", "{:.4f}"),
}
_ENTRY = Qt.ItemDataRole.UserRole


class WorstPanel(QWidget):
    """Follows the scores of the visible takes in the seam mode shown."""

    seek_asked = Signal(int)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.choice = QComboBox()
        for key, (title, _) in _METRICS.items():
            self.choice.addItem(title, key)
        self.choice.setAccessibleName("Metric of the worst frames")
        self.list = QListWidget()
        self.list.setAccessibleName("Worst frames")
        self.list.setToolTip("Click to go to the frame")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.choice)
        layout.addWidget(self.list, 1)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(REFRESH_MS)
        self._later.timeout.connect(self.refresh)
        self.choice.currentIndexChanged.connect(self.refresh)
        self.list.itemClicked.connect(self._chosen)
        self.list.itemActivated.connect(self._chosen)
        for signal in (session.scores.changed, session.takes.changed, session.seam_changed):
            signal.connect(self._stale)

    def showEvent(self, event) -> None:
        """Up to date as soon as it is seen."""
        super().showEvent(event)
        self.refresh()

    def entries(self) -> list[Worst]:
        """What is listed, worst first."""
        return [self.list.item(row).data(_ENTRY) for row in range(self.list.count())]

    def refresh(self) -> None:
        """Fill the list anew."""
        session, metric = self._session, self.choice.currentData()
        takes = {take.id: take for take in session.takes.shown if take.kind is not Kind.SOURCE}
        values = {number: session.scores.values(session.score_key(take), metric) for number, take in takes.items()}
        found = worst_of_all({n: array for n, array in values.items() if array is not None}, metric, LISTED)
        if found == self.entries():
            return
        self.list.clear()
        title, form = _METRICS[metric]
        for entry in found:
            take = takes[entry.take]
            item = QListWidgetItem(f"frame {entry.frame} · {title} {form.format(entry.value)} · {take.name}")
            item.setData(_ENTRY, entry)
            item.setForeground(QBrush(QColor(kind_colour(take.kind))))
            self.list.addItem(item)

    def _stale(self) -> None:
        if self.isVisible() and not self._later.isActive():
            self._later.start()

    def _chosen(self, item: QListWidgetItem) -> None:
        self.seek_asked.emit(item.data(_ENTRY).frame)
