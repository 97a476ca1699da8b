"""Beside the curves: what they come to for every take, and quality over rate."""

import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.state.comparison import compare, over_the_same
from app.state.curves import CURVES, RATES, WORST_SHARE, Series, Statistics
from app.state.rates import points_of, savings
from app.state.takes import Kind
from app.views import theme
from app.views.names import brief
from app.views.theme import kind_ink
from app.views.widgets import Label, plain_tip
from codec.metrics.bjontegaard import MIN_POINTS
from codec.texts import visible

_NEEDED = (
    f"With {MIN_POINTS} neural takes and {MIN_POINTS} of a rival: the mean change of rate at equal quality "
    "(Bjøntegaard)"
)
RATE_IS = (
    "Bytes · 8 / duration / 1000: of a neural take its whole .gop file, of rivals encoded here their coded frames "
    "without a container, of imported files what their labels say"
)
_NAMED_POINTS = 16
"""With more of them in the rate chart, names lie over one another; the mouse over a point tells its name."""
_MEASURED = tuple(key for key in CURVES if key not in RATES)


class StatisticsTable(QTableWidget):
    """A row a take: rate, then mean and worst 5 % of every metric. A click on a worst value seeks to its frame."""

    seek_asked = Signal(int)

    def __init__(self) -> None:
        super().__init__(0, 3 + 2 * len(_MEASURED))
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.setAccessibleName("Statistics of all takes")
        self.verticalHeader().hide()
        titles = ["Take", "kbps", "bpp"]
        tips = ["", f"{RATE_IS}; or as stated", "The same bits, per pixel of the clip"]
        for key in _MEASURED:
            kind = CURVES[key]
            titles += [kind.title, f"worst {WORST_SHARE:.0%}"]
            tips += [
                f"Mean over frames. {kind.axis}",
                f"Mean over the worst {WORST_SHARE:.0%} of the frames, {kind.axis}. Click: go to the worst frame",
            ]
        for column, (title, tip) in enumerate(zip(titles, tips, strict=True)):
            item = QTableWidgetItem(title)
            item.setToolTip(plain_tip(tip))
            self.setHorizontalHeaderItem(column, item)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.cellClicked.connect(self._clicked)

    def show_series(self, series: tuple[Series, ...]) -> None:
        """Fill the table."""
        self.setRowCount(len(series))
        for row, entry in enumerate(series):
            note = f" ({entry.rate_note})" if entry.rate_note else ""
            self._set(row, 0, entry.name, colour=kind_ink(entry.kind))
            self._set(row, 1, "–" if entry.kbps is None else f"{entry.kbps:.1f}{note}")
            self._set(row, 2, "–" if entry.bpp is None else f"{entry.bpp:.5f}")
        for place, key in enumerate(_MEASURED):
            found = compare(series, key)
            for row, entry in enumerate(series):
                tip = _frames_tip(series, entry, key, found.get(entry.take))
                self._show_metric(row, 3 + 2 * place, found.get(entry.take), CURVES[key].digits, tip)

    def _show_metric(self, row: int, column: int, found: Statistics | None, digits: int, tip: str) -> None:
        if found is None:
            self._set(row, column, "–")
            self._set(row, column + 1, "–")
            return
        self._set(row, column, found.said(found.mean, digits), tip=tip)
        frames = ", ".join(str(frame) for frame in found.worst_frames[:10])
        text = found.said(found.worst_mean, digits)
        so_far = "" if found.finished else " so far"
        self._set(row, column + 1, text, tip=f"Worst frames{so_far}: {frames}", frame=found.worst_frames[0])

    def _set(
        self, row: int, column: int, text: str, *, tip: str = "", frame: int | None = None, colour: str = ""
    ) -> None:
        item = QTableWidgetItem(visible(text))
        item.setToolTip(plain_tip(tip or text))
        if column:
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if colour:
            item.setForeground(QBrush(QColor(colour)))
        item.setData(Qt.ItemDataRole.UserRole, frame)
        self.setItem(row, column, item)

    def _clicked(self, row: int, column: int) -> None:
        item = self.item(row, column)
        frame = None if item is None else item.data(Qt.ItemDataRole.UserRole)
        if frame is not None:
            self.seek_asked.emit(int(frame))


