"""What is painted over pictures: GoP marks, the split's line, the scale of differences, region, cursor."""

import math
from enum import Enum

from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from app.render.difference import scale_colours, scale_ends
from app.render.geometry import Geometry
from app.render.heat import FULL, heat_scale
from app.render.shown import Shown
from app.state.inspection import Overlay, Region
from app.state.layouts import DifferenceLook
from app.views.pictures.aids import ValueRow
from app.views.theme import ACCENT, BACKGROUND, MUTED

REGION = "#6be0d0"
TEXT = "#e6e6e6"
"""Over pictures, in every theme."""
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


class Room(Enum):
    """How much of a scale a pane can spare."""

    NONE = 0
    SHORT = 1
    """A narrow strip with its ends."""
    FULL = 2


_SHORT_SCALE = 96.0
"""Width of a short scale."""


def scale_room(area: QRectF) -> Room:
    """What of a scale is painted in a pane: a full one takes less than a twentieth of it, a short one a tenth."""
    if area.width() >= 480 and area.height() >= 270:
        return Room.FULL
    return Room.SHORT if area.width() >= 200 and area.height() >= 120 else Room.NONE


def _scale_box(area: QRectF, width: float, room: Room) -> QRectF:
    """At the bottom left of a pane."""
    height = 40 if room is Room.FULL else 28
    return QRectF(area.left() + 10, area.bottom() - height - 8, width, height)


def _paint_scale_box(painter: QPainter, box: QRectF, strip: QImage, texts: tuple[str, str, str]) -> None:
    """Colours, and under them what the left end, the whole and the right end stand for."""
    painter.fillRect(box, _SHADE)
    short = box.height() < 40
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(QRectF(box.left() + 8, box.top() + 4, box.width() - 16, 6 if short else 10), strip)
    painter.setPen(QColor(TEXT))
    words = box.adjusted(8, 11 if short else 18, -8, -1)
    sides = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight)
    for side, text in zip(sides, texts, strict=True):
        painter.drawText(words, side, text)


def paint_scale(painter: QPainter, look: DifferenceLook, area: QRectF) -> None:
    """The colours of a difference with the code differences they stand for."""
    room = scale_room(area)
    if room is Room.NONE:
        return
    box = _scale_box(area, 236.0 if room is Room.FULL else _SHORT_SCALE, room)
    box.moveRight(area.right() - 10)
    colours = scale_colours(look)
    strip = QImage(colours.tobytes(), len(colours), 1, 3 * len(colours), QImage.Format.Format_RGB888)
    low, high = scale_ends(look)
    middle = f"{look.channels.value} codes ×{look.gain}" if room is Room.FULL else ""
    _paint_scale_box(painter, box, strip, (f"{low:+.4g}" if low else "0", middle, f"{high:+.4g}"))


def paint_region(painter: QPainter, place: Geometry, region: Region, scores: str) -> None:
    """The region's frame, how large it is, and what it scores."""
    corner = place.to_widget(region.left, region.top)
    box = QRectF(corner, place.to_widget(region.left + region.width, region.top + region.height))
    painter.setPen(QPen(QColor(0, 0, 0, 190), 3))
    painter.drawRect(box)
    painter.setPen(QPen(QColor(REGION), 1))
    painter.drawRect(box)
    room, metrics = place.pane[0] / place.ratio, painter.fontMetrics()
    texts = [f"{region.text} · {scores}", scores, scores.replace(" · ", " ")] if scores else [region.text]
    text = next((text for text in texts if metrics.horizontalAdvance(text) + 8 <= room), texts[-1])
    words = QRectF(box.left(), box.top() - 19, metrics.horizontalAdvance(text) + 8, 18)
    words.moveTop(max(0.0, words.top()))
    words.moveRight(min(words.right(), room))
    words.moveLeft(max(0.0, words.left()))
    painter.fillRect(words, _SHADE)
    painter.drawText(words, Qt.AlignmentFlag.AlignCenter, text)


