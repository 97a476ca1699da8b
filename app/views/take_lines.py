"""The line of a take under its name: the dash its curves have, where two takes may be of one colour."""

from PySide6.QtCore import QLineF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen

from app.render.take_looks import dash_runs
from app.views.widgets import ElidedLabel

WIDTH = 2.0
"""Of the line, in pixels of the window."""


def draw_line(painter: QPainter, along: QLineF, dash: int, colour: str) -> None:
    """A line of one of the kinds of dash. `colour`: "#rrggbb"."""
    pen = QPen(QColor(colour), WIDTH)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if runs := dash_runs(dash):
        pen.setDashPattern([float(run) for run in runs])
    painter.setPen(pen)
    painter.drawLine(along)


class LinedLabel(ElidedLabel):
    """A label over a picture or in a list, with the take's line along its lower edge: it takes no room of the text."""

    def __init__(self, colour: str = "", inset: int = 8) -> None:
        """`colour` of the line, "#rrggbb"."""
        super().__init__(inset)
        self.dash: int | None = None
        self._colour = colour

    def set_dash(self, dash: int | None, colour: str = "") -> None:
        """Which kind of line; None: none. `colour`: another one than before."""
        wanted = colour or self._colour
        if (dash, wanted) != (self.dash, self._colour):
            self.dash, self._colour = dash, wanted
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The text, then the line."""
        super().paintEvent(event)
        if self.dash is not None:
            painter = QPainter(self)
            height = self.height() - WIDTH / 2
            draw_line(painter, QLineF(self.inset, height, self.width() - self.inset, height), self.dash, self._colour)
            painter.end()
