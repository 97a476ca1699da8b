"""Where a picture lies in its pane, in device pixels and in the widget's own coordinates."""

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF

from app.render import framing
from app.render.framing import Framing
from app.state.scaling import Minify
from app.state.session import Session

Size = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Geometry:
    """`scale`: device pixels per (square) picture pixel; `origin`: the picture's top left corner in device pixels;
    `aspect`: width of a picture sample over its height; `ratio`: device pixels per widget coordinate."""

    picture: Size
    pane: Size
    scale: float
    origin: Size
    aspect: float
    ratio: float

    @property
    def target(self) -> QRectF:
        """The whole picture in widget coordinates."""
        width, height = self.picture[0] * self.scale / self.ratio, self.picture[1] * self.scale / self.ratio
        return QRectF(self.origin[0] / self.ratio, self.origin[1] / self.ratio, width, height)

    def framing(self, minify: Minify) -> Framing:
        """The image that the pane needs of its picture."""
        samples = round(self.picture[0] / self.aspect), round(self.picture[1])
        if self.scale * min(1.0, self.aspect) < 1.0:
            return framing.whole(samples, (self.picture[0] * self.scale, self.picture[1] * self.scale), minify)
        left, top = self.to_picture(QPointF(0.0, 0.0))
        right, bottom = self.to_picture(QPointF(self.pane[0] / self.ratio, self.pane[1] / self.ratio))
        return framing.part(samples, (left, top, right, bottom))

    def area(self, left: int, top: int, width: int, height: int) -> QRectF:
        """Widget coordinates of a rectangle of samples."""
        return QRectF(self.to_widget(left, top), self.to_widget(left + width, top + height))

    def to_picture(self, point: QPointF) -> Size:
        """Picture coordinates (samples) of a point of the widget; may lie outside."""
        x = (point.x() * self.ratio - self.origin[0]) / self.scale / self.aspect
        return x, (point.y() * self.ratio - self.origin[1]) / self.scale

    def to_widget(self, x: float, y: float) -> QPointF:
        """Widget coordinates of a picture position in samples."""
        left = (x * self.aspect * self.scale + self.origin[0]) / self.ratio
        return QPointF(left, (y * self.scale + self.origin[1]) / self.ratio)

    def pixel(self, point: QPointF) -> tuple[int, int] | None:
        """The sample under a point of the widget, or None beside the picture."""
        x, y = (math.floor(value) for value in self.to_picture(point))
        inside = 0 <= x < round(self.picture[0] / self.aspect) and 0 <= y < self.picture[1]
        return (x, y) if inside else None


def geometry(session: Session, width: float, height: float, ratio: float) -> Geometry:
    """For a pane of (width, height) widget coordinates on a screen of `ratio` device pixels each."""
    clip, view = session.clip, session.view
    aspect = 1.0 if clip is None else float(clip.info.sample_aspect)
    picture = (1.0, 1.0) if clip is None else (clip.width * aspect, float(clip.height))
    pane = (max(1.0, width * ratio), max(1.0, height * ratio))
    scale, origin = view.scale(picture, pane), view.origin(picture, pane)
    # On whole device pixels, so that 1:1 is exact in panes of any size.
    return Geometry(picture, pane, scale, (float(round(origin[0])), float(round(origin[1]))), aspect, ratio)
