"""One chart over the frames: curves thinned to what the screen can show, a playhead, GoP lines, a read-out on top."""

import itertools
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from pyqtgraph.GraphicsScene.mouseEvents import MouseClickEvent
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QGraphicsItem, QSizePolicy, QVBoxLayout, QWidget

from app.render.take_looks import look_dash, look_mark
from app.state.curves import CurveKind, Values, as_steps, decimate
from app.views import theme
from app.views.names import shortened
from app.views.theme import ACCENT
from app.views.widgets import HtmlLabel, plain_tip, single_shot
from codec.texts import in_html

STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)
_NAME_LENGTHS = (40, 24, 16, 12, 9, 6)
"""Characters of a take's name in a head, as there is room; at last a piece of its line stands for it alone."""
_PIXELS_A_LINE = 4
"""Boundary lines closer than this are not drawn: they would be a wall."""


@dataclass(frozen=True, slots=True)
class Line:
    """One curve to draw."""

    key: int
    """Tells curves apart (a take's id)."""
    name: str
    colour: str
    look: int
    """Its dash in STYLES, and the piece of it in the head."""
    values: Values
    extent: str = ""
    """What stands beside the value while not every frame has one: "8/53"."""
    basis: str = ""
    """What the values are, where they are not each frame's own: "GoP mean"."""
    stepped: bool = False
    """Drawn as steps."""

    @property
    def remark(self) -> str:
        """Basis and extent in brackets."""
        parts = [part for part in (self.basis, self.extent) if part]
        return f" ({', '.join(parts)})" if parts else ""


