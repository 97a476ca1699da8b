"""Curves of every take over the frames: LPIPS, tLP, PSNR, bits; a cursor, GoP lines, click to seek."""

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from app.state.session import Session
from app.state.takes import Kind, Take
from app.views.theme import ACCENT, BACKGROUND, MUTED, kind_colour

REDRAW_MS = 80
"""Curves fill live, redrawn at most this often."""
_METRICS = (
    ("lpips", "LPIPS", "lower is better", (-0.5, 3.0)),
    ("tlp", "tLP", "lower is better", (-0.5, 3.0)),
    ("psnr_db", "PSNR", "dB", (-10.0, 120.0)),
    ("bits", "Bits", "per frame", (-1e6, 5e7)),
)
_STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)


class Chart(pg.PlotWidget):
    """One metric. Drag pans, wheel zooms, double-click fits, click seeks."""

    seek_asked = Signal(int)

    def __init__(self, title: str, unit: str, span: tuple[float, float]) -> None:
        """`span`: the lowest and highest value of interest; boundary lines are drawn over it."""
        super().__init__(background=BACKGROUND)
        self._span = span
        item = self.getPlotItem()
        item.setTitle(f"{title} <span style='color:{MUTED}'>({unit})</span>", size="9pt")
        item.showGrid(x=False, y=True, alpha=0.2)
        item.hideButtons()
        item.setMenuEnabled(False)
        item.setDownsampling(auto=True, mode="peak")
        item.setClipToView(True)
        self.setMinimumHeight(90)
        self.setAccessibleName(f"Chart of {title}")
        self.curves: dict[int, pg.PlotDataItem] = {}
        self._cursor = pg.InfiniteLine(0, angle=90, pen=pg.mkPen(ACCENT, width=1))
        self._boundaries = pg.PlotCurveItem(pen=pg.mkPen("#4a505c"), connect="pairs")
        self.addItem(self._boundaries, ignoreBounds=True)
        self.addItem(self._cursor, ignoreBounds=True)
        self.scene().sigMouseClicked.connect(self._clicked)

    def set_cursor(self, frame: int) -> None:
        """Move the playhead."""
        self._cursor.setValue(frame)

    def set_boundaries(self, frames: list[int]) -> None:
        """Vertical lines at GoP boundaries, drawn as one item."""
        x = np.repeat(np.asarray(frames, dtype=float), 2)
        y = np.tile(self._span, len(frames))
        self._boundaries.setData(x, y, connect="pairs")

    def set_curve(self, take: Take, values: np.ndarray | None, style: Qt.PenStyle) -> None:
        """Values per frame (NaN: none yet), or None to take the curve away."""
        curve = self.curves.get(take.id)
        if values is None:
            if curve is not None:
                self.removeItem(self.curves.pop(take.id))
            return
        if curve is None:
            pen = pg.mkPen(kind_colour(take.kind), width=1.6, style=style)
            curve = self.plot(pen=pen, name=take.name, connect="finite")
            self.curves[take.id] = curve
        curve.setData(np.arange(len(values)), values)

    def keep_only(self, ids: set[int]) -> None:
        """Drop curves of takes that are gone."""
        for number in [n for n in self.curves if n not in ids]:
            self.removeItem(self.curves.pop(number))

    def _clicked(self, event) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if event.double():
            self.getPlotItem().autoRange()
            return
        position = self.getPlotItem().vb.mapSceneToView(event.scenePos())
        self.seek_asked.emit(round(position.x()))


class Charts(QWidget):
    """The four charts in a grid."""

    seek_asked = Signal(int)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        self.charts: dict[str, Chart] = {}
        for number, (key, title, unit, span) in enumerate(_METRICS):
            chart = Chart(title, unit, span)
            chart.seek_asked.connect(self.seek_asked)
            layout.addWidget(chart, number // 2, number % 2)
            self.charts[key] = chart
        first = self.charts["lpips"]
        first.getPlotItem().addLegend(offset=(-8, 4), labelTextSize="8pt")
        for chart in list(self.charts.values())[1:]:
            chart.setXLink(first)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REDRAW_MS)
        self._timer.timeout.connect(self.redraw)
        session.playback.frame_changed.connect(self._move)
        session.scores.changed.connect(self._later)
        session.takes.changed.connect(self._later)
        session.takes.take_changed.connect(self._later)
        session.seam_changed.connect(self.redraw)
        session.clip_changed.connect(self.fit)

    def _move(self, frame: int) -> None:
        for chart in self.charts.values():
            chart.set_cursor(frame)

    def _later(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def fit(self) -> None:
        """Show all frames of the clip."""
        count = self._session.playback.frame_count
        for chart in self.charts.values():
            chart.setXRange(-0.5, count - 0.5, padding=0.01)
            chart.getPlotItem().enableAutoRange("y")
        self.redraw()

    def redraw(self) -> None:
        """Bring every curve up to date."""
        session = self._session
        takes = [take for take in session.takes if take.kind is not Kind.SOURCE and take.visible]
        seen: dict[Kind, int] = {}
        for take in takes:
            style = _STYLES[seen.setdefault(take.kind, 0) % len(_STYLES)]
            seen[take.kind] += 1
            for key, chart in self.charts.items():
                chart.set_curve(take, self._values(take, key), style)
        ids = {take.id for take in takes}
        lines = session.boundaries if session.gop_marks else []
        for chart in self.charts.values():
            chart.keep_only(ids)
            chart.set_boundaries(lines)

    def _values(self, take: Take, key: str) -> np.ndarray | None:
        if key == "bits":
            return np.asarray(take.frame_bits) if take.frame_bits else None
        return self._session.scores.values(self._session.score_key(take), key)
