"""A run as a picture: answers at each rate, the curve that fits them, the threshold with its interval."""

import math
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from app.state.blind.journal import Run
from app.state.blind.result import Place, kbps_text
from app.state.blind.tasks import Task
from app.state.blind.wording import answers_by_rate, fitted
from app.views.theme import ACCENT, Theme, current

SIZE = (900, 360)
"""Of the picture that is saved."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 64.0, 20.0, 34.0, 46.0
_MAX_RADIUS = 9.0
_TITLES = {Task.PARITY: "Seamscope's take preferred", Task.TRANSPARENCY: "coded tile found"}


def drawable(text: str) -> str:
    """Without the hat of σ̂, which Qt sets beside or above it where a font does not know the two together."""
    return text.replace("σ̂", "σ")


def placing(area: QRectF, low: float, high: float) -> tuple[QRectF, Callable[[float, float], QPointF]]:
    """The frame inside of `area`, and where (log2 kbps, share) lies in it; what is beyond the ends lies on them."""
    inner = area.adjusted(_LEFT, _TOP, -_RIGHT, -_BOTTOM)

    def at(x: float, share: float) -> QPointF:
        across = (min(max(x, low), high) - low) / (high - low)
        return QPointF(inner.left() + across * inner.width(), inner.bottom() - share * inner.height())

    return inner, at


def paint(painter: QPainter, area: QRectF, run: Run, theme: Theme) -> None:
    """All of it. Raises JournalError for a run that is not complete."""
    result, levels = run.result(), run.setup.levels
    low, high = levels[0] - 0.25, levels[-1] + 0.25
    inner, at = placing(area, low, high)
    painter.fillRect(area, QColor(theme.ground))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    threshold = [math.log2(value) for value in (result.threshold.low, result.threshold.median, result.threshold.high)]
    band = QColor(ACCENT)
    band.setAlpha(60)
    painter.fillRect(QRectF(at(threshold[0], 1), at(threshold[2], 0)), band)
    axes(painter, inner, at, (low, high), theme)
    if result.place is Place.INSIDE:
        painter.setPen(QPen(QColor(ACCENT), 2))
        painter.drawLine(at(threshold[1], 0), at(threshold[1], 1))
    x = np.linspace(low, high, 160)
    shares = fitted(run, x)
    painter.setPen(QPen(QColor(theme.text), 1.5))
    painter.drawPolyline(QPolygonF([at(float(a), float(b)) for a, b in zip(x, shares, strict=True)]))
    painter.setBrush(QColor(theme.text))
    painter.setPen(Qt.PenStyle.NoPen)
    for rate, outcome, count in answers_by_rate(run):
        radius = min(_MAX_RADIUS, 2.5 * math.sqrt(count))
        painter.drawEllipse(at(rate, outcome), radius, radius)
    rival = run.setup.rival
    painter.setPen(QPen(QColor(theme.muted), 1, Qt.PenStyle.DashLine))
    if rival is not None and low < math.log2(rival.kbps) < high:
        place = at(math.log2(rival.kbps), 0)
        painter.drawLine(place, at(math.log2(rival.kbps), 1))
        painter.setPen(QColor(theme.muted))
        painter.drawText(QRectF(place.x() - 150, area.top() + 6, 300, 22), Qt.AlignmentFlag.AlignCenter, rival.name)


def axes(
    painter: QPainter,
    inner: QRectF,
    at: Callable[[float, float], QPointF],
    ends: tuple[float, float],
    theme: Theme,
) -> None:
    """A frame with shares upwards and kbps to the right. `at`: where (log2 kbps, share) lies."""
    painter.setPen(QPen(QColor(theme.border), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(inner)
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.drawLine(at(ends[0], share), at(ends[1], share))
        painter.setPen(QColor(theme.muted))
        area = QRectF(0, at(0, share).y() - 10, inner.left() - 8, 20)
        painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{share:.0%}")
    step = max(1, round((ends[1] - ends[0]) / 8))
    for whole in range(math.ceil(ends[0]), math.floor(ends[1]) + 1, step):
        place = at(whole, 0)
        area = QRectF(place.x() - 50, place.y() + 4, 100, 18)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, kbps_text(2.0**whole))
    painter.drawText(QRectF(inner.left(), inner.bottom() + 22, inner.width(), 20), Qt.AlignmentFlag.AlignCenter, "kbps")


def picture(run: Run) -> QImage:
    """As it is saved: the sentence above the plot."""
    theme = current()
    image = QImage(SIZE[0], SIZE[1] + 60, QImage.Format.Format_RGB32)
    image.fill(QColor(theme.ground))
    painter = QPainter(image)
    paint(painter, QRectF(0, 60, *SIZE), run, theme)
    painter.setPen(QColor(theme.text))
    flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
    painter.drawText(QRectF(16, 6, SIZE[0] - 32, 52), flags, drawable(run.sentence()))
    painter.end()
    return image


class ResultPlot(QWidget):
    """The plot of a run in a page."""

    def __init__(self) -> None:
        super().__init__()
        self._run: Run | None = None
        self.setMinimumHeight(240)
        self.setAccessibleName("Answers by rate")

    def show_run(self, run: Run | None) -> None:
        """Another run."""
        self._run = run
        if run is not None:
            self.setAccessibleDescription(f"{_TITLES[run.setup.task]} by rate. {run.sentence()}")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Nothing without a run."""
        if self._run is not None:
            painter = QPainter(self)
            paint(painter, QRectF(self.rect()), self._run, current())
            painter.setPen(QColor(current().muted))
            painter.drawText(QRectF(_LEFT, 6, 300, 22), Qt.AlignmentFlag.AlignLeft, _TITLES[self._run.setup.task])
            painter.end()
