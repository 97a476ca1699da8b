"""Takes of one colour are told apart by their dash wherever they are named: list, pane, legend, table, chart, video."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.exports.labels import INK, bar_height, label_bar
from app.render.scaling import pixels_of
from app.render.take_looks import look_mark
from app.state.takes import Take
from app.views.main_window import MainWindow
from app.views.take_lines import WIDTH
from tests.gui.conftest import WAIT_MS

DASHED = 7
"""A look that is drawn dashed."""


def lower_edge(label: QWidget) -> np.ndarray:
    """The row of pixels in the middle of a label's line, (W, 3)."""
    image = label.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return pixels_of(image)[image.height() - round(WIDTH / 2) - 1, :, :3].astype(int)


def changes(row: np.ndarray) -> int:
    """How often a line begins or ends along a row."""
    away = np.abs(row - row[0]).sum(axis=1) > 60
    return int(np.count_nonzero(np.diff(away.astype(int))))


def test_a_dashed_take_is_dashed_wherever_it_is_named(
    qtbot: QtBot, window: MainWindow, two_takes: tuple[Take, Take]
) -> None:
    source, take = two_takes
    session = window.session
    row, pane = window.side.takes.rows[take.id], window.panes[take.id]
    assert take.look == 0 and row.label.dash == pane.label.dash == 0
    # Drawn throughout, in the list from end to end.
    assert changes(lower_edge(row.label)) == 0 and changes(lower_edge(pane.label)) == 2
    assert window.side.takes.rows[source.id].label.dash is None and window.panes[source.id].label.dash is None
    session.takes.set_look(take, DASHED)
    session.takes.take_changed.emit(take)
    window._refresh_all()
    qtbot.waitUntil(lambda: pane.label.dash == 1 and row.label.dash == 1, timeout=WAIT_MS)
    assert changes(lower_edge(row.label)) > 8 and changes(lower_edge(pane.label)) > 8
    charts = window.charts
    assert charts is not None
    charts.redraw()
    legend = charts.charts["bits"].head.text()
    assert look_mark(DASHED) in legend and "2 · " in legend
    charts.pages.setCurrentWidget(charts.statistics)
    charts.redraw()
    cell = charts.statistics.item(0, 0)
    assert cell is not None and cell.text().startswith(f"{look_mark(DASHED)} 2 · ")
    qtbot.waitUntil(lambda: take.rate is not None and len(charts.rates.points) in (0, 1), timeout=WAIT_MS)
    charts.pages.setCurrentWidget(charts.rates)
    qtbot.waitUntil(lambda: charts.redraw() or take.id in charts.rates.points, timeout=WAIT_MS)
    (dot,) = [item for item in charts.rates.item.items if type(item).__name__ == "ScatterPlotItem"]
    assert dot.opts["brush"].style() == Qt.BrushStyle.NoBrush
    columns = window.context.exports.video_request().columns
    assert [column.dash for column in columns] == [None, 1]
    assert [column.label[:4] for column in columns] == ["1 · ", "2 · "]
    # Names of takes that are voted on are hidden, and what would tell them apart is, too.
    pane._hide_names()
    assert pane.label.dash is None


@pytest.mark.parametrize(("dash", "fewest", "most"), [(None, 0, 0), (0, 2, 2), (1, 20, 60), (2, 40, 120)])
def test_labels_on_exported_pictures_have_the_line(dash: int | None, fewest: int, most: int) -> None:
    bar = label_bar("", 300, "#ffffff", 14, dash)
    assert bar.shape == (bar_height(14), 300, 3)
    ink = (bar[-1].astype(int) == int(INK[1:3], 16)).all(axis=1)
    assert fewest <= np.count_nonzero(np.diff(ink.astype(int))) <= most