def paint_box(painter: QPainter, box: QRectF, *, region: bool) -> None:
    """The box being drawn with the mouse."""
    painter.setPen(QPen(QColor(REGION if region else ACCENT), 1, Qt.PenStyle.DashLine))
    painter.drawRect(box)


def paint_crosshair(painter: QPainter, place: Geometry, pixel: tuple[int, int]) -> None:
    """The pixel under the mouse, framed, at the same place in every pane."""
    x, y = pixel
    box = QRectF(place.to_widget(x, y), place.to_widget(x + 1, y + 1))
    reach = 9
    for colour, width in ((QColor(0, 0, 0, 190), 3), (QColor(TEXT), 1)):
        painter.setPen(QPen(colour, width))
        painter.drawRect(box)
        centre = box.center()
        painter.drawLine(QPointF(box.left() - reach, centre.y()), QPointF(box.left() - 3, centre.y()))
        painter.drawLine(QPointF(box.right() + 3, centre.y()), QPointF(box.right() + reach, centre.y()))
        painter.drawLine(QPointF(centre.x(), box.top() - reach), QPointF(centre.x(), box.top() - 3))
        painter.drawLine(QPointF(centre.x(), box.bottom() + 3), QPointF(centre.x(), box.bottom() + reach))


def free_corner(size: QSizeF, area: QRectF, taken: list[QRectF]) -> QRectF:
    """A box of `size` in the corner of `area` where it covers least of what is `taken`; the top left one if it can."""
    room = area.adjusted(8, 8, -8, -8)
    far_x, far_y = max(room.left(), room.right() - size.width()), max(room.top(), room.bottom() - size.height())
    corners = ((room.left(), room.top()), (far_x, room.top()), (room.left(), far_y), (far_x, far_y))
    boxes = [QRectF(QPointF(*corner), size) for corner in corners]

    def covered(box: QRectF) -> float:
        shared = [box.intersected(each) for each in taken]
        return sum(each.width() * each.height() for each in shared)

    return min(boxes, key=covered)


def paint_values(
    painter: QPainter, rows: list[ValueRow], pixel: tuple[int, int], area: QRectF, taken: list[QRectF]
) -> None:
    """A table of every take's values at a pixel, in a corner away from what is `taken`: cursor, magnifier."""
    metrics = painter.fontMetrics()
    line = metrics.height() + 3
    name = min(180, max(metrics.horizontalAdvance(row.name) for row in rows) + 24)
    values = metrics.horizontalAdvance("000 000 000") + 16
    box = free_corner(QSizeF(name + 2 * values + 16, line * (len(rows) + 1) + 8), area, taken)
    painter.fillRect(box, QColor(0, 0, 0, 200))
    top = box.top() + 4
    painter.setPen(QColor(MUTED))
    heads = (f"x {pixel[0]}, y {pixel[1]}", "Y Cb Cr", "R G B")
    lefts = (box.left() + 8, box.left() + 8 + name, box.left() + 8 + name + values)
    for left, text in zip(lefts, heads, strict=True):
        painter.drawText(QPointF(left, top + metrics.ascent()), text)
    for row in rows:
        top += line
        painter.setPen(QColor(row.colour))
        shown = metrics.elidedText(row.name, Qt.TextElideMode.ElideRight, name - 8)
        texts = (shown, _triple(row.value.ycbcr), _triple(row.value.rgb))
        for left, text in zip(lefts, texts, strict=True):
            painter.drawText(QPointF(left, top + metrics.ascent()), text)


def _triple(values: tuple[int, int, int] | None) -> str:
    return "–" if values is None else " ".join(f"{value:d}" for value in values)


