"""The charts on values that are known: what is drawn, read out, listed, and what the mouse does."""

import json
import math
import re
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication, QScrollArea
from pytestqt.qtbot import QtBot

from app.exports.charts import ChartData, curves_figure, to_csv, to_json
from app.state.curves import CURVES, series_of
from app.state.rates import RateUnit
from app.state.scores import FrameMeasures
from app.state.session import Session
from app.state.takes import Encoded, Kind, Rate, Status, Take
from app.views.charts.charts import Charts
from app.views.charts.plot import Chart, Line
from app.views.charts.rate_chart import RateChart
from app.views.main_window import MainWindow
from app.views.names import shortened
from codec.media import open_clip
from tests.gui.conftest import WAIT_MS


@pytest.fixture
def session(tmp_path: Path, small_clip: Path) -> Session:
    made = Session(tmp_path / "settings.json")
    with open_clip(small_clip) as clip:
        made.set_clip(clip)
    return made


@pytest.fixture
def charts(qtbot: QtBot, session: Session) -> Iterator[Charts]:
    made = Charts(session)
    qtbot.addWidget(made)
    made.resize(1000, 500)
    made.show()
    qtbot.waitExposed(made)
    made.fit()
    yield made


def add_take(session: Session, kind: Kind, asked: str, lpips: float, bpp: float) -> Take:
    """A take whose LPIPS is `lpips` + frame / 1000, with frame 13 standing out by 1."""
    take = session.takes.add(kind, asked, status=Status.READY)
    session.takes.update(take, encoded=Encoded(rate=Rate(1000, 1e4 * bpp, bpp), frame_bits=[100.0] * 20))
    scores = [FrameMeasures(i, 30.0, lpips + i / 1000 + (i == 13), None, 0.9, None) for i in range(20)]
    session.scores.add(session.score_key(take), scores)
    return take


def text_of(chart: Chart) -> str:
    return chart.head.text().replace("&nbsp;", " ")


def test_curves_of_shown_takes_are_drawn_and_read_out_at_the_playhead(session: Session, charts: Charts) -> None:
    first, second = add_take(session, Kind.HEVC, "a", 0.1, 0.01), add_take(session, Kind.HEVC, "b", 0.2, 0.02)
    session.playback.seek(10)
    charts.redraw()
    lpips = charts.charts["lpips"]
    assert [line.key for line in lpips.lines] == [first.id, second.id]
    assert lpips.lines[0].colour != lpips.lines[1].colour
    assert "frame 10" in text_of(lpips) and "0.1100" in text_of(lpips) and "0.2100" in text_of(lpips)
    item = lpips._items[second.id]
    np.testing.assert_allclose(item.yData[13], 1.213, atol=1e-6)
    session.takes.set_visible(first, False)
    charts.redraw()
    assert [line.key for line in lpips.lines] == [second.id]
    assert charts.charts["tof"].isHidden() and not charts.charts["bits"].isHidden()
    charts.toggles["tof"].setChecked(True)
    assert not charts.charts["tof"].isHidden() and charts.wanted == ("lpips", "tlp", "tof", "psnr_db", "bits")


def test_bits_of_a_neural_take_are_steps_and_said_to_be_gop_means(session: Session, charts: Charts) -> None:
    rival, neural = add_take(session, Kind.HEVC, "a", 0.1, 0.01), add_take(session, Kind.NEURAL, "b", 0.1, 0.01)
    neural.encoded.frame_bits[:] = [900.0] * 9 + [100.0] * 11
    charts.redraw()
    chart = charts.charts["bits"]
    assert text_of(chart).count("GoP mean") == 1 and "GoP mean" not in text_of(charts.charts["lpips"])
    x, y = chart._items[neural.id].xData, chart._items[neural.id].yData
    # Flat over the GoP, then down at once, between its last frame and the next.
    assert x.tolist()[:2] == [-0.5, 0.5] and len(x) == 40
    assert x[y == 900].max() == x[y == 100].min() == 8.5
    assert chart._items[rival.id].xData.tolist() == list(range(20))
    series = series_of(session)
    data = ChartData("x", series, ("#000000", "#111111"), tuple(range(20)), keys=("bits", "kbps", "lpips"))
    head = to_csv(data).splitlines()[0]
    for column in ("Hybrid b: bits (GoP mean)", "Hybrid b: kbps (GoP mean)", "Hybrid b: lpips", "HEVC (x265) a: bits"):
        assert column in head.split(",")
    assert [take["basis"] for take in json.loads(to_json(data))["takes"]] == [
        {},
        {"bits": "GoP mean", "kbps": "GoP mean"},
    ]
    title = curves_figure(data).axes[0].get_title(loc="left")
    assert title == "Bits per frame; of Seamscope takes GoP mean"


