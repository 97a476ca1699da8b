"""Quality over rate: a point a take, a line a codec, what the mouse reads off, and what was found by eye."""

import math
from collections.abc import Iterable

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from app.render.take_looks import is_hollow, look_mark
from app.state.curves import CURVES, RATES, Series
from app.state.rate_marks import RateMark
from app.state.rates import CodecCurve, RateUnit, curves_of, points_of, savings
from app.state.takes import Kind
from app.views import theme
from app.views.names import brief
from app.views.theme import ACCENT, look_on_ground
from app.views.widgets import ElidedLabel, Label, plain_tip
from codec.metrics.bjontegaard import MIN_POINTS
from codec.texts import visible

_NEEDED = (
    f"With {MIN_POINTS} Seamscope takes and {MIN_POINTS} of a rival: the mean change of rate at equal quality "
    "(Bjøntegaard)"
)
_NAMED_POINTS = 10
"""With more of them names would lie over one another: numbers and lines are left, and the mouse tells names."""
_LATE = 0.85
"""From this share of the rates on, names stand left of their points: the chart ends there."""
_PLACES = (((-0.05, 0.9), (1.05, 0.9)), ((-0.05, 0.1), (1.05, 0.1)))
"""Anchors of names: above the highest curve and below the others, right or left of the point."""
_MEASURED = tuple(key for key in CURVES if key not in RATES)
_LINES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)
_BAND = 40
"""Opacity of an interval, of 255."""
_FEWEST_TICKS = 3
_HIGHEST, _STEP, _ROWS = 0.92, 0.12, 6
"""Where the texts of marks stand: one below the other, or those of near rates would cover each other."""


class RateAxis(pg.AxisItem):
    """Rates in figures: a logarithmic axis would have powers of ten else, and between two of them often none."""

    def logTickValues(
        self, minVal: float, maxVal: float, size: float, stdTicks: list[tuple[float, list[float]]]
    ) -> list[tuple[float | None, list[float]]]:
        """Logarithms to base 10 of what stands at the axis; rates near each other get even steps."""
        found = super().logTickValues(minVal, maxVal, size, stdTicks)
        if sum(len(values) for _, values in found) >= _FEWEST_TICKS:
            return list(found)
        low, high = 10**minVal, 10**maxVal
        spacing = self.tickSpacing(low, high, size)[1][0]
        first = math.ceil(low / spacing)
        return [(None, [math.log10(spacing * n) for n in range(first, math.floor(high / spacing) + 1)])]

    def logTickStrings(self, values: Iterable[float], scale: float, spacing: float) -> list[str]:
        """`values`: logarithms to base 10."""
        del scale, spacing
        return [f"{10**value:.5g}" for value in values]