def magnifier_box(at: QPointF, area: QRectF) -> QRectF:
    """Where the magnifier stands in a pane for a cursor `at`: below to the right, or where else there is more room;
    smaller in small panes, never over the cursor."""
    gap = max(8.0, min(24.0, min(area.width(), area.height()) / 10))
    full = min(11 * 16, 0.6 * area.width(), 0.6 * area.height())
    right, left = area.right() - at.x() - gap, at.x() - gap - area.left()
    below, above = area.bottom() - at.y() - gap, at.y() - gap - area.top()
    places = ((1, 1, right, below), (-1, 1, left, below), (1, -1, right, above), (-1, -1, left, above))
    # Straight beside the cursor where no corner has room enough.
    places += ((1, 0, right, full), (-1, 0, left, full), (0, 1, full, below), (0, -1, full, above))
    across, down, *rooms = max(places, key=lambda place: min(full, *place[2:]))
    side = max(1.0, min(full, *rooms))
    box = QRectF(0, 0, side, side)
    box.moveCenter(at + QPointF(across * (gap + side / 2), down * (gap + side / 2)))
    box.moveLeft(max(area.left(), min(area.right() - side, box.left())))
    box.moveTop(max(area.top(), min(area.bottom() - side, box.top())))
    return box


def paint_magnifier(
    painter: QPainter, shown: Shown, pixel: tuple[int, int], at: QPointF, magnification: int, area: QRectF
) -> None:
    """The samples around a pixel, each `magnification` screen pixels wide, in a box beside `at`."""
    box = magnifier_box(at, area)
    reach = math.ceil(box.width() / magnification / 2)
    left, top = pixel[0] - reach, pixel[1] - reach
    samples = shown.crop(left, top, 2 * reach + 1, 2 * reach + 1)
    painter.fillRect(box, QColor(BACKGROUND))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.setClipRect(box)
    painter.translate(box.center())
    painter.scale(magnification, magnification)
    painter.translate(-pixel[0] - 0.5, -pixel[1] - 0.5)
    painter.drawImage(QPointF(max(0, left), max(0, top)), samples)
    painter.restore()
    painter.setPen(QPen(QColor(ACCENT), 1))
    painter.drawRect(box)
    middle = QRectF(0, 0, magnification, magnification)
    middle.moveCenter(box.center())
    painter.drawRect(middle)


def paint_heat(painter: QPainter, place: Geometry, heat: tuple[QImage, QRectF]) -> None:
    """A map over the picture."""
    image, part = heat
    target = QRectF(place.to_widget(part.left(), part.top()), place.to_widget(part.right(), part.bottom()))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(target, image)
    painter.restore()


def paint_heat_scale(painter: QPainter, area: QRectF, overlay: Overlay) -> None:
    """What the colours of a map stand for."""
    room = scale_room(area)
    if room is Room.NONE:
        return
    texture, full = overlay is Overlay.TEXTURE, FULL[overlay]
    if room is Room.SHORT:
        box, texts = _scale_box(area, _SHORT_SCALE, room), (f"-{full:g}" if texture else "0", "", f"{full:g}")
    elif texture:
        box, texts = _scale_box(area, 236.0, room), (f"blurred -{full:g}", "codes", f"+{full:g} invented")
    else:
        box, texts = _scale_box(area, 176.0, room), ("0", overlay.value, f"{full:g}")
    _paint_scale_box(painter, box, heat_scale(overlay), texts)


def paint_heat_note(painter: QPainter, area: QRectF, text: str) -> None:
    """Where the scale of a map will stand, while there is no map."""
    width = painter.fontMetrics().horizontalAdvance(text) + 16
    box = QRectF(area.left() + 10, area.bottom() - 34, min(width, area.width() - 20), 26)
    painter.fillRect(box, _SHADE)
    painter.setPen(QColor(TEXT))
    painter.drawText(box.adjusted(8, 0, -8, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


def paint_scan_line(painter: QPainter, place: Geometry, row: int, area: QRectF) -> None:
    """The row that is followed over time."""
    y = place.to_widget(0, row + 0.5).y()
    left, right = place.target.intersected(area).left(), place.target.intersected(area).right()
    painter.setPen(QPen(QColor(REGION), 1, Qt.PenStyle.DashLine))
    painter.drawLine(QPointF(left, y), QPointF(right, y))
