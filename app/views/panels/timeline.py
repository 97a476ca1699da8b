"""The seek bar: position, in/out range, GoP boundaries."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.state.session import Session
from app.views.theme import ACCENT, MUTED, TEXT
from app.views.widgets import plain_tip
from codec import gop

_MARGIN = 10
_TIP = "Click or drag to seek; the ticks are GoP boundaries (G)"


class Timeline(QWidget):
    """Click or drag to seek."""

    seek_asked = Signal(int)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Timeline")
        self.setToolTip(_TIP)
        self.setMouseTracking(True)
        for signal in (session.playback.frame_changed, session.playback.state_changed, session.seam_changed):
            signal.connect(self._refresh)
        session.clip_changed.connect(self._refresh)

    def sizeHint(self) -> QSize:
        """Wide and low."""
        return QSize(400, 34)

    def _refresh(self) -> None:
        self.update()

    def _x(self, frame: float) -> float:
        count = max(1, self._session.playback.frame_count - 1)
        return _MARGIN + (self.width() - 2 * _MARGIN) * frame / count

    def frame_at(self, x: float) -> int:
        """The frame under a horizontal position."""
        count = max(1, self._session.playback.frame_count - 1)
        share = (x - _MARGIN) / max(1, self.width() - 2 * _MARGIN)
        return round(min(1.0, max(0.0, share)) * count)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Bar, range, ticks, position."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        playback, middle = self._session.playback, self.height() / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("#3a3f49"))
        painter.drawRoundedRect(QRectF(_MARGIN, middle - 3, self.width() - 2 * _MARGIN, 6), 3, 3)
        painter.setBrush(QColor("#5a6270"))
        left, right = self._x(playback.in_point), self._x(playback.out_point)
        painter.drawRoundedRect(QRectF(left, middle - 3, max(2.0, right - left), 6), 3, 3)
        if self._session.gop_marks and self._session.clip is not None:
            painter.setPen(QColor(MUTED))
            for boundary in self._session.boundaries:
                x = self._x(boundary)
                painter.drawLine(int(x), int(middle) - 9, int(x), int(middle) + 9)
        if self._session.clip is not None:
            painter.setPen(QColor(TEXT))
            painter.setBrush(QColor(ACCENT))
            painter.drawEllipse(QRectF(self._x(playback.frame) - 6, middle - 6, 12, 12))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Seek."""
        if event.button() == Qt.MouseButton.LeftButton and self._session.clip is not None:
            self.seek_asked.emit(self.frame_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Seek along; without a button tell what lies there."""
        if self._session.clip is None:
            return
        frame = self.frame_at(event.position().x())
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.seek_asked.emit(frame)
        elif not event.buttons():
            QToolTip.showText(event.globalPosition().toPoint(), plain_tip(self.words_of(frame)), self)

    def words_of(self, frame: int) -> str:
        """A frame's time and GoP in words."""
        session = self._session
        where = gop.gop_of(frame, session.playback.frame_count, session.seam_mode.structure)
        return f"frame {frame} · {session.playback.time_of(frame):.3f} s · GoP {where}\n{_TIP}"
