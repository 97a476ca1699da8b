"""Pictures drawn by Qt's painter: what is there without a graphics card."""

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.render.scaling import minified
from app.state.scaling import Magnify, Minify
from app.state.session import Session
from app.views.aids import Aids
from app.views.canvas_logic import CanvasLogic, Content
from app.views.geometry import Geometry
from app.views.theme import BACKGROUND

__all__ = ["Canvas", "Content"]


class Canvas(CanvasLogic, QWidget):
    """One image, or two split by a line, with the shared zoom and centre."""

    full_screen_asked = Signal()

    def __init__(self, session: Session, aids: Aids | None = None) -> None:
        super().__init__()
        self.set_up(session, aids)
        self._small: dict[int, tuple[QImage, tuple[int, int, Minify], QImage]] = {}
        """Minified images by side, with what they were made of."""
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
            if content.image is not None:
                self._paint_image(painter, place, content.image, 0)
            return
        line = self.split_x()
        halves = (QRectF(0, 0, line, area.height()), QRectF(line, 0, area.width() - line, area.height()))
        for side, (image, half) in enumerate(zip((content.image, content.right), halves, strict=True)):
            if image is not None and half.width() > 0:
                painter.save()
                painter.setClipRect(half)
                self._paint_image(painter, place, image, side)
                painter.restore()

    def _paint_image(self, painter: QPainter, place: Geometry, image: QImage, side: int) -> None:
        view, target = self._session.view, place.target
        if place.scale * min(1.0, place.aspect) < 1.0:
            size = round(target.width() * place.ratio), round(target.height() * place.ratio)
            small = self._minified(image, (*size, view.minify), side)
            small.setDevicePixelRatio(place.ratio)
            painter.drawImage(QPointF(target.topLeft()), small)
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, view.magnify is Magnify.BILINEAR)
        painter.drawImage(target, image)

    def _minified(self, image: QImage, how: tuple[int, int, Minify], side: int) -> QImage:
        """Made once for an image and a size: most paint events change only what stands over it."""
        kept = self._small.get(side)
        if kept is None or kept[0] is not image or kept[1] != how:
            kept = self._small[side] = (image, how, minified(image, *how))
        return kept[2]