class RateChart(QWidget):
    """Mean score of every take over its rate, takes of a codec joined. A click on a point shows its take. Takes that
    are not measured whole have no point."""

    take_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._series: tuple[Series, ...] = ()
        self._curves: tuple[CodecCurve, ...] = ()
        self._marks: tuple[RateMark, ...] = ()
        # Not `metric`: that is a method of every paint device, and Qt would call the box.
        self.choice = QComboBox()
        for key in _MEASURED:
            self.choice.addItem(CURVES[key].axis, key)
        self.choice.setAccessibleName("Metric over rate")
        self.unit_box = QComboBox()
        for unit in RateUnit:
            self.unit_box.addItem(unit.value, unit)
        self.unit_box.setAccessibleName("Unit of the rate")
        self.log = QCheckBox("log")
        self.log.setToolTip("A logarithmic rate axis: equal steps are equal factors")
        self.log.setAccessibleName("Logarithmic rate axis")
        self.log.setChecked(True)
        # Neither may make the window wider.
        self.note = ElidedLabel(inset=0)
        self.reading = Label()
        self.reading.setWordWrap(True)
        self.reading.setAccessibleName("Read off at the mouse")
        self.item = pg.PlotItem(axisItems={"bottom": RateAxis("bottom")})
        self.plot = pg.PlotWidget(plotItem=self.item)
        self.plot.setAccessibleName("Quality over rate of all takes")
        self.item.showGrid(x=True, y=True, alpha=0.2)
        self.item.hideButtons()
        self.item.setMenuEnabled(False)
        self.item.getAxis("bottom").enableAutoSIPrefix(False)
        self._across, self._down = pg.InfiniteLine(angle=0), pg.InfiniteLine(angle=90)
        row = QHBoxLayout()
        for part in (self.choice, self.unit_box, self.log):
            row.addWidget(part)
        row.addWidget(self.note, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self.plot, 1)
        layout.addWidget(self.reading)
        self.choice.currentIndexChanged.connect(self.redraw)
        self.unit_box.currentIndexChanged.connect(self._rescale)
        self.log.toggled.connect(self._rescale)
        scene = self.plot.sceneObj
        assert scene is not None
        scene.sigMouseMoved.connect(self._moved)
        self.plot.viewport().installEventFilter(self)
        self.set_theme()
        self._rescale()

    @property
    def unit(self) -> RateUnit:
        """What the rate axis counts."""
        return self.unit_box.currentData()

    @property
    def points(self) -> dict[int, tuple[float, float]]:
        """(rate, mean score) by take id, of the takes that have a rate and are measured whole."""
        return points_of(self._series, self.choice.currentData(), self.unit)

    def place_of(self, take: int) -> QPointF:
        """Where a take's point is drawn, in the plot's own coordinates."""
        rate, score = self.points[take]
        return QPointF(self._drawn([rate])[0], score)

    def set_theme(self) -> None:
        """Colours of the theme in use."""
        chosen = theme.current()
        self.plot.setBackground(chosen.ground)
        for name in ("left", "bottom"):
            self.item.getAxis(name).setPen(chosen.muted)
            self.item.getAxis(name).setTextPen(chosen.muted)
        for line in (self._across, self._down):
            line.setPen(pg.mkPen(chosen.muted, style=Qt.PenStyle.DotLine))

    def show_series(self, series: tuple[Series, ...], marks: Iterable[RateMark] = ()) -> None:
        """Draw these takes, and rates found by eye."""
        self._series, self._marks = series, tuple(marks)
        self.redraw()

    def redraw(self) -> None:
        """Points, and a line through those of one codec."""
        self.item.clear()
        key, points = self.choice.currentData(), self.points
        self._curves = curves_of(self._series, key, self.unit)
        highest = max(self._curves, key=lambda curve: sum(curve.scores) / len(curve.scores), default=None)
        for place, curve in enumerate(self._curves):
            pen = pg.mkPen(theme.current().muted, width=1, style=_LINES[place % len(_LINES)])
            line = pg.PlotCurveItem(self._drawn(curve.rates), list(curve.scores), pen=pen)
            self.item.addItem(line)
            # Takes' names stand on the outer side of the curves, codecs' on the inner one, where curves begin; each at
            # another of its points, since at equal rates curves begin at one place.
            at = min(place, len(curve.rates) - 1)
            above = curve is highest
            name = pg.TextItem(visible(curve.name), color=theme.current().muted, anchor=(0.0, -0.3 if above else 1.3))
            name.setPos(self._drawn(curve.rates)[at], curve.scores[at])
            self.item.addItem(name, ignoreBounds=True)
        below = {take for curve in self._curves if curve is not highest for take in curve.takes}
        ends = self._drawn([rate for rate, _ in points.values()])
        for entry in self._series:
            if entry.take in points:
                rate, score = points[entry.take]
                self._add_point(entry, rate, score)
                late = len(points) > 1 and self._drawn([rate])[0] > min(ends) + _LATE * (max(ends) - min(ends))
                name = brief(entry.name) if len(points) <= _NAMED_POINTS else ""
                self._add_name(entry, name, (rate, score), _PLACES[entry.take in below][late])
        self._keep_marks_in_sight([score for _, score in points.values()])
        for number, mark in enumerate(self._marks):
            self._add_mark(mark, _HIGHEST - _STEP * (number % _ROWS))
        for line in (self._across, self._down):
            line.hide()
            self.item.addItem(line, ignoreBounds=True)
        self._tell(len(points))

    def _add_point(self, entry: Series, rate: float, score: float) -> None:
        colour = look_on_ground(entry.look)
        # Looks of one colour and another dash are told apart by it: filled, or a ring.
        brush = pg.mkBrush(None) if is_hollow(entry.look) else pg.mkBrush(colour)
        dot = pg.ScatterPlotItem(
            self._drawn([rate]), [score], data=[entry.take], size=11, brush=brush, pen=pg.mkPen(colour, width=2),
            symbol="o" if entry.kind is Kind.NEURAL else "s", hoverable=True, hoverSize=15, tip=self._tip,
        )  # fmt: skip
        dot.sigClicked.connect(lambda _item, hit, _event: self.take_chosen.emit(int(hit[0].data())))
        self.item.addItem(dot)

    def _add_name(self, entry: Series, name: str, at: tuple[float, float], anchor: tuple[float, float]) -> None:
        """`at`: rate and score."""
        said = f"{entry.number} {look_mark(entry.look)} {name}".rstrip()
        text = pg.TextItem(visible(said), color=look_on_ground(entry.look), anchor=anchor)
        text.setPos(self._drawn(at[:1])[0], at[1])
        self.item.addItem(text, ignoreBounds=True)

    def _keep_marks_in_sight(self, scores: list[float]) -> None:
        """Lines and bands have no end upwards, so that the range of the chart does not follow them by itself."""
        rates = [end for mark in self._marks for end in mark.ends(self.unit)]
        if rates:
            ends, heights = self._drawn([min(rates), max(rates)]), scores or [0.0, 1.0]
            self.item.addItem(pg.PlotCurveItem(ends, [min(heights), max(heights)], pen=None))

    def _add_mark(self, mark: RateMark, height: float) -> None:
        """`height`: of its text, as a share of the plot's."""
        rate = mark.rate(self.unit)
        if mark.has_interval:
            colour = pg.mkColor(ACCENT)
            colour.setAlpha(_BAND)
            ends = self._drawn([rate * mark.low, rate * mark.high])
            self.item.addItem(pg.LinearRegionItem(ends, movable=False, brush=colour, pen=None), ignoreBounds=True)
        line = pg.InfiniteLine(
            self._drawn([rate])[0], angle=90, pen=pg.mkPen(ACCENT, width=2), label=visible(mark.said(self.unit)),
            labelOpts={"position": height, "color": ACCENT, "fill": theme.current().ground},
        )  # fmt: skip
        self.item.addItem(line, ignoreBounds=True)

    def _tell(self, shown: int) -> None:
        waiting = len(self._series) - shown
        parts = [f"{waiting} of {len(self._series)} takes have no rate or are not all measured yet"] if waiting else []
        found = savings(self._series, self.choice.currentData())
        parts += [
            f"Seamscope {saving.percent:+.1f} % bits against {saving.rival.label}"
            for saving in found
            if saving.percent is not None
        ]
        self.note.setText(" · ".join(parts))
        self.note.setToolTip(plain_tip("\n".join(saving.details for saving in found) or _NEEDED))
        self.reading.setText("The mouse reads off what lies between the points")

    def _tip(self, x: float, y: float, data: int) -> str:
        name = next((entry.title for entry in self._series if entry.take == data), "")
        digits = CURVES[self.choice.currentData()].digits
        return plain_tip(f"{name}\n{self.unit.text(self._rate_at(x))}, {y:.{digits}f}\nClick: show this take")

    def _rescale(self) -> None:
        self.item.setLabel("bottom", self.unit.value)
        self.item.setLogMode(x=self.log.isChecked(), y=False)
        self.redraw()
        self.item.getViewBox().enableAutoRange()

    def _drawn(self, rates: Iterable[float]) -> list[float]:
        """Rates as places on the axis: items that are no data of a plot's own do not follow its logarithm."""
        return [math.log10(rate) if self.log.isChecked() else rate for rate in rates]

    def _rate_at(self, x: float) -> float:
        return 10**x if self.log.isChecked() else x

    def _moved(self, at: QPointF) -> None:
        """Read off both ways: every codec's quality at the rate under the mouse, its rate for the quality there."""
        box = self.item.getViewBox()
        if not self._curves or not box.sceneBoundingRect().contains(at):
            self._leave()
            return
        place = box.mapSceneToView(at)
        rate, score = self._rate_at(place.x()), place.y()
        self._down.setPos(place.x())
        self._across.setPos(score)
        for line in (self._across, self._down):
            line.show()
        digits = CURVES[self.choice.currentData()].digits
        scores = [(c.name, c.score_at(rate)) for c in self._curves if rate > 0]
        rates = [(c.name, c.rate_for(score)) for c in self._curves]
        at_rate = ", ".join(f"{name} {found:.{digits}f}" for name, found in scores if found is not None)
        for_score = ", ".join(f"{name} {self.unit.text(found)}" for name, found in rates if found is not None)
        self.reading.setText(
            f"Interpolated · at {self.unit.text(rate)}: {at_rate or 'nothing measured'} · "
            f"for {score:.{digits}f}: {for_score or 'nothing measured'}"
        )

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The mouse leaves the chart."""
        if event.type() == QEvent.Type.Leave:
            self._leave()
        return super().eventFilter(watched, event)

    def _leave(self) -> None:
        for line in (self._across, self._down):
            line.hide()
