"""The worst frames of all takes, and the worst places of the frame shown, as lists; a click goes there."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QComboBox, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from app.jobs.inspecting import Inspector
from app.state.session import Session
from app.state.worst import LISTED, Worst, unfinished, worst_shown
from app.views.theme import ink_of
from app.views.widgets import Label, single_shot

REFRESH_MS = 400
"""Scores come many times a second; the list follows at most this often."""
PLACES = 4
"""Of each take."""
_METRICS = {
    "lpips": ("LPIPS", "{:.3f}"),
    "tlp": ("tLP", "{:.4f}"),
    "tof": ("tOF", "{:.3f} px"),
    "vmaf": ("VMAF", "{:.1f}"),
    "psnr_db": ("PSNR", "{:.1f} dB"),
    "ssim": ("SSIM", "{:.4f}"),
}
_ENTRY = Qt.ItemDataRole.UserRole


class WorstPanel(QWidget):
    """Follows the scores of the visible takes in the seam mode shown."""

    seek_asked = Signal(int)
    place_asked = Signal(object)
    """A Region to look at."""

    def __init__(self, session: Session, inspector: Inspector) -> None:
        super().__init__()
        self._session, self._inspector = session, inspector
        self.choice = QComboBox()
        for key, (title, _) in _METRICS.items():
            self.choice.addItem(title, key)
        self.choice.setAccessibleName("Metric of the worst frames")
        self.so_far = Label()
        self.so_far.setWordWrap(True)
        self.so_far.setAccessibleName("Takes that are not measured whole")
        self.so_far.hide()
        self.list = QListWidget()
        self.list.setAccessibleName("Worst frames")
        self.list.setToolTip("Click to go to the frame")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.choice)
        layout.addWidget(self.so_far)
        layout.addWidget(self.list, 3)
        self.save = QPushButton("Save these frames…")
        self.save.setToolTip("Every frame of the list as PNG, with that of the reference (Ctrl+Alt+W)")
        layout.addWidget(self.save)
        self.places = QListWidget()
        self.places.setAccessibleName("Worst places of this frame")
        self.places.setToolTip("Click to look at the place in all panes and to mark it as the region")
        layout.addWidget(Label("Worst places of this frame (LPIPS)"))
        layout.addWidget(self.places, 2)
        self._later = single_shot(self, REFRESH_MS, self.refresh)
        self.choice.currentIndexChanged.connect(self.refresh)
        for view in (self.list, self.places):
            # Long names end in dots.
            view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(self._chosen)
        self.list.itemActivated.connect(self._chosen)
        self.places.itemClicked.connect(self._place_chosen)
        self.places.itemActivated.connect(self._place_chosen)
        for signal in (inspector.changed, session.playback.frame_changed, session.takes.changed, session.seam_changed):
            signal.connect(self.refresh_places)
        region = session.view.inspection.region_changed
        for signal in (session.scores.changed, session.takes.changed, session.seam_changed, region):
            signal.connect(self._stale)

    def showEvent(self, event) -> None:
        """Up to date as soon as it is seen."""
        super().showEvent(event)
        self.refresh()
        self._inspector.want_regions(True)
        self.refresh_places()

    def hideEvent(self, event) -> None:
        """Places are worked out only while they are looked at."""
        super().hideEvent(event)
        self._inspector.want_regions(False)

    def entries(self) -> list[Worst]:
        """What is listed, worst first."""
        return [self.list.item(row).data(_ENTRY) for row in range(self.list.count())]

    def refresh(self) -> None:
        """Fill the list anew."""
        session = self._session
        metric = session.view.inspection.worst_metric = self.choice.currentData()
        takes = {take.id: take for take in session.takes.shown}
        waiting = unfinished(session, metric)
        self.so_far.setText(f"So far; frames measured: {', '.join(waiting)}" if waiting else "")
        self.so_far.setVisible(bool(waiting))
        found = worst_shown(session, metric)
        if found == self.entries():
            return
        self.list.clear()
        title, form = _METRICS[metric]
        for entry in found:
            take = takes[entry.take]
            item = QListWidgetItem(f"frame {entry.frame} · {title} {form.format(entry.value)} · {take.name}")
            item.setData(_ENTRY, entry)
            item.setForeground(QBrush(QColor(ink_of(take))))
            self.list.addItem(item)

    def refresh_places(self) -> None:
        """Fill the list of places anew."""
        if not self.isVisible():
            return
        found = [
            (take, region, value)
            for take in self._session.takes.shown
            for region, value in self._inspector.worst_regions(take, PLACES)
        ]
        found.sort(key=lambda entry: -entry[2])
        self.places.clear()
        for take, region, value in found[:LISTED]:
            item = QListWidgetItem(f"{value:.2f} at {region.left}, {region.top} · {take.name}")
            item.setData(_ENTRY, region)
            item.setForeground(QBrush(QColor(ink_of(take))))
            self.places.addItem(item)

    def _place_chosen(self, item: QListWidgetItem) -> None:
        self.place_asked.emit(item.data(_ENTRY))

    def _stale(self) -> None:
        if self.isVisible() and not self._later.isActive():
            self._later.start()

    def _chosen(self, item: QListWidgetItem) -> None:
        self.seek_asked.emit(item.data(_ENTRY).frame)
