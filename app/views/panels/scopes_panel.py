"""Histograms of the frame shown, and a waveform and a vectorscope for every visible take."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from app.controllers.scopes import Scopes
from app.render.presenter import Presenter
from app.render.scopes import Scope, bar_chroma
from app.render.take_looks import take_colour
from app.state.session import Session
from app.state.takes import Take
from app.views.theme import BACKGROUND, MUTED

_LIMITED = (16, 235)
"""Black and white of limited range."""


class ScopesPanel(QWidget):
    """Computed off the GUI thread, for what is visible only."""

    def __init__(self, session: Session, presenter: Presenter, scopes: Scopes) -> None:
        super().__init__()
        self._session, self._scopes = session, scopes
        scopes.came.connect(self.refresh)
        self.setAccessibleName("Histogram and waveform of luma codes, vectorscope of chroma codes")
        self.setToolTip(
            "Luma codes 0 to 255; dotted: black (16) and white (235) of limited range. Vectorscope: Cb codes to the "
            "right, Cr up, grey in the middle; letters: colour bars of 75 %"
        )
        for signal in (session.playback.frame_changed, session.takes.changed, session.seam_changed):
            signal.connect(self.refresh)
        for made in (presenter.ready, presenter.spare_ready):
            made.connect(self._picture_came, Qt.ConnectionType.QueuedConnection)

    def sizeHint(self) -> QSize:
        """Narrow and high."""
        return QSize(280, 400)

    def showEvent(self, event) -> None:
        """Up to date as soon as it is seen."""
        super().showEvent(event)
        self.refresh()

    def scope(self, take: Take) -> Scope | None:
        """Of a take's picture on the screen, if it is computed."""
        return self._scopes.scope(take)

    def refresh(self) -> None:
        """Show what is computed, and ask for what is missing while it can be seen."""
        self.update()
        if self.isVisible():
            self._scopes.ask()

    def _picture_came(self, _frame: int) -> None:
        self.refresh()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The histograms of all takes over each other, then waveform and vectorscope of each."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(BACKGROUND))
        shown = [(take, scope) for take in self._session.takes.shown if (scope := self.scope(take)) is not None]
        parts = len(shown) + 1
        height = self.height() / parts
        self._paint_histograms(painter, shown, QRectF(0, 0, self.width(), height))
        for number, (take, scope) in enumerate(shown, start=1):
            row = QRectF(0, number * height, self.width(), height).adjusted(6, 20, -6, -4)
            painter.setPen(QColor(take_colour(take)))
            name = painter.fontMetrics().elidedText(take.name, Qt.TextElideMode.ElideRight, int(row.width()))
            painter.drawText(QPointF(row.left(), row.top() - 6), name)
            side = max(0.0, min(row.height(), row.width() / 2))
            _paint_waveform(painter, scope, row.adjusted(0, 0, -side - 6, 0))
            _paint_vectorscope(painter, scope, QRectF(row.right() - side, row.top(), side, side))
        painter.end()

    def _paint_histograms(self, painter: QPainter, shown: list[tuple[Take, Scope]], area: QRectF) -> None:
        area = area.adjusted(6, 20, -6, -4)
        painter.setPen(QColor(MUTED))
        painter.drawText(QPointF(area.left(), area.top() - 6), "Luma histogram")
        painter.setPen(QPen(QColor(MUTED), 1, Qt.PenStyle.DotLine))
        for code in _LIMITED:
            x = area.left() + area.width() * code / 255
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        largest = max((float(np.sort(scope.histogram)[-3]) for _, scope in shown), default=1.0) or 1.0
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for take, scope in shown:
            tops = area.bottom() - area.height() * np.minimum(1.0, scope.histogram / largest)
            points = [QPointF(area.left() + area.width() * i / 255, float(top)) for i, top in enumerate(tops)]
            painter.setPen(QPen(QColor(take_colour(take)), 1.2))
            painter.drawPolyline(QPolygonF(points))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _paint_waveform(painter: QPainter, scope: Scope, area: QRectF) -> None:
    """How often each luma code occurs in each column."""
    height, width = scope.waveform.shape
    image = QImage(scope.waveform.data, width, height, width, QImage.Format.Format_Grayscale8)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(area, image)
    painter.setPen(QPen(QColor(MUTED), 1, Qt.PenStyle.DotLine))
    for code in _LIMITED:
        y = area.top() + area.height() * (255 - code) / 255
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))


def _paint_vectorscope(painter: QPainter, scope: Scope, area: QRectF) -> None:
    """How often each pair of chroma codes occurs, with the axes of grey and the marks of the colour bars."""
    image = QImage(scope.vectorscope.data, 256, 256, 256, QImage.Format.Format_Grayscale8)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(area, image)

    def at(cb: float, cr: float) -> QPointF:
        step = area.width() / 256
        return area.topLeft() + QPointF((cb + 0.5) * step, (255.5 - cr) * step)

    painter.setPen(QPen(QColor(MUTED), 1, Qt.PenStyle.DotLine))
    painter.drawRect(area)
    painter.drawLine(at(0, 128), at(255, 128))
    painter.drawLine(at(128, 0), at(128, 255))
    painter.setPen(QColor(MUTED))
    for name, codes in bar_chroma(scope.colour).items():
        box = QRectF(0, 0, 14, 14)
        box.moveCenter(at(*codes))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)
