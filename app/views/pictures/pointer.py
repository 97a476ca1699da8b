"""What the mouse does over a picture: zoom, pan, zoom to a box, mark a region, move the split."""

from enum import Enum

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent

from app.render.geometry import Geometry
from app.state.session import Session

WHEEL_STEP = 1.25
HANDLE_REACH = 7
"""Widget coordinates to either side of the split's line in which it can be taken hold of."""
_NOTCH = 120.0


class _Drag(Enum):
    NONE = 0
    PAN = 1
    BOX = 2
    REGION = 3
    SPLIT = 4


class Pointer:
    """Turns mouse events of one pane into changes of the view. `split`: the pane has a split line."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._drag = _Drag.NONE
        self._from = QPointF()
        self.box: QRectF | None = None
        """The box being drawn, in widget coordinates."""

    @property
    def box_is_region(self) -> bool:
        """The box being drawn will be a region, not a zoom."""
        return self._drag is _Drag.REGION

    def wheel(self, event: QWheelEvent, place: Geometry) -> None:
        """Zoom under the cursor."""
        notches = event.angleDelta().y() / _NOTCH
        if notches and self._session.clip is not None:
            cursor = (event.position().x() * place.ratio, event.position().y() * place.ratio)
            self._session.view.zoom_at(WHEEL_STEP**notches, cursor, place.picture, place.pane)

    def press(self, event: QMouseEvent, place: Geometry, *, split: bool) -> None:
        """Begin panning; with Shift a zoom box, with Ctrl a region; on the split's line, move it."""
        if event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            return
        self._from = event.position()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._drag, self.box = _Drag.BOX, QRectF(self._from, self._from)
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._drag, self.box = _Drag.REGION, QRectF(self._from, self._from)
        elif split and self.on_line(self._from, place):
            self._drag = _Drag.SPLIT
        else:
            self._drag = _Drag.PAN

    def move(self, event: QMouseEvent, place: Geometry, *, split: bool) -> None:
        """Pan, stretch the box, or move the line; always tell which pixel is under the mouse."""
        view, position = self._session.view, event.position()
        view.inspection.point_at(place.pixel(position))
        width = place.pane[0] / place.ratio
        if self._drag is _Drag.SPLIT or (split and view.layouts.follow_mouse and self._drag is _Drag.NONE):
            view.layouts.move_split(position.x() / width)
        elif self.box is not None:
            self.box = QRectF(self._from, position).normalized()
        elif self._drag is _Drag.PAN:
            moved = (position - self._from) * place.ratio
            self._from = position
            view.pan((moved.x(), moved.y()), place.picture, place.pane)

    def release(self, place: Geometry) -> None:
        """End panning; zoom to the box, or keep it as the region (a click without a box: no region)."""
        drag, box = self._drag, self.box
        self._drag, self.box = _Drag.NONE, None
        if box is None:
            return
        if drag is _Drag.BOX:
            area = tuple(value * place.ratio for value in (box.left(), box.top(), box.width(), box.height()))
            self._session.view.show_box((area[0], area[1], area[2], area[3]), place.picture, place.pane)
        elif drag is _Drag.REGION and self._session.clip is not None:
            (left, top), (right, bottom) = place.to_picture(box.topLeft()), place.to_picture(box.bottomRight())
            size = self._session.clip.width, self._session.clip.height
            self._session.view.inspection.set_region((left, top, right, bottom), size)

    def on_line(self, position: QPointF, place: Geometry) -> bool:
        """The mouse can take hold of the split's line here."""
        line = self._session.view.layouts.split * place.pane[0] / place.ratio
        return abs(position.x() - line) <= HANDLE_REACH
