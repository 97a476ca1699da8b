"""What is painted over pictures: GoP marks, the split's line, the scale of differences, region, cursor."""

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from app.render.difference import scale_colours, scale_ends
from app.state.inspection import Region
from app.state.layouts import DifferenceLook
from app.views.geometry import Geometry
from app.views.theme import ACCENT, TEXT

_SHADE = QColor(0, 0, 0, 170)


def paint_boundary(painter: QPainter, place: Geometry, area: QRectF) -> None:
    """Corners and a badge: a GoP begins at this frame."""
    painter.setPen(QPen(QColor(ACCENT), 3))
    shown = place.target.intersected(area).adjusted(1.5, 1.5, -1.5, -1.5)
    corners = (
        (shown.topLeft(), 1, 1),
        (shown.topRight(), -1, 1),
        (shown.bottomLeft(), 1, -1),
        (shown.bottomRight(), -1, -1),
    )
    for corner, dx, dy in corners:
        painter.drawLine(corner, corner + QPointF(22 * dx, 0))
        painter.drawLine(corner, corner + QPointF(0, 22 * dy))
    badge = QRect(int(shown.left()) + 8, int(shown.top()) + 8, 104, 20)
    painter.fillRect(badge, QColor(ACCENT))
    painter.setPen(QColor("#101010"))
    painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, "GoP boundary")


def paint_split(painter: QPainter, x: float, area: QRectF) -> None:
    """The line between two takes, with a grip in the middle."""
    painter.setPen(QPen(QColor(0, 0, 0, 160), 3))
    painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
    painter.setPen(QPen(QColor(ACCENT), 1))
    painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
    grip = QRectF(x - 5, area.center().y() - 16, 10, 32)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(ACCENT))
    painter.setPen(QPen(QColor("#101010"), 1))
    painter.drawRoundedRect(grip, 4, 4)
    for dx in (-1.5, 1.5):
        painter.drawLine(QPointF(x + dx, grip.top() + 9), QPointF(x + dx, grip.bottom() - 9))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def paint_scale(painter: QPainter, look: DifferenceLook, area: QRectF) -> None:
    """The colours of a difference with the code differences they stand for."""
    width = min(220.0, area.width() - 40)
    if width < 80:
        return
    box = QRectF(area.right() - width - 26, area.bottom() - 48, width + 16, 40)
    painter.fillRect(box, _SHADE)
    colours = scale_colours(look)
    strip = QImage(colours.tobytes(), len(colours), 1, 3 * len(colours), QImage.Format.Format_RGB888)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(QRectF(box.left() + 8, box.top() + 6, width, 10), strip)
    low, high = scale_ends(look)
    painter.setPen(QColor(TEXT))
    words = box.adjusted(8, 18, -8, -3)
    middle = f"{look.channels.value} codes ×{look.gain}"
    painter.drawText(words, Qt.AlignmentFlag.AlignLeft, f"{low:+.4g}" if low else "0")
    painter.drawText(words, Qt.AlignmentFlag.AlignHCenter, middle)
    painter.drawText(words, Qt.AlignmentFlag.AlignRight, f"{high:+.4g}")


def paint_region(painter: QPainter, place: Geometry, region: Region) -> None:
    """The region's frame, and how large it is."""
    corner = place.to_widget(region.left, region.top)
    box = QRectF(corner, place.to_widget(region.left + region.width, region.top + region.height))
    painter.setPen(QPen(QColor(0, 0, 0, 190), 3))
    painter.drawRect(box)
    painter.setPen(QPen(QColor("#6be0d0"), 1))
    painter.drawRect(box)
    words = QRectF(box.left(), box.top() - 18, 200, 16)
    painter.drawText(words, Qt.AlignmentFlag.AlignLeft, region.text)


def paint_box(painter: QPainter, box: QRectF, *, region: bool) -> None:
    """The box being drawn with the mouse."""
    painter.setPen(QPen(QColor("#6be0d0" if region else ACCENT), 1, Qt.PenStyle.DashLine))
    painter.drawRect(box)