def test_names_are_shortened_to_the_room_there_is_without_losing_what_tells_takes_apart() -> None:
    assert shortened("HEVC (x265) CRF 35", 18) == "HEVC (x265) CRF 35"
    assert shortened("HEVC (x265) CRF 35", 12) == "HEVC CRF 35"
    assert shortened("HEVC (x265) CRF 35, ultrafast", 12) == "HEVC CRF 35…"


def test_a_difference_is_signed_with_the_other_take_away(session: Session, charts: Charts) -> None:
    first, second = add_take(session, Kind.HEVC, "a", 0.1, 0.01), add_take(session, Kind.VVC, "b", 0.25, 0.02)
    charts.redraw()
    charts.minus_box.setCurrentIndex(charts.minus_box.findData(second.id))
    lpips = charts.charts["lpips"]
    assert [line.key for line in lpips.lines] == [first.id]
    np.testing.assert_allclose(lpips.lines[0].values, -0.15, atol=1e-6)
    assert "Δ LPIPS" in text_of(lpips) and "-0.1500" in text_of(lpips) and lpips._zero.isVisible()
    session.takes.remove(second)
    charts.redraw()
    assert charts.minus is None and [line.key for line in lpips.lines] == [first.id]
    assert not lpips._zero.isVisible()


def test_the_mouse_reads_seeks_pans_and_zooms_over_frames(qtbot: QtBot, session: Session, charts: Charts) -> None:
    add_take(session, Kind.HEVC, "a", 0.1, 0.01)
    charts.fit()
    QApplication.processEvents()
    chart = charts.charts["lpips"]
    box, viewport = chart.item.getViewBox(), chart.plot.viewport()

    def place(frame: float) -> QPoint:
        scene = box.mapViewToScene(QPointF(frame, sum(box.viewRange()[1]) / 2))
        return chart.plot.mapFromScene(scene)

    qtbot.mouseMove(viewport, place(13))
    qtbot.waitUntil(lambda: "frame 13" in text_of(chart), timeout=WAIT_MS)
    assert "1.1130" in text_of(chart) and "frame 13" in text_of(charts.charts["bits"])
    with qtbot.waitSignal(charts.seek_asked, timeout=WAIT_MS) as asked:
        qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=place(7))
    assert asked.args == [7]
    box.scaleBy((0.5, 1.0))
    QApplication.processEvents()
    (start, stop), _ = box.viewRange()
    assert stop - start < 12
    assert charts.charts["bits"].item.getViewBox().viewRange()[0] == pytest.approx([start, stop])
    charts.toggles["kbps"].setChecked(True)
    assert charts.charts["kbps"].item.getViewBox().viewRange()[0] == pytest.approx([start, stop])
    before = [start, stop]
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=place(10))
    qtbot.mouseMove(viewport, place(12))
    qtbot.mouseMove(viewport, place(14))
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=place(14))
    with qtbot.waitSignal(chart.fit_asked, timeout=WAIT_MS):
        # The second press of a double click comes as an event of its own; its release follows as ever.
        spot = place(10)
        qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=spot)
        qtbot.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=spot)
        qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=spot)
    assert before != pytest.approx(box.viewRange()[0])
    assert box.viewRange()[0][0] < 0 and box.viewRange()[0][1] > 19


def test_a_hundred_thousand_frames_draw_at_once_and_keep_their_peak(qtbot: QtBot) -> None:
    count = 100_000
    values = np.random.default_rng(0).normal(0.2, 0.01, count)
    values[54_321] = 0.9
    chart = Chart(CURVES["lpips"])
    qtbot.addWidget(chart)
    chart.resize(1000, 240)
    chart.show()
    qtbot.waitExposed(chart)
    lines = tuple(Line(i, str(i), "#ff9f6b", 0, values + i / 10) for i in range(4))
    began = time.perf_counter()
    chart.set_lines(lines, difference=False)
    chart.show_frames(count)
    QApplication.processEvents()
    chart.plot.grab()
    assert time.perf_counter() - began < 0.5
    assert chart.shown_points <= 4 * 2 * 1000
    assert chart._items[0].yData.max() == pytest.approx(0.9)
    chart.set_boundaries(list(range(8, count, 8)))
    assert len(chart._marks.xData) == 0
    chart.item.setXRange(54_300, 54_340, padding=0)
    QApplication.processEvents()
    qtbot.waitUntil(lambda: chart.shown_points < 4 * 60, timeout=WAIT_MS)
    x, y = chart._items[0].xData, chart._items[0].yData
    assert x[np.argmax(y)] == 54_321 and len(chart._marks.xData) == 2 * 5