def _frames_tip(series: tuple[Series, ...], entry: Series, key: str, found: Statistics | None) -> str:
    """What a mean is over; of a take that is not measured whole also what the others have over the same frames."""
    if found is None or found.finished:
        return "" if found is None else f"{found.count} frames, which all takes that are measured whole have"
    names = {other.take: other.name for other in series}
    lines = [f"{found.count} of {found.due} frames are measured; this is no result yet."]
    lines += [
        f"{names[take]} over the same frames: {mean:.{CURVES[key].digits}f}"
        for take, mean in over_the_same(series, entry, key).items()
    ]
    return "\n".join(lines)


class RateChart(QWidget):
    """Mean score of every take over its bits per pixel, takes of a codec joined. A click on a point selects a take.
    Takes that are not measured whole have no point."""

    take_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._series: tuple[Series, ...] = ()
        # Not `metric`: that is a method of every paint device, and Qt would call the box.
        self.choice = QComboBox()
        for key in _MEASURED:
            self.choice.addItem(CURVES[key].axis, key)
        self.choice.setAccessibleName("Metric over rate")
        self.note = Label()
        self.item = pg.PlotItem()
        self.plot = pg.PlotWidget(plotItem=self.item)
        self.plot.setAccessibleName("Quality over rate of all takes")
        self.item.showGrid(x=True, y=True, alpha=0.2)
        self.item.hideButtons()
        self.item.setMenuEnabled(False)
        self.item.setLabel("bottom", "bits per pixel")
        self.item.getAxis("bottom").enableAutoSIPrefix(False)
        row = QHBoxLayout()
        row.addWidget(self.choice)
        row.addWidget(self.note, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self.plot, 1)
        self.choice.currentIndexChanged.connect(self.redraw)
        self.set_theme()

    def set_theme(self) -> None:
        """Colours of the theme in use."""
        chosen = theme.current()
        self.plot.setBackground(chosen.ground)
        for name in ("left", "bottom"):
            self.item.getAxis(name).setPen(chosen.muted)
            self.item.getAxis(name).setTextPen(chosen.muted)

    def show_series(self, series: tuple[Series, ...]) -> None:
        """Draw these takes."""
        self._series = series
        self.redraw()

    @property
    def points(self) -> dict[int, tuple[float, float]]:
        """(bpp, mean score) by take id, of the takes that have a rate and are measured whole."""
        return points_of(self._series, self.choice.currentData())

    def redraw(self) -> None:
        """Points, and a line through those of one codec."""
        self.item.clear()
        points = self.points
        by_kind: dict[Kind, list[Series]] = {}
        for entry in self._series:
            if entry.take in points:
                by_kind.setdefault(entry.kind, []).append(entry)
        for kind, entries in by_kind.items():
            entries.sort(key=lambda entry: points[entry.take][0])
            x, y = zip(*(points[entry.take] for entry in entries), strict=True)
            colour = kind_ink(kind)
            if kind is not Kind.IMPORTED:
                self.item.addItem(pg.PlotCurveItem(list(x), list(y), pen=pg.mkPen(colour, width=1)))
            dots = pg.ScatterPlotItem(
                list(x), list(y), data=[entry.take for entry in entries], size=9, brush=pg.mkBrush(colour), pen=None,
                hoverable=True, hoverSize=12,
                tip=self._tip,
            )  # fmt: skip
            self._name(entries, points, colour)
            dots.sigClicked.connect(lambda _item, hit, _event: self.take_chosen.emit(int(hit[0].data())))
            self.item.addItem(dots)
        waiting = len(self._series) - len(points)
        parts = [f"{waiting} of {len(self._series)} takes have no rate or are not all measured yet"] if waiting else []
        found = savings(self._series, self.choice.currentData())
        parts += [
            f"Neural {saving.percent:+.1f} % bits against {saving.rival.value}"
            for saving in found
            if saving.percent is not None
        ]
        self.note.setText(" · ".join(parts))
        self.note.setToolTip(plain_tip("\n".join(saving.details for saving in found) or _NEEDED))

    def _name(self, entries: list[Series], points: dict[int, tuple[float, float]], colour: str) -> None:
        """What was asked for beside every point, while there are few."""
        if len(points) > _NAMED_POINTS:
            return
        for entry in entries:
            text = pg.TextItem(visible(brief(entry.name)), color=colour, anchor=(-0.05, 0.9))
            text.setPos(*points[entry.take])
            self.item.addItem(text, ignoreBounds=True)

    def _tip(self, x: float, y: float, data: int) -> str:
        name = next((entry.name for entry in self._series if entry.take == data), "")
        return plain_tip(f"{name}\n{x:.5f} bpp, {y:.{CURVES[self.choice.currentData()].digits}f}")