class Chart(QWidget):
    """One curve kind. Drag pans, wheel zooms over the frames, double-click fits, click seeks; the vertical range
    follows what is seen."""

    seek_asked = Signal(int)
    hovered = Signal(object)
    """Frame under the mouse, None when it leaves."""
    fit_asked = Signal()

    def __init__(self, kind: CurveKind) -> None:
        super().__init__()
        self.kind = kind
        self.lines: tuple[Line, ...] = ()
        self._difference = False
        self._boundaries = np.empty(0)
        self._frame = 0
        self._items: dict[int, pg.PlotCurveItem] = {}
        self._looks: dict[int, tuple[str, int]] = {}
        self.head = HtmlLabel()
        self.head.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        keys = "Click seeks, drag pans, wheel zooms, double-click shows all frames."
        self.head.setToolTip(plain_tip(f"{kind.axis}. {keys}"))
        self.item = pg.PlotItem()
        self.plot = pg.PlotWidget(plotItem=self.item)
        self.item.showGrid(x=False, y=True, alpha=0.2)
        self.item.hideButtons()
        self.item.setMenuEnabled(False)
        box = self.item.getViewBox()
        box.setMouseEnabled(x=True, y=False)
        box.setAutoVisible(y=True)
        box.enableAutoRange("y")
        self.plot.setMinimumHeight(64)
        self.plot.setAccessibleName(f"Chart of {kind.axis}")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addWidget(self.plot, 1)
        for name in ("left", "bottom"):
            # An axis with a grid covers the whole chart; without a cache all of it would be drawn for every step of
            # the playhead.
            self.item.getAxis(name).setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self._cursor = pg.InfiniteLine(0, angle=90, pen=pg.mkPen(ACCENT, width=1))
        self._hover = pg.InfiniteLine(0, angle=90)
        self._zero = pg.InfiniteLine(0, angle=0)
        self._marks = pg.PlotCurveItem(connect="pairs")
        for extra in (self._marks, self._zero, self._cursor, self._hover):
            self.item.addItem(extra, ignoreBounds=True)
        self._hover.hide()
        self._zero.hide()
        # Ranges change several times in one gesture; curves are thinned anew once.
        self._thin_later = single_shot(self, 0, self._follow_range)
        box.sigXRangeChanged.connect(lambda *_: self._thin_later.start())
        scene = self.plot.scene()
        assert isinstance(scene, pg.GraphicsScene)
        scene.sigMouseClicked.connect(self._clicked)
        scene.sigMouseMoved.connect(self._moved)
        self.plot.viewport().installEventFilter(self)
        self.set_theme()

    def set_theme(self) -> None:
        """Colours of the theme in use."""
        chosen = theme.current()
        self.plot.setBackground(chosen.ground)
        self._marks.setPen(pg.mkPen(chosen.border))
        self._hover.setPen(pg.mkPen(chosen.muted, style=Qt.PenStyle.DotLine))
        self._zero.setPen(pg.mkPen(chosen.muted))
        for name in ("left", "bottom"):
            axis = self.item.getAxis(name)
            axis.setPen(chosen.muted)
            axis.setTextPen(chosen.muted)

    def set_lines(self, lines: tuple[Line, ...], *, difference: bool) -> None:
        """Draw these curves and no others; `difference`: they are signed differences, zero is marked."""
        self.lines, self._difference = lines, difference
        self._zero.setVisible(difference)
        wanted = {line.key for line in lines}
        for key in [key for key in self._items if key not in wanted]:
            self.item.removeItem(self._items.pop(key))
            del self._looks[key]
        for line in lines:
            if line.key not in self._items:
                item = self._items[line.key] = pg.PlotCurveItem(connect="finite")
                self.item.addItem(item)
            look = line.colour, look_dash(line.look)
            if self._looks.get(line.key) != look:
                self._looks[line.key] = look
                self._items[line.key].setPen(pg.mkPen(line.colour, width=1, style=STYLES[look[1]]))
        self._thin()
        self._refresh_head()

    def set_boundaries(self, frames: list[int]) -> None:
        """Vertical lines at GoP boundaries."""
        wanted = np.asarray(frames, dtype=float)
        if not np.array_equal(wanted, self._boundaries):
            self._boundaries = wanted
            self._draw_boundaries()

    def set_cursor(self, frame: int) -> None:
        """Move the playhead."""
        self._frame = frame
        self._cursor.setValue(frame)
        if not self._hover.isVisible():
            self._refresh_head()

    def set_hover(self, frame: int | None) -> None:
        """Show values of a frame under the mouse; None: of the playhead again."""
        self._hover.setVisible(frame is not None)
        if frame is not None:
            self._hover.setValue(frame)
        self._refresh_head()

    def show_frames(self, count: int) -> None:
        """All frames of a clip."""
        self.item.getViewBox().setXRange(-0.5, max(0, count - 1) + 0.5, padding=0.01)

    @property
    def shown_points(self) -> int:
        """Points handed to the painter, of all curves."""
        return sum(len(item.xData) for item in self._items.values() if item.xData is not None)

    def _follow_range(self) -> None:
        self._thin()
        self._draw_boundaries()

    def _thin(self) -> None:
        (start, stop), _ = self.item.getViewBox().viewRange()
        columns = max(50, self.plot.width())
        for line in self.lines:
            x, y = decimate(line.values, start, stop, columns)
            if line.stepped:
                x, y = as_steps(x, y)
            self._items[line.key].setData(x, y, connect="finite")

    def _draw_boundaries(self) -> None:
        (start, stop), _ = self.item.getViewBox().viewRange()
        seen = self._boundaries[(self._boundaries >= start) & (self._boundaries <= stop)]
        if len(seen) * _PIXELS_A_LINE > self.plot.width():
            seen = seen[:0]
        self._marks.setData(np.repeat(seen, 2), np.tile(np.array(self.kind.extent), len(seen)), connect="pairs")

    def _refresh_head(self) -> None:
        chosen, frame = theme.current(), self._frame
        if self._hover.isVisible():
            frame = round(self._hover.getXPos())
        title = f"{'Δ ' if self._difference else ''}{self.kind.title}"
        values = [self._value(line, frame) + line.remark for line in self.lines]
        rest, names, values = self._what_fits(title, frame, values)
        parts = [f"<b>{title}</b> <span style='color:{chosen.muted}'>{rest}</span>"]
        for line, name, value in zip(self.lines, names, values, strict=False):
            parts.append(f"<span style='color:{line.colour}'>{in_html(name)} <b>{value}</b></span>")
        if len(values) < len(self.lines):
            parts.append("…")
        self.head.setText("&nbsp;&nbsp;".join(parts))

    def _value(self, line: Line, frame: int) -> str:
        value = line.values[frame] if 0 <= frame < len(line.values) else np.nan
        sign = "+" if self._difference else ""
        return "–" if np.isnan(value) else f"{value:{sign}.{self.kind.digits}f}"

    def _what_fits(self, title: str, frame: int, values: list[str]) -> tuple[str, list[str], list[str]]:
        """What stands after the title, names as long as there is room, and values: never cut off for words, and left
        out whole, the last ones first, where even they find no room."""
        metrics, where = self.head.fontMetrics(), f"frame {frame}"
        rests = (" · ".join(part for part in (self._direction(), where) if part), where, "")
        for rest, longest in (*itertools.product(rests, _NAME_LENGTHS), ("", 0)):
            names = [self._named(line, longest) for line in self.lines]
            words = f"{title} {rest}" + "".join(f"   {n} {v}" for n, v in zip(names, values, strict=True))
            # A tenth more: some of it is bold.
            if 1.1 * metrics.horizontalAdvance(words) <= self.width():
                return rest, names, values
        # All that is left is bold.
        font = self.head.font()
        font.setBold(True)
        bold = QFontMetrics(font)
        for count in range(len(values), 0, -1):
            words = "   ".join((f"{title} ", *values[:count], *(["…"] if count < len(values) else [])))
            if bold.horizontalAdvance(words) <= self.width():
                break
        else:
            count = 0
        return "", ["" for _ in self.lines], values[:count]

    @staticmethod
    def _named(line: Line, longest: int) -> str:
        mark = look_mark(line.look)
        return f"{mark} {shortened(line.name, longest)}" if longest else mark

    def _direction(self) -> str:
        unit = self.kind.unit
        better = {None: "", True: "higher is better", False: "lower is better"}[self.kind.higher_is_better]
        return ", ".join(part for part in (unit, better) if part)

    def _frame_at(self, place: QPointF) -> int:
        return round(self.item.getViewBox().mapSceneToView(place).x())

    def _clicked(self, event: MouseClickEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if event.double():
            self.fit_asked.emit()
        else:
            self.seek_asked.emit(self._frame_at(event.scenePos()))

    def _moved(self, place: QPointF) -> None:
        inside = self.item.getViewBox().sceneBoundingRect().contains(place)
        self.hovered.emit(self._frame_at(place) if inside else None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The mouse leaves: the playhead's values again."""
        if event.type() == QEvent.Type.Leave:
            self.hovered.emit(None)
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width shows other columns."""
        super().resizeEvent(event)
        self._thin_later.start()
        self._refresh_head()