def test_statistics_list_means_and_lead_to_the_worst_frame(qtbot: QtBot, session: Session, charts: Charts) -> None:
    add_take(session, Kind.HEVC, "a", 0.1, 0.01)
    add_take(session, Kind.AV1, "b", 0.3, 0.02)
    charts.pages.setCurrentWidget(charts.statistics)
    table = charts.statistics
    titles = [table.horizontalHeaderItem(c).text() for c in range(table.columnCount())]
    column = titles.index("LPIPS")
    assert [table.item(r, 0).text() for r in (0, 1)] == ["━━ 2 · HEVC (x265) a", "━━ 3 · AV1 (SVT-AV1) b"]
    assert [table.item(r, column).text() for r in (0, 1)] == ["0.1595", "0.3595"]
    assert [table.item(r, column + 1).text() for r in (0, 1)] == ["1.1130", "1.3130"]
    assert table.item(0, titles.index("tOF")).text() == "–"
    with qtbot.waitSignal(charts.seek_asked, timeout=WAIT_MS) as asked:
        table.cellClicked.emit(1, column + 1)
    assert asked.args == [13]


def test_the_rate_chart_holds_all_takes_with_a_rate_also_hidden_ones(session: Session, charts: Charts) -> None:
    first, second = add_take(session, Kind.HEVC, "a", 0.1, 0.01), add_take(session, Kind.HEVC, "b", 0.3, 0.02)
    waiting = session.takes.add(Kind.VVC, "c")
    session.takes.set_visible(second, False)
    charts.pages.setCurrentWidget(charts.rates)
    assert charts.rates.points[second.id] == pytest.approx((200.0, 0.3595))
    charts.rates.unit_box.setCurrentIndex(charts.rates.unit_box.findData(RateUnit.BPP))
    points = charts.rates.points
    assert points[first.id] == pytest.approx((0.01, 0.1595)) and points[second.id] == pytest.approx((0.02, 0.3595))
    assert waiting.id not in points and "1 of 3 takes have no rate" in charts.rates.note.text()
    charts.rates.choice.setCurrentIndex(charts.rates.choice.findData("psnr_db"))
    assert charts.rates.points[first.id][1] == pytest.approx(30.0)
    charts.rates.take_chosen.emit(second.id)
    assert session.current is second and session.shown == [second]


def all_in_sight(rates: RateChart) -> bool:
    (left, right), (bottom, top) = rates.item.getViewBox().viewRange()
    places = [rates.place_of(take) for take in rates.points]
    return len(places) == 4 and all(left < p.x() < right and bottom < p.y() < top for p in places)


def test_the_rate_chart_reads_off_between_its_points(qtbot: QtBot, session: Session, charts: Charts) -> None:
    for number in range(2):
        add_take(session, Kind.HEVC, f"a{number}", 0.4 - 0.2 * number, 0.01 * 4**number)
        add_take(session, Kind.NEURAL, f"b{number}", 0.4 - 0.2 * number, 0.005 * 4**number)
    charts.pages.setCurrentWidget(charts.rates)
    rates = charts.rates
    for log in (False, True):
        rates.log.setChecked(log)
        # All points are in sight.
        qtbot.waitUntil(partial(all_in_sight, rates), timeout=WAIT_MS)
        # Halfway in the logarithm of HEVC's rates, 100 and 400 kbps; Hybrid's end there.
        at = QPointF(math.log10(200) if log else 200.0, 0.3595)
        box = rates.item.getViewBox()
        qtbot.mouseMove(rates.plot.viewport(), rates.plot.mapFromScene(box.mapViewToScene(at)))
        qtbot.waitUntil(lambda: "Interpolated" in rates.reading.text(), timeout=WAIT_MS)
        said = rates.reading.text()
        number = r"(\d+(?:\.\d+)?)"
        found = re.search(rf"at {number} kbps: HEVC \(x265\) {number}.*Hybrid", said)
        wanted = re.search(rf"for {number}: HEVC \(x265\) {number} kbps, Hybrid {number} kbps", said)
        assert found and wanted, said
        rate, score, asked, hevc, neural = map(float, (*found.groups(), *wanted.groups()))
        assert score == pytest.approx(0.4595 - 0.2 * math.log(rate / 100) / math.log(4), abs=1e-3)
        assert hevc == pytest.approx(100 * 4 ** ((0.4595 - asked) / 0.2), rel=0.01)
        assert neural == pytest.approx(hevc / 2, rel=0.01)
    outside = QPointF(math.log10(395), 0.27)
    qtbot.mouseMove(rates.plot.viewport(), rates.plot.mapFromScene(rates.item.getViewBox().mapViewToScene(outside)))
    qtbot.waitUntil(lambda: "Hybrid" not in rates.reading.text().split(" · for ")[0], timeout=WAIT_MS)


