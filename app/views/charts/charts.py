"""Curves of every take over the frames, what they come to, and quality over rate."""

from functools import partial

from pyqtgraph import SignalProxy, setConfigOption
from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.state.curves import CURVES, Series, difference, series_of
from app.state.rate_marks import marks_of
from app.state.scores import MIN_SCORED_SIDE
from app.state.session import Session
from app.views.charts.plot import Chart, Line
from app.views.charts.rate_chart import RateChart
from app.views.charts.tables import StatisticsTable
from app.views.flow import FlowLayout
from app.views.theme import look_on_ground
from app.views.widgets import Label, plain_tip, scrolled, single_shot

REDRAWS_HZ = 12
"""Curves fill live, redrawn at most this often a second."""
PLAYHEAD_MS = 50
"""The playhead moves at most this often while playing: pictures come first."""
PLAYHEAD_STEP_MS = 15
"""How long after a step the playhead follows, for the same reason."""
HINT = "Curves come with the first take: Encode, or Add rival"
FIRST_SHOWN = ("lpips", "tlp", "psnr_db", "bits")


class Charts(QWidget):
    """Three pages: curves, statistics, rate. All follow the session; nothing here computes scores."""

    seek_asked = Signal(int)
    _stale = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        # pyqtgraph drops moves that follow another one within 10 ms, the last one too: what is read off would be of a
        # place where the mouse no longer is.
        setConfigOption("mouseRateLimit", 0)
        self._session = session
        self._series: tuple[Series, ...] = ()
        self._range: tuple[float, float] | None = None
        """Frames that all charts show."""
        self._ranging = False
        self.charts: dict[str, Chart] = {}
        self.toggles: dict[str, QToolButton] = {}
        self.minus_box = QComboBox()
        self.minus_box.setAccessibleName("Difference from a take")
        self.minus_box.setToolTip("Show how every take differs from this one, frame by frame: take minus this")
        self.minus_box.addItem("no take", None)
        self.minus_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.export = QToolButton()
        self.export.setText("Export…")
        self.export.setToolTip("Curves as CSV, JSON, SVG or PNG")
        self.export.setAccessibleName("Export charts")
        self.statistics = StatisticsTable()
        self.rates = RateChart()
        self.pages = QTabWidget()
        self.pages.addTab(scrolled(self._build_curves()), "Curves")
        self.pages.addTab(self.statistics, "Statistics")
        self.pages.addTab(self.rates, "Rate")
        self.pages.setDocumentMode(True)
        self.pages.tabBar().setDrawBase(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.pages)
        self._redraws = SignalProxy(self._stale, rateLimit=REDRAWS_HZ, slot=self.redraw)
        self._playhead = single_shot(self, PLAYHEAD_MS, self._move_now)
        self._connect()
        self._arrange()

    def _build_curves(self) -> QWidget:
        page = QWidget()
        row = FlowLayout(6)
        row.setContentsMargins(4, 2, 4, 0)
        for key, kind in CURVES.items():
            toggle = self.toggles[key] = QToolButton()
            toggle.setText(kind.title)
            toggle.setCheckable(True)
            toggle.setChecked(key in FIRST_SHOWN)
            toggle.setToolTip(plain_tip(f"Show {kind.axis}"))
            toggle.setAccessibleName(f"Show the chart of {kind.title}")
            toggle.toggled.connect(self._arrange)
            row.addWidget(toggle)
            self.charts[key] = Chart(kind)
        subtract = QWidget()
        pair = QHBoxLayout(subtract)
        pair.setContentsMargins(6, 0, 6, 0)
        pair.addWidget(Label("Subtract"))
        pair.addWidget(self.minus_box)
        row.addWidget(subtract)
        row.addWidget(self.export)
        self.hint = Label(HINT)
        self.hint.setEnabled(False)
        row.addWidget(self.hint)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addLayout(self._grid, 1)
        return page

    def _connect(self) -> None:
        for chart in self.charts.values():
            chart.seek_asked.connect(self.seek_asked)
            chart.hovered.connect(self._hover)
            chart.fit_asked.connect(self.fit)
            chart.item.getViewBox().sigXRangeChanged.connect(partial(self._same_range, chart))
        self.statistics.seek_asked.connect(self.seek_asked)
        self.rates.take_chosen.connect(self._choose)
        self.minus_box.currentIndexChanged.connect(self.redraw)
        self.pages.currentChanged.connect(self.redraw)
        session = self._session
        session.playback.frame_changed.connect(self._move)
        session.scores.changed.connect(self._later)
        session.view.inspection.region_changed.connect(self._later)
        session.takes.changed.connect(self._later)
        session.takes.take_changed.connect(self._later)
        session.notes_changed.connect(self._later)
        session.blind.changed.connect(self._later)
        session.seam_changed.connect(self.redraw)
        session.clip_changed.connect(self.fit)
        session.settings_changed.connect(self._set_theme)

    @property
    def wanted(self) -> tuple[str, ...]:
        """Keys of the curves shown."""
        return tuple(key for key, toggle in self.toggles.items() if toggle.isChecked())

    @property
    def minus(self) -> int | None:
        """Id of the take the others are shown as differences from."""
        return self.minus_box.currentData()

    def showEvent(self, event: QShowEvent) -> None:
        """What changed while the charts were away."""
        super().showEvent(event)
        self.redraw()

    def fit(self) -> None:
        """Show all frames of the clip."""
        count = self._session.playback.frame_count
        for chart in self.charts.values():
            chart.show_frames(count)
        self.redraw()

    def redraw(self, *_why: object) -> None:
        """Bring the page that is seen up to date; nothing while none is."""
        if not self.isVisible():
            return
        self._series = series_of(self._session)
        region = self._session.view.inspection.region
        if region is None:
            self.hint.setText(HINT)
        else:
            small = min(region.width, region.height) < MIN_SCORED_SIDE
            self.hint.setText(f"of the region {region.text}" + (", too small to be scored" if small else ""))
        self.hint.setVisible(region is not None or not self._series)
        self._refresh_minus()
        page = self.pages.currentWidget()
        if page is self.statistics:
            self.statistics.show_series(self._series)
        elif page is self.rates:
            session = self._session
            marks = marks_of(session.choice, session.blind.runs, session.clip)
            self.rates.show_series(series_of(session, hidden=True), marks)
        else:
            boundaries = self._session.boundaries if self._session.gop_marks else []
            for key in self.wanted:
                self.charts[key].set_cursor(self._session.playback.frame)
                self.charts[key].set_boundaries(boundaries)
                self.charts[key].set_lines(self._lines(key), difference=self.minus is not None)

    def _lines(self, key: str) -> tuple[Line, ...]:
        base = next((series for series in self._series if series.take == self.minus), None)
        found = []
        for series in self._series:
            values = series.values.get(key)
            if values is None or series is base:
                continue
            if base is not None:
                if key not in base.values:
                    continue
                values = difference(values, base.values[key])
            measured = series.statistics(key)
            extent = "" if measured is None or measured.finished else f"{measured.count}/{measured.due}"
            parts = series if base is None or series.gop_means else base
            found.append(
                Line(
                    series.take,
                    series.title,
                    look_on_ground(series.look),
                    series.look,
                    values,
                    extent,
                    parts.basis(key),
                    parts.stepped(key),
                )
            )
        return tuple(found)

    def _refresh_minus(self) -> None:
        wanted = [("no take", None), *((series.title, series.take) for series in self._series)]
        box = self.minus_box
        if wanted == [(box.itemText(i), box.itemData(i)) for i in range(box.count())]:
            return
        chosen = box.currentData()
        box.blockSignals(True)
        box.clear()
        for name, take in wanted:
            box.addItem(name, take)
        place = next((i for i, (_, take) in enumerate(wanted) if take == chosen), 0)
        box.setCurrentIndex(place)
        box.blockSignals(False)

    def _arrange(self) -> None:
        """Charts that are wanted in up to three columns, the others away."""
        for chart in self.charts.values():
            self._grid.removeWidget(chart)
            chart.setVisible(False)
        wanted = self.wanted
        columns = 1 if len(wanted) == 1 else 2 if len(wanted) <= 4 else 3
        for place, key in enumerate(wanted):
            self._grid.addWidget(self.charts[key], place // columns, place % columns)
            self.charts[key].setVisible(True)
            if self._range is not None:
                self.charts[key].item.getViewBox().setXRange(*self._range, padding=0)
        self.redraw()

    def _same_range(self, chart: Chart, *_changed: object) -> None:
        """One range of frames for all charts that can be seen. Not by the plots' own links: they work with the places
        of charts on the screen, and those that are hidden have none."""
        if self._ranging or not self.toggles[chart.kind.key].isChecked():
            return
        self._ranging, self._range = True, tuple(chart.item.getViewBox().viewRange()[0])
        for key in self.wanted:
            if self.charts[key] is not chart:
                self.charts[key].item.getViewBox().setXRange(*self._range, padding=0)
        self._ranging = False

    def _move(self, _frame: int) -> None:
        if not self._playhead.isActive():
            self._playhead.start(PLAYHEAD_MS if self._session.playback.playing else PLAYHEAD_STEP_MS)

    def _move_now(self) -> None:
        if self.isVisible():
            for key in self.wanted:
                self.charts[key].set_cursor(self._session.playback.frame)

    def _hover(self, frame: int | None) -> None:
        for chart in self.charts.values():
            chart.set_hover(frame)

    def _choose(self, take: int) -> None:
        found = self._session.takes.by_id(take)
        self._session.select(found)
        self._session.set_focus(found)

    def _later(self) -> None:
        self._stale.emit()

    def _set_theme(self) -> None:
        for chart in self.charts.values():
            chart.set_theme()
        self.rates.set_theme()
        self.redraw()
