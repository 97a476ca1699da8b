"""x-t slices: a scan line of every take over time, where seams show as steps."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.jobs.seams import Slice
from app.render.take_looks import take_colour
from app.state.session import Session
from app.views.theme import ACCENT, BACKGROUND, MUTED

_LABEL = 18


class SliceView(QWidget):
    """One picture a take: x to the right, time downwards; ticks at GoP boundaries. A click goes to the frame."""

    seek_asked = Signal(int)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.slices: dict[int, Slice] = {}
        """By take id."""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Scan line over time")
        self.setToolTip("A scan line over time, downwards: a seam shows as a step at a tick. Click to go to the frame.")
        session.playback.frame_changed.connect(self._refresh)

    def sizeHint(self) -> QSize:
        """Narrow and high."""
        return QSize(280, 360)

    def set_slices(self, slices: dict[int, Slice]) -> None:
        """Show others."""
        self.slices = slices
        self.update()

    def frame_at(self, y: float) -> int | None:
        """The frame under a vertical position, or None between the pictures."""
        for made, area in self._areas():
            if area.top() <= y < area.bottom():
                return made.first + int((y - area.top()) / area.height() * len(made.rows))
        return None

    def _areas(self) -> list[tuple[Slice, QRectF]]:
        shown = [made for take in self._session.takes if (made := self.slices.get(take.id)) is not None]
        height = self.height() / max(1, len(shown))
        width = self.width() - 12
        return [(made, QRectF(6, n * height + _LABEL, width, height - _LABEL - 4)) for n, made in enumerate(shown)]

    def _refresh(self) -> None:
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Name, slice, ticks, the frame shown."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(BACKGROUND))
        areas = self._areas()
        if not areas:
            painter.setPen(QColor(MUTED))
            words = "No slice: choose a line, or put the mouse on a picture and press Shift+Y"
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, words)
        for made, area in areas:
            self._paint_one(painter, made, area)
        painter.end()

    def _paint_one(self, painter: QPainter, made: Slice, area: QRectF) -> None:
        take = self._session.takes.by_id(made.take)
        if take is not None:
            painter.setPen(QColor(take_colour(take)))
            name = painter.fontMetrics().elidedText(take.name, Qt.TextElideMode.ElideRight, int(area.width()))
            painter.drawText(QPointF(area.left(), area.top() - 5), name)
        count, width = made.rows.shape[:2]
        image = QImage(made.rows.data, width, count, 3 * width, QImage.Format.Format_RGB888)
        # Every frame a band of its own height: steps must not be smoothed away.
        painter.drawImage(area, image)
        step = area.height() / count
        painter.setPen(QPen(QColor(ACCENT), 2))
        for boundary in self._session.boundaries:
            if made.first < boundary < made.first + count:
                y = area.top() + (boundary - made.first) * step
                painter.drawLine(QPointF(area.left() - 6, y), QPointF(area.left() + 6, y))
                painter.drawLine(QPointF(area.right() - 6, y), QPointF(area.right() + 6, y))
        frame = self._session.playback.frame
        if made.first <= frame < made.first + count:
            painter.setPen(QPen(QColor("#ffffff"), 1))
            painter.drawRect(QRectF(area.left(), area.top() + (frame - made.first) * step, area.width(), step))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the frame."""
        frame = self.frame_at(event.position().y())
        if frame is not None and event.button() == Qt.MouseButton.LeftButton:
            self.seek_asked.emit(frame)
