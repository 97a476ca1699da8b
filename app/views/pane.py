"""One pane: a take's label over its picture, painted with the shared zoom and centre."""

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from app.state.session import Session
from app.state.takes import Kind, Status, Take
from app.views.theme import ACCENT, BACKGROUND, MUTED, kind_colour
from app.views.widgets import ElidedLabel

WHEEL_STEP = 1.25
_NOTCH = 120.0


class Canvas(QWidget):
    """The picture. Wheel zooms under the cursor, drag pans, Shift-drag zooms to a box."""

    full_screen_asked = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._image: QImage | None = None
        self._boundary = False
        self._text = ""
        self._drag: QPointF | None = None
        self._box: QRectF | None = None
        self.frame = -1
        """Frame number of the picture shown, -1 before the first."""
        self.setMinimumSize(QSize(120, 90))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Picture")

    @property
    def image(self) -> QImage | None:
        """The picture shown."""
        return self._image

    def show_image(self, image: QImage | None, frame: int, *, boundary: bool, text: str) -> None:
        """Show a picture (None: `text` alone); `boundary` puts the GoP mark on it."""
        self._image, self._boundary, self._text, self.frame = image, boundary, text, frame
        self.update()

    def picture_size(self) -> tuple[float, float]:
        """Size at zoom 1 in screen pixels: the sample aspect ratio widens it."""
        clip = self._session.clip
        if clip is None:
            return 1.0, 1.0
        return clip.width * float(clip.info.sample_aspect), float(clip.height)

    def _pane_size(self) -> tuple[float, float]:
        ratio = self.devicePixelRatioF()
        return self.width() * ratio, self.height() * ratio

    def _position(self, event: QMouseEvent | QWheelEvent) -> tuple[float, float]:
        ratio = self.devicePixelRatioF()
        return event.position().x() * ratio, event.position().y() * ratio

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint with zoom counted in device pixels, so that 1:1 is exact on any screen."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(BACKGROUND))
        if self._image is not None:
            self._paint_picture(painter, self._image)
        if self._text:
            painter.setPen(QColor(MUTED))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(20, 20, -20, -20), flags, self._text)
        if self._box is not None:
            painter.setPen(QPen(QColor(ACCENT), 1, Qt.PenStyle.DashLine))
            painter.drawRect(self._box)
        painter.end()

    def _paint_picture(self, painter: QPainter, image: QImage) -> None:
        size, pane, view = self.picture_size(), self._pane_size(), self._session.view
        scale, (left, top) = view.scale(size, pane), view.origin(size, pane)
        ratio = self.devicePixelRatioF()
        target = QRectF(left / ratio, top / ratio, size[0] * scale / ratio, size[1] * scale / ratio)
        # Magnified pictures show their samples; minified ones are smoothed.
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < 1.0)
        painter.drawImage(target, image)
        if self._boundary:
            painter.setPen(QPen(QColor(ACCENT), 3))
            shown = target.intersected(QRectF(self.rect())).adjusted(1.5, 1.5, -1.5, -1.5)
            for corner, dx, dy in (
                (shown.topLeft(), 1, 1),
                (shown.topRight(), -1, 1),
                (shown.bottomLeft(), 1, -1),
                (shown.bottomRight(), -1, -1),
            ):
                painter.drawLine(corner, corner + QPointF(22 * dx, 0))
                painter.drawLine(corner, corner + QPointF(0, 22 * dy))
            badge = QRect(int(shown.left()) + 8, int(shown.top()) + 8, 104, 20)
            painter.fillRect(badge, QColor(ACCENT))
            painter.setPen(QColor("#101010"))
            painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, "GoP boundary")

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom under the cursor."""
        notches = event.angleDelta().y() / _NOTCH
        if notches and self._session.clip is not None:
            factor = WHEEL_STEP**notches
            self._session.view.zoom_at(factor, self._position(event), self.picture_size(), self._pane_size())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin panning, or a zoom box with Shift."""
        if event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            return
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._box = QRectF(event.position(), event.position())
        self._drag = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan, or stretch the box."""
        if self._drag is None:
            return
        if self._box is not None:
            self._box = QRectF(self._drag, event.position()).normalized()
            self.update()
            return
        moved = (event.position() - self._drag) * self.devicePixelRatioF()
        self._drag = event.position()
        self._session.view.pan((moved.x(), moved.y()), self.picture_size(), self._pane_size())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """End panning; zoom to the box."""
        if self._box is not None:
            ratio, box = self.devicePixelRatioF(), self._box
            area = (box.left() * ratio, box.top() * ratio, box.width() * ratio, box.height() * ratio)
            self._box = None
            self._session.view.show_box(area, self.picture_size(), self._pane_size())
            self.update()
        self._drag = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Full screen on and off."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.full_screen_asked.emit()


class Pane(QWidget):
    """A take's label and its canvas."""

    def __init__(self, session: Session, take: Take) -> None:
        super().__init__()
        self.take = take
        self._session = session
        self.label = ElidedLabel()
        self.canvas = Canvas(session)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.label)
        layout.addWidget(self.canvas, 1)
        self.refresh_label()

    def refresh_label(self) -> None:
        """Codec and measured rate; the running mean of LPIPS when there is one."""
        take = self.take
        text = take.label
        mean = self._session.scores.mean(self._session.score_key(take), "lpips")
        if mean is not None and take.status is Status.READY:
            text += f" · LPIPS {mean:.3f}"
        if take.kind is Kind.NEURAL:
            text += f" · {self._session.seam_mode.value}"
        self.label.setText(text)
        self.label.setToolTip("\n".join(part for part in (text, take.message, take.note, take.error) if part))
        colour = kind_colour(take.kind)
        self.label.setStyleSheet(f"background:{colour};color:#101010;padding:3px 8px;font-weight:600")
        self.canvas.setAccessibleName(f"Picture of {take.name}")

    def show_picture(self, image: QImage | None, frame: int, error: str) -> None:
        """A picture from a frame set, or why there is none."""
        text = ""
        if image is None:
            text = error or self.take.error or self._waiting_text()
        boundary = self._session.gop_marks and self.take.kind is Kind.NEURAL and frame in set(self._session.boundaries)
        self.canvas.show_image(image, frame, boundary=boundary, text=text)

    def clear(self) -> None:
        """No picture until the next one comes."""
        self.canvas.show_image(None, -1, boundary=False, text="")

    def _waiting_text(self) -> str:
        if self.take.status is Status.CANCELLED:
            return "Cancelled"
        if self.take.status is Status.READY:
            # Its file is whole: what is missing is the stream whose GoPs share no frame.
            return self.take.message or "Disjoint GoPs are not encoded"
        return f"Encoding {self.take.progress:.0%}\n{self.take.message}"
