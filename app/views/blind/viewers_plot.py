"""The share of satisfied viewers by rate (SUR), with its interval, from six observers on."""

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from app.state.blind.observers import SHARE, Viewers
from app.views.blind.result_plot import axes, placing
from app.views.theme import ACCENT, Theme, current

_TITLE = "satisfied viewers, with the 95 % bootstrap interval"


def paint(painter: QPainter, area: QRectF, viewers: Viewers, theme: Theme) -> None:
    """The curve, its interval, and the rate that satisfies SHARE of the viewers with its own."""
    x = [math.log2(rate) for rate in viewers.rates]
    inner, at = placing(area, x[0], x[-1])
    painter.fillRect(area, QColor(theme.ground))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    axes(painter, inner, at, (x[0], x[-1]), theme)
    band = QColor(ACCENT)
    band.setAlpha(60)
    lower = [at(rate, share.low) for rate, share in zip(x, viewers.satisfied, strict=True)]
    upper = [at(rate, share.high) for rate, share in zip(x, viewers.satisfied, strict=True)]
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(band)
    painter.drawPolygon(QPolygonF([*lower, *reversed(upper)]))
    painter.setPen(QPen(QColor(theme.text), 1.5))
    middle = [at(rate, share.median) for rate, share in zip(x, viewers.satisfied, strict=True)]
    painter.drawPolyline(QPolygonF(middle))
    low, median, high = (at(math.log2(v), SHARE) for v in _ends(viewers))
    painter.setPen(QPen(QColor(ACCENT), 2))
    painter.drawLine(low, high)
    painter.drawLine(median, QPointF(median.x(), inner.bottom()))
    painter.setPen(QColor(theme.muted))
    painter.drawText(QRectF(inner.left(), area.top() + 6, inner.width(), 22), Qt.AlignmentFlag.AlignLeft, _TITLE)


def _ends(viewers: Viewers) -> tuple[float, float, float]:
    at = viewers.satisfying
    return at.low, at.median, at.high


class ViewersPlot(QWidget):
    """Shows the curve; hidden where there is none."""

    def __init__(self) -> None:
        super().__init__()
        self._viewers: Viewers | None = None
        self.setMinimumHeight(220)
        self.setAccessibleName("Satisfied viewers by rate")
        self.hide()

    def show_viewers(self, viewers: Viewers | None) -> None:
        """Of other observers."""
        self._viewers = viewers
        self.setVisible(viewers is not None)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Nothing without observers."""
        if self._viewers is not None:
            painter = QPainter(self)
            paint(painter, QRectF(self.rect()), self._viewers, current())
            painter.end()
