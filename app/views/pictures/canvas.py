"""Pictures drawn by Qt's painter: what is there without a graphics card."""

from collections.abc import Mapping

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.render.framing import Framing, nearest
from app.render.geometry import Geometry
from app.state.scaling import Magnify
from app.state.session import Session
from app.views.pictures.aids import Aids
from app.views.pictures.canvas_logic import CanvasLogic, Content
from app.views.theme import BACKGROUND

__all__ = ["Canvas", "Content"]


class Canvas(CanvasLogic, QWidget):
    """One picture, or two split by a line, with the shared zoom and centre. Images come as the pane needs them."""

    full_screen_asked = Signal()

    def __init__(self, session: Session, aids: Aids | None = None) -> None:
        super().__init__()
        self.set_up(session, aids)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def ask_full_screen(self) -> None:
        """Double-click."""
        self.full_screen_asked.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint with zoom counted in device pixels, so that 1:1 is exact on any screen."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(BACKGROUND))
        self._paint_images(painter)
        self.paint_over(painter)
        painter.end()

    def _paint_images(self, painter: QPainter) -> None:
        content, place, area = self.content, self.place(), QRectF(self.rect())
        if not content.split:
            self._paint_one(painter, place, content.images)
            return
        line = self.split_x()
        halves = (QRectF(0, 0, line, area.height()), QRectF(line, 0, area.width() - line, area.height()))
        for images, half in zip((content.images, content.right_images), halves, strict=True):
            if half.width() > 0:
                painter.save()
                painter.setClipRect(half)
                self._paint_one(painter, place, images)
                painter.restore()

    def _paint_one(self, painter: QPainter, place: Geometry, images: Mapping[Framing, QImage]) -> None:
        wanted, view = self.framing(), self._session.view
        image = images.get(wanted)
        if image is None:
            # The pane or the zoom has just changed: what there is, stretched, until the image comes.
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
            for framing in nearest(wanted, images):
                painter.drawImage(place.area(*framing.area), images[framing])
        elif wanted.scaled:
            image.setDevicePixelRatio(place.ratio)
            painter.drawImage(place.target.topLeft(), image)
        else:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, view.magnify is Magnify.BILINEAR)
            # An earlier zoom may have left the ratio of a scaled image.
            image.setDevicePixelRatio(1.0)
            painter.drawImage(place.area(*wanted.area), image)
