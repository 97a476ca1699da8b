"""Pictures drawn by OpenGL from their planes; the aids are painted over them as everywhere."""

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtOpenGLWidgets import QOpenGLWidget

from app.render.choice import shows_ten_bits, surface_format
from app.render.gl import GL_RGB10_A2, GlRenderer, Placement
from app.state.session import Session
from app.views.pictures.aids import Aids
from app.views.pictures.canvas_logic import CanvasLogic
from app.views.theme import BACKGROUND
from codec.errors import SeamscopeError


class GlCanvas(CanvasLogic, QOpenGLWidget):
    """One take, or two split by a line, with the shared zoom and centre."""

    full_screen_asked = Signal()

    def __init__(self, session: Session, aids: Aids | None = None) -> None:
        super().__init__()
        self.setFormat(surface_format())
        self._ten_bits = shows_ten_bits()
        if self._ten_bits:
            # Qt would take 8 bits, whatever the window has.
            self.setTextureFormat(GL_RGB10_A2)
        self._renderer: GlRenderer | None = None
        self._problem = ""
        self.set_up(session, aids)

    def ask_full_screen(self) -> None:
        """Double-click."""
        self.full_screen_asked.emit()

    def minimumSizeHint(self) -> QSize:
        """As every canvas."""
        return self.minimumSize()

    def initializeGL(self) -> None:
        """Compile shaders; again whenever the widget gets another context."""
        colour = QColor(BACKGROUND)
        try:
            self._renderer = GlRenderer((colour.redF(), colour.greenF(), colour.blueF()), ten_bits=self._ten_bits)
        except SeamscopeError as error:
            self._problem = str(error)
        self.context().aboutToBeDestroyed.connect(self.release)

    def paintGL(self) -> None:
        """Pictures, then what stands over them."""
        painter = QPainter(self)
        painter.beginNativePainting()
        problem = self._problem or self._draw()
        painter.endNativePainting()
        if problem:
            painter.setPen(QColor("#ffffff"))
            painter.drawText(self.rect(), problem)
        self.paint_over(painter)
        painter.end()

    def release(self) -> None:
        """Give back what lies on the graphics card; the widget is about to go."""
        if self._renderer is not None:
            self.makeCurrent()
            self._renderer.release()
            self._renderer = None
            self.doneCurrent()

    def _draw(self) -> str:
        """Draw the pictures; what went wrong, if anything."""
        if self._renderer is None:
            return ""
        place, content, view = self.place(), self.content, self._session.view
        where = Placement(
            (round(self.width() * place.ratio), round(self.height() * place.ratio)),
            place.origin,
            (place.scale * place.aspect, place.scale),
            self.split_x() * place.ratio if content.split else None,
            view.magnify,
            view.minify,
        )
        try:
            right = content.right_shown if content.split else None
            self._renderer.draw(self.defaultFramebufferObject(), content.shown, right, where)
        except SeamscopeError as error:
            return str(error)
        return ""
