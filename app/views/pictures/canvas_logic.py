"""What every canvas does, whoever draws its pictures: zoom and pan, and the aids painted over pictures."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.render.framing import Framing
from app.render.geometry import Geometry, geometry
from app.render.shown import Shown
from app.state.inspection import Overlay
from app.state.layouts import DifferenceLook
from app.state.session import Session
from app.views.pictures import overlays
from app.views.pictures.aids import Aids
from app.views.pictures.pointer import Pointer
from app.views.theme import MUTED

MIN_SIZE = QSize(120, 90)
# A mixin: a widget cannot inherit from QWidget twice.
_Widget = QWidget if TYPE_CHECKING else object


# Not compared by value: that would compare images pixel by pixel.
@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """What a canvas shows: the left (or only) take, the right one, and what stands over them."""

    frame: int = -1
    """Frame number of the pictures, -1 before the first."""
    images: Mapping[Framing, QImage] = field(default_factory=dict)
    """The left take's images; none where a graphics card draws, or there is no picture."""
    right_images: Mapping[Framing, QImage] = field(default_factory=dict)
    split: bool = False
    takes: tuple[int, ...] = ()
    """Ids of the takes shown, left to right."""
    boundary: bool = False
    """A GoP begins here."""
    text: str = ""
    """Instead of a picture that is missing."""
    scale: DifferenceLook | None = None
    """The scale of differences is painted."""
    shown: Shown | None = None
    """The left take's picture."""
    right_shown: Shown | None = None

    @property
    def has_picture(self) -> bool:
        """True unless the left take's picture is missing."""
        return self.shown is not None


class CanvasLogic(_Widget):
    """Wheel zooms under the cursor, drag pans, Shift-drag zooms to a box, Ctrl-drag marks a region.

    Mixed into a widget that paints `content`'s pictures and calls `paint_over` on top of them.
    """

    def set_up(self, session: Session, aids: Aids | None) -> None:
        """Called once by the widget's constructor."""
        self._session, self._aids = session, aids
        self._pointer = Pointer(session)
        self.content = Content()
        self.setMinimumSize(MIN_SIZE)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setAccessibleName("Picture")

    @property
    def image(self) -> QImage | None:
        """What is shown (left in a split) at its own size, rendered anew: for tests and exports, no painting."""
        return None if self.content.shown is None else self.content.shown.image()

    @property
    def frame(self) -> int:
        """Frame number of what is shown, -1 before the first."""
        return self.content.frame

    def show_content(self, content: Content) -> None:
        """Show something else."""
        self.content = content
        self.update()

    def place(self) -> Geometry:
        """Where the picture lies now."""
        return geometry(self._session, self.width(), self.height(), self.devicePixelRatioF())

    def framing(self) -> Framing:
        """The image that is needed of its pictures."""
        return self.place().framing(self._session.view.minify)

    def split_x(self) -> float:
        """The split's line in widget coordinates."""
        return self._session.view.layouts.split * self.width()

    def release(self) -> None:
        """Give back what is held outside of memory; nothing here."""

    def ask_full_screen(self) -> None:
        """Double-click."""
        raise NotImplementedError

    def paint_over(self, painter: QPainter) -> None:
        """Everything that stands over the pictures."""
        content, place, area = self.content, self.place(), QRectF(self.rect())
        inspection = self._session.view.inspection
        if inspection.overlay is not None and content.frame >= 0:
            self._paint_heat(painter, inspection.overlay)
        if content.boundary and content.has_picture:
            overlays.paint_boundary(painter, place, area)
        if content.text:
            painter.setPen(QColor(MUTED))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(20, 20, -20, -20), flags, content.text)
        if inspection.region is not None and content.frame >= 0:
            scores = [] if self._aids is None else [self._aids.region_text(take) for take in content.takes]
            overlays.paint_region(painter, place, inspection.region, " | ".join(part for part in scores if part))
        if inspection.scan_line is not None and content.frame >= 0:
            overlays.paint_scan_line(painter, place, inspection.scan_line, area)
        if content.split:
            overlays.paint_split(painter, self.split_x(), area)
        if content.scale is not None:
            overlays.paint_scale(painter, content.scale, area)
        if inspection.cursor is not None:
            self._paint_cursor(painter, inspection.cursor)
        if self._pointer.box is not None:
            overlays.paint_box(painter, self._pointer.box, region=self._pointer.box_is_region)

    def _paint_heat(self, painter: QPainter, overlay: Overlay) -> None:
        content, place, line = self.content, self.place(), self.split_x()
        halves = [QRectF(self.rect())]
        if content.split:
            halves = [QRectF(0, 0, line, self.height()), QRectF(line, 0, self.width() - line, self.height())]
        for take, half in zip(content.takes, halves, strict=False):
            if self._aids is None:
                return
            note, heat = self._aids.heat_note(take), self._aids.heat(take)
            if note:
                overlays.paint_heat_note(painter, half, note)
            elif heat is not None:
                painter.save()
                painter.setClipRect(half)
                overlays.paint_heat(painter, place, heat)
                painter.restore()
                overlays.paint_heat_scale(painter, QRectF(self.rect()), overlay)

    def _paint_cursor(self, painter: QPainter, pixel: tuple[int, int]) -> None:
        """Crosshair, values and magnifier where they are asked for."""
        content, place, area = self.content, self.place(), QRectF(self.rect())
        inspection = self._session.view.inspection
        at = place.to_widget(pixel[0] + 0.5, pixel[1] + 0.5)
        if inspection.values_shown:
            overlays.paint_crosshair(painter, place, pixel)
        shown = content.right_shown if content.split and at.x() > self.split_x() else content.shown
        if inspection.magnifier is not None and shown is not None:
            overlays.paint_magnifier(painter, shown, pixel, at, inspection.magnifier, area)
        if inspection.values_shown and self.underMouse() and self._aids is not None:
            # In one pane: it holds the values of all takes, those without a pane too.
            taken = [QRectF(at.x() - 24, at.y() - 24, 48, 48)]
            if inspection.magnifier is not None:
                taken.append(overlays.magnifier_box(at, area))
            overlays.paint_values(painter, self._aids.rows(*pixel), pixel, area, taken)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom under the cursor."""
        self._pointer.wheel(event, self.place())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a drag."""
        self._pointer.press(event, self.place(), split=self.content.split)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag; show what can be taken hold of."""
        place = self.place()
        self._pointer.move(event, place, split=self.content.split)
        on_line = self.content.split and self._pointer.on_line(event.position(), place)
        self.setCursor(Qt.CursorShape.SplitHCursor if on_line else Qt.CursorShape.ArrowCursor)
        if self._pointer.box is not None:
            self.update()

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """End a drag."""
        self._pointer.release(self.place())
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Full screen on and off."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.ask_full_screen()

    def leaveEvent(self, event: QEvent) -> None:
        """The mouse is over no picture."""
        self._session.view.inspection.point_at(None)
        super().leaveEvent(event)