@pytest.mark.parametrize("factor", [1.01, 1.3, 4.0, 300.0])
def test_the_rate_axis_has_figures_however_near_the_rates_are(
    qtbot: QtBot, session: Session, charts: Charts, factor: float
) -> None:
    for number in range(2):
        add_take(session, Kind.HEVC, f"a{number}", 0.4 - 0.2 * number, 0.01 * factor**number)
    charts.pages.setCurrentWidget(charts.rates)
    rates = charts.rates
    rates.log.setChecked(True)
    axis, box = rates.item.getAxis("bottom"), rates.item.getViewBox()

    def narrow() -> bool:
        left, right = box.viewRange()[0]
        return math.log10(factor) < right - left < 2 * math.log10(factor)

    qtbot.waitUntil(narrow, timeout=WAIT_MS)
    left, right = box.viewRange()[0]
    said = [
        axis.tickStrings(values, 1.0, spacing)
        for spacing, values in axis.tickValues(left, right, axis.boundingRect().width())
    ]
    figures = [float(text) for texts in said for text in texts if text]
    assert len(figures) >= 3 and len(set(figures)) == len(figures), said
    assert all(10**left * 0.999 <= figure <= 10**right * 1.001 for figure in figures)


def test_the_rate_chart_tells_what_the_neural_codec_saves(session: Session, charts: Charts) -> None:
    for number in range(4):
        # Half the bits for the same LPIPS at every point.
        add_take(session, Kind.HEVC, f"a{number}", 0.4 - 0.1 * number, 0.02 * 2**number)
        add_take(session, Kind.NEURAL, f"b{number}", 0.4 - 0.1 * number, 0.01 * 2**number)
    add_take(session, Kind.VVC, "c", 0.2, 0.02)
    charts.pages.setCurrentWidget(charts.rates)
    assert charts.rates.note.text() == "Seamscope -50.0 % bits against HEVC (x265)"
    assert "over LPIPS 0.1595 to 0.4595" in charts.rates.note.toolTip()
    charts.rates.choice.setCurrentIndex(charts.rates.choice.findData("psnr_db"))
    # The same everywhere: no curve.
    assert charts.rates.note.text() == "" and "does not rise with its rate" in charts.rates.note.toolTip()
    add_take(session, Kind.NEURAL, "b3 again", 0.1, 0.08)
    charts.rates.choice.setCurrentIndex(charts.rates.choice.findData("lpips"))
    charts.redraw()
    assert charts.rates.note.text() == "Seamscope -50.0 % bits against HEVC (x265)"


def test_a_narrow_head_gives_up_words_before_values(qtbot: QtBot) -> None:
    chart = Chart(CURVES["psnr_db"])
    qtbot.addWidget(chart)
    names = ("Hybrid λ 0.16", "HEVC (x265) matched to λ 0.16")
    values = np.array([31.25, 30.5])
    chart.set_lines(tuple(Line(n, name, "#ffffff", 0, values) for n, name in enumerate(names)), difference=False)
    heads = {}
    for width in (1200, 420, 260, 150):
        chart.resize(width, 120)
        chart._refresh_head()
        heads[width] = chart.head.text()
        assert heads[width].count("31.25") == 2
    assert "higher is better" in heads[1200]
    assert all(name in heads[1200] for name in names)
    assert "higher is better" not in heads[260]
    assert len(heads[150]) < len(heads[260]) < len(heads[420]) < len(heads[1200])


def test_a_value_that_finds_no_room_in_a_head_is_left_out_whole(qtbot: QtBot) -> None:
    chart = Chart(CURVES["lpips"])
    qtbot.addWidget(chart)
    lines = (Line(n, f"take {n}", "#ffffff", 0, np.array([0.4351]), extent="8/40") for n in range(5))
    chart.set_lines(tuple(lines), difference=False)
    shown = []
    for width in (900, 320, 200, 100):
        chart.resize(width, 120)
        chart._refresh_head()
        text = chart.head.text()
        shown.append(text.count("0.4351 (8/40)"))
        assert text.count("0.") == shown[-1] and text.endswith("…") is (shown[-1] < 5)
        assert chart.head.sizeHint().width() <= width
    assert shown[0] == 5 and 0 < shown[2] < shown[1] < 5 and shown[3] == 0


def test_curves_fill_their_room_and_scroll_only_where_it_is_too_low(
    qtbot: QtBot, window: MainWindow, two_takes: tuple[Take, Take]
) -> None:
    assert window.charts is not None
    area = window.charts.pages.widget(0)
    assert isinstance(area, QScrollArea)
    page, buttons = area.widget(), list(window.charts.toggles.values())
    for key in ("tlp", "bits"):
        window.charts.toggles[key].setChecked(False)
    qtbot.waitUntil(lambda: page.height() == area.viewport().height(), timeout=WAIT_MS)
    for button in buttons:
        button.setChecked(True)
    window.resize(1000, 500)
    qtbot.waitUntil(lambda: page.height() > area.viewport().height(), timeout=WAIT_MS)
