"""Beside the curves: what they come to for every take, and quality over rate."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import (
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
)

from app.render.take_looks import look_mark
from app.state.comparison import compare, over_the_same
from app.state.curves import CURVES, RATES, WORST_SHARE, Series, Statistics
from app.views.theme import look_on_ground
from app.views.widgets import plain_tip
from codec.texts import visible

RATE_IS = (
    "Bytes · 8 / duration / 1000: of a Seamscope take its whole .gop file, of rivals encoded here their coded frames "
    "without a container, of imported files what their labels say"
)
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
            self._set(row, 0, f"{look_mark(entry.look)} {entry.title}", colour=look_on_ground(entry.look))
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
