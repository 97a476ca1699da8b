"""The seam inspector and its neighbours in the real window, on a take whose every GoP is one flat grey."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.jobs.job import Outcome
from app.jobs.seams import row_of, seam_ratios
from app.jobs.sources import clip_spec
from app.render.scopes import COLUMNS, bar_chroma, scope_of
from app.state.recipes import Recipe
from app.state.takes import Encoded, Kind, Rate, Status, Take
from app.views.main_window import MainWindow
from codec import gop
from codec.api import GopCoding
from codec.context import QUIET
from codec.gop import SeamMode, Slot, Structure
from codec.media.colour import to_rgb
from codec.media.picture import Colour, Picture
from codec.media.spool import FrameSpool, SpoolSpec
from codec.metrics.scores import FrameScore
from codec.metrics.seams import seam_ratio
from codec.pipeline.spooled import SpooledSpec, SpooledTake, slot_number, spool_slots
from tests.gui.conftest import WAIT_MS
from tests.gui.test_inspect import hover
from tests.gui.test_layouts import Takes, settle


def level(number: int) -> int:
    """Luma of every picture of a GoP."""
    return 40 + 20 * number


@pytest.fixture
def stepped(qtbot: QtBot, window: MainWindow, two_takes: Takes, tmp_path: Path) -> Take:
    """A neural take of the numbered clip; GoP n is one flat luma of 40 + 20 n, in both streams."""
    clip = window.session.clip
    specs = {}
    for structure in Structure:
        slots = spool_slots(clip.frame_count, structure)
        path = tmp_path / f"{structure.value}.yuv"
        specs[structure] = SpoolSpec(path, clip.width, clip.height, clip.info.colour, slots)
        spool = FrameSpool(specs[structure])
        for part in gop.split(clip.frame_count, structure):
            y = np.full((clip.height, clip.width), level(part.index), np.uint8)
            grey = np.full((clip.height // 2, clip.width // 2), 128, np.uint8)
            for offset in range(part.length):
                spool.put(slot_number(Slot(part.index, offset)), Picture(y, grey, grey, clip.info.colour))
        spool.close()
    source = SpooledTake(SpooledSpec(specs[Structure.OVERLAP], specs[Structure.DISJOINT], clip.frame_count))
    take = window.session.takes.add(Kind.NEURAL, "λ 0.32", lmbda=0.32)
    rate = Rate(1000, 10.0, 0.01)
    window.session.takes.update(
        take, source=source, status=Status.READY, encoded=Encoded(rate=rate), disjoint=Encoded(rate=rate)
    )
    settle(qtbot, window)
    return take


def grey_shown(window: MainWindow, take: Take) -> int:
    """Luma code of the middle of a take's pane, from its RGB (limited range)."""
    colour = window.panes[take.id].canvas.image.pixelColor(48, 32)
    return round(16 + colour.green() * 219 / 255)


def test_theta_changes_the_shared_frame_at_once(qtbot: QtBot, window: MainWindow, stepped: Take) -> None:
    window.menus.trigger("gop_forward")
    assert window.session.playback.frame == 8
    settle(qtbot, window)
    assert grey_shown(window, stepped) == pytest.approx(50, abs=1)
    panel = window.inspector_panel.seams
    window.menus.trigger("panel_seams")
    assert panel.isVisible()
    panel.theta.setValue(100)
    settle(qtbot, window)
    assert grey_shown(window, stepped) == pytest.approx(40, abs=1)
    panel.theta.setValue(20)
    settle(qtbot, window)
    assert grey_shown(window, stepped) == pytest.approx(0.2 * 40 + 0.8 * 60, abs=1)
    window.menus.trigger("theta_up")
    assert window.session.theta == pytest.approx(0.3)
    assert panel.theta.value() == 30
    assert panel.theta_text.text() == "0.30"
    window.menus.trigger("theta_down")
    assert window.session.theta == pytest.approx(0.2)


def test_seam_modes_are_chosen_in_the_panel_and_by_action(qtbot: QtBot, window: MainWindow, stepped: Take) -> None:
    window.menus.trigger("panel_seams")
    window.session.playback.seek(8)
    settle(qtbot, window)
    panel, expected = (
        window.inspector_panel.seams,
        {
            "seam_hard_cut": 40,
            "seam_disjoint": 40,
            "seam_blended_wide": 50,
            "seam_blended": 50,
        },
    )
    for name, grey in expected.items():
        window.menus.trigger(name)
        settle(qtbot, window)
        assert grey_shown(window, stepped) == pytest.approx(grey, abs=1), name
        assert panel.modes.checkedButton().accessibleName() == f"Seams {window.session.seam_mode.value}"
        assert panel.theta.isEnabled() == name.startswith("seam_blended")
        assert panel.chained.isVisible() == (name != "seam_disjoint")
    qtbot.mouseClick(panel.modes.buttons()[3], Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    assert window.session.seam_mode is SeamMode.DISJOINT


def test_blended_wide_is_seen_on_the_frames_beside_the_shared_one(
    qtbot: QtBot, window: MainWindow, stepped: Take
) -> None:
    seen: dict[SeamMode, list[int]] = {}
    for _ in range(2):
        shown = seen.setdefault(window.session.seam_mode, [])
        for frame in range(4, 13):
            window.session.playback.seek(frame)
            settle(qtbot, window)
            shown.append(grey_shown(window, stepped))
        window.menus.trigger("seam_mode")
    assert seen[SeamMode.BLENDED] == pytest.approx([40] * 4 + [50] + [60] * 4, abs=1)
    # Half of the step in the first GoP; in the second it meets half of the next step.
    wanted = [40 + 10 * j / 8 for j in range(4, 8)] + [50 + 20 * j / 8 for j in range(5)]
    assert seen[SeamMode.WIDE] == pytest.approx(wanted, abs=1.01)


def test_the_ping_pong_goes_to_and_fro_around_the_boundary(qtbot: QtBot, window: MainWindow, stepped: Take) -> None:
    window.session.playback.seek(14)
    settle(qtbot, window)
    seen: list[int] = []
    window.session.playback.frame_changed.connect(seen.append)
    window.menus.trigger("seam_loop")
    loop = window.session.view.seam_loop
    assert loop.boundary == 16
    window._refresh_all()
    for _ in range(6):
        window.menus.trigger("seam_loop_faster")
    assert loop.fps == 12.0
    qtbot.waitUntil(lambda: len(seen) > 24, timeout=WAIT_MS)
    assert set(seen[4:]) == set(range(12, 21))
    turns = [b - a > 0 for a, b in itertools.pairwise(seen[4:])]
    assert set(turns) == {True, False}
    assert window.mismatches == 0
    window.menus.trigger("seam_loop_slower")
    assert loop.fps == 8.0
    window.menus.trigger("step_forward")
    assert loop.boundary is None
    window.menus.trigger("seam_loop")
    window.menus.trigger("play")
    assert loop.boundary is None
    window.menus.trigger("play")
    window.menus.trigger("seam_loop")
    boundary = loop.boundary
    window.menus.trigger("seam_loop")
    assert window.session.playback.frame == boundary


def test_a_slice_shows_the_line_over_time_and_the_seams_as_steps(
    qtbot: QtBot, window: MainWindow, stepped: Take
) -> None:
    window.session.playback.seek(10)
    settle(qtbot, window)
    hover(window.panes[stepped.id].canvas, 20.5, 30.5)
    window.menus.trigger("scan_line")
    panel = window.inspector_panel.seams
    assert window.session.view.inspection.scan_line == 30
    assert panel.isVisible()
    qtbot.waitUntil(lambda: stepped.id in panel.slice.slices and len(panel.slice.slices) == 3, timeout=WAIT_MS)
    made = panel.slice.slices[stepped.id]
    assert made.first == 0
    assert made.there.all()
    assert made.rows.shape == (30, 96, 3)
    luma = 16 + made.rows[:, 48, 1] * (219 / 255)
    wanted = [level(0)] * 8 + [50] + [level(1)] * 7 + [70] + [level(2)] * 7 + [90] + [level(3)] * 5
    assert luma == pytest.approx(wanted, abs=1)
    source = next(iter(window.session.takes))
    rows = panel.slice.slices[source.id].rows
    for frame in (0, 13, 29):
        assert np.abs(rows[frame].astype(int) - to_rgb(source.picture(frame, SeamMode.BLENDED))[30]).max() <= 1
    middle = panel.slice._areas()[1][1]
    qtbot.mouseClick(panel.slice, Qt.MouseButton.LeftButton, pos=QPoint(40, round(middle.bottom()) - 2))
    assert window.session.playback.frame == 29
    window.grab()
    panel.line.setValue(-1)
    assert window.session.view.inspection.scan_line is None
    qtbot.waitUntil(lambda: not panel.slice.slices, timeout=WAIT_MS)


def test_a_row_of_a_picture_is_the_row_that_is_shown(two_takes: Takes) -> None:
    generator = np.random.default_rng(9)
    shapes = ((65, 97), (33, 49), (33, 49))
    planes = (generator.integers(16, 236, shape, dtype=np.uint8) for shape in shapes)
    picture = Picture(*planes, two_takes[0].picture(0, SeamMode.BLENDED).colour)
    whole = to_rgb(picture)
    for row in (0, 1, 20, 31, 63, 64):
        assert np.array_equal(row_of(picture, row), whole[row])
    with pytest.raises(IndexError):
        row_of(picture, 65)


def test_the_seam_ratio_is_measured_for_every_mode(qtbot: QtBot, window: MainWindow, stepped: Take) -> None:
    window.menus.trigger("panel_seams")
    panel = window.inspector_panel.seams
    assert panel.measure.isEnabled()
    qtbot.mouseClick(panel.measure, Qt.MouseButton.LeftButton)
    assert not panel.measure.isEnabled() and not window.menus.actions["measure_seams"].isEnabled()
    qtbot.waitUntil(lambda: len(panel.ratios) == 4, timeout=WAIT_MS)
    qtbot.waitUntil(panel.measure.isEnabled, timeout=WAIT_MS)
    # The clip rises by 6 a frame. Inside a GoP the error changes by 6; a step of 20 makes it 14 at a cut, and two
    # changes of 10 - 6 = 4 where it is blended half and half.
    assert panel.ratios[SeamMode.DISJOINT].ratio == pytest.approx(14 / 6, rel=0.01)
    assert panel.ratios[SeamMode.HARD_CUT].ratio == pytest.approx(14 / 6, rel=0.01)
    assert panel.ratios[SeamMode.BLENDED].ratio == pytest.approx(4 / 6, rel=0.01)
    # Wide, the step is in every pair alike.
    assert panel.ratios[SeamMode.WIDE].ratio == pytest.approx(1, abs=0.15)
    assert "disjoint: 2.33 (2.33 to 2.33)" in panel.result.text()
    direct = seam_ratios(QUIET, clip_spec(window.session.clip), stepped.source.spec, (SeamMode.HARD_CUT,), 0.5)
    assert direct[SeamMode.HARD_CUT] == panel.ratios[SeamMode.HARD_CUT]


def test_one_seam_has_a_ratio_and_no_interval(qtbot: QtBot, window: MainWindow, numbered_clip: Path) -> None:
    window.engine.open(numbered_clip, 0, 16)
    qtbot.waitUntil(lambda: window.session.boundaries == [8], timeout=WAIT_MS)
    take = window.session.takes.add(Kind.NEURAL, "λ 0.32", lmbda=0.32)
    window.menus.trigger("panel_seams")
    ratio = seam_ratio([1.0] * 8 + [2.0] + [1.0] * 6, SeamMode.HARD_CUT)
    window.seams._done(take, 0.5, Outcome.SUCCEEDED, {SeamMode.HARD_CUT: ratio})
    assert "hard cut: 2.00 (one seam: no interval)" in window.inspector_panel.seams.result.text()


def test_worst_frames_are_listed_and_a_click_goes_there(qtbot: QtBot, window: MainWindow, two_takes: Takes) -> None:
    session, take = window.session, two_takes[1]
    qtbot.waitUntil(lambda: window.runner.active == 0, timeout=WAIT_MS)
    window.menus.trigger("panel_worst")
    panel = window.inspector_panel.worst
    found = [(7, 0.9), (22, 0.8)]
    session.scores.add(session.score_key(take), [FrameScore(i, 10.0 + i, value, None) for i, value in found])
    qtbot.waitUntil(lambda: [e.frame for e in panel.entries()][:2] == [7, 22], timeout=WAIT_MS)
    assert panel.list.item(0).text() == f"frame 7 · LPIPS 0.900 · {take.name}"
    place = panel.list.visualItemRect(panel.list.item(1)).center()
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert session.playback.frame == 22
    panel.choice.setCurrentIndex(panel.choice.findData("psnr_db"))
    assert panel.entries()[0].frame == 7
    session.takes.set_visible(take, False)
    qtbot.waitUntil(lambda: panel.entries() == [], timeout=WAIT_MS)


def test_the_worst_places_are_listed_and_a_click_looks_there(qtbot: QtBot, window: MainWindow, stepped: Take) -> None:
    window.session.playback.seek(3)
    settle(qtbot, window)
    window.menus.trigger("panel_worst")
    panel = window.inspector_panel.worst
    qtbot.waitUntil(lambda: panel.places.count() > 0, timeout=WAIT_MS)
    first = panel.places.item(0)
    region = first.data(Qt.ItemDataRole.UserRole)
    assert f"at {region.left}, {region.top}" in first.text()
    place = panel.places.visualItemRect(first).center()
    qtbot.mouseClick(panel.places.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert window.session.view.inspection.region == region
    pane = window.panes[stepped.id].canvas.place()
    shown = [pane.to_widget(x, y) for x, y in ((region.left, region.top), (region.left + 32, region.top + 32))]
    assert max(shown[1].x() - shown[0].x(), shown[1].y() - shown[0].y()) == pytest.approx(min(pane.pane) / 2, abs=2)
    middle = (region.left + region.width / 2) / 96, (region.top + region.height / 2) / 64
    assert window.session.view.centre == pytest.approx(middle)
    window.menus.trigger("panel_worst")
    assert not panel.isVisible()


def test_scopes_follow_the_frame(qtbot: QtBot, window: MainWindow, two_takes: Takes) -> None:
    window.menus.trigger("panel_scopes")
    panel = window.inspector_panel.scopes
    for frame in (0, 25):
        window.session.playback.seek(frame)
        qtbot.waitUntil(lambda: panel.scope(two_takes[0]) is not None, timeout=WAIT_MS)
        scope = panel.scope(two_takes[0])
        assert scope.histogram[20 + 6 * frame] == 1.0
        assert scope.histogram.sum() == 1.0
    qtbot.waitUntil(lambda: panel.scope(two_takes[1]) is not None, timeout=WAIT_MS)
    QApplication.processEvents()
    window.grab()
    window.menus.trigger("panel_worst")
    assert window.inspector_panel.shows("worst")
    window.menus.trigger("panel_worst")
    assert window.inspector_panel.isHidden()


def test_a_vectorscope_has_cb_to_the_right_and_cr_up() -> None:
    colour = Colour()
    y, u, v = (np.full(shape, code, np.uint8) for shape, code in (((8, 8), 90), ((4, 4), 200), ((4, 4), 60)))
    u[0, 0], v[0, 0] = 30, 220
    scope = scope_of(Picture(y, u, v, colour))
    assert scope.vectorscope.shape == (256, 256)
    assert scope.vectorscope[255 - 60, 200] == 255
    # One sample of fifteen: the root of a fifteenth.
    assert scope.vectorscope[255 - 220, 30] == int(255 / 15**0.5)
    assert np.count_nonzero(scope.vectorscope) == 2
    marks = bar_chroma(colour)
    # The codes of BT.709 bars in limited range.
    assert marks["R"] == pytest.approx((109, 212), abs=1)
    assert marks["B"] == pytest.approx((212, 120), abs=1)
    assert [sum(pair) for pair in zip(marks["R"], marks["C"], strict=True)] == pytest.approx([256, 256])


def test_a_waveform_has_light_above_and_its_columns_in_place() -> None:
    y = np.zeros((40, 512), np.uint8)
    y[:, :256], y[:, 256:] = 200, 30
    grey = np.full((20, 256), 128, np.uint8)
    scope = scope_of(Picture(y, grey, grey, None))
    assert scope.waveform.shape == (256, COLUMNS)
    assert np.all(scope.waveform[255 - 200, : COLUMNS // 2] == 255)
    assert np.all(scope.waveform[255 - 30, COLUMNS // 2 :] == 255)
    assert np.count_nonzero(scope.waveform) == COLUMNS
    assert scope.histogram[[200, 30]] == pytest.approx([0.5, 0.5])


def test_the_split_line_and_aids_paint_together(qtbot: QtBot, window: MainWindow, stepped: Take) -> None:
    """All aids at once over a split: nothing is left out because of another."""
    for name in ("layout_split", "values", "magnifier", "heat", "difference"):
        window.menus.trigger(name)
    window.session.view.inspection.set_region((10, 10, 50, 50), (96, 64))
    settle(qtbot, window)
    (pane,) = [pane for pane in window.panes.values() if not pane.isHidden()]
    hover(pane.canvas, 40, 30)
    qtbot.waitUntil(lambda: window.inspector.heat(stepped) is not None, timeout=WAIT_MS)
    plain = pane.canvas.grab().toImage()
    window.menus.trigger("clear_region")
    assert pane.canvas.grab().toImage() != plain
    assert pane.canvas.place().pixel(QPointF(-1, -1)) is None


def test_the_facts_tell_how_the_frame_shown_was_coded(
    qtbot: QtBot, window: MainWindow, two_takes: Takes, stepped: Take
) -> None:
    rival = two_takes[1]
    # What was asked for says otherwise: the stream counts.
    window.session.takes.update(stepped, recipe=Recipe(None, lmbda=0.32, options=(("key_interval", 1),)))
    stepped.encoded.frame_bits = [800.0] * 30
    stepped.encoded.gops = {0: GopCoding(), 1: GopCoding(chained=True, cut=6), 2: GopCoding()}
    window.menus.trigger("info")
    for frame, chained in (
        (0, "GoP 0 (key)"),
        (12, "GoP 1 (chained)"),
        (14, "GoP 1 (chained), new scene"),
        (20, "GoP 2 (key)"),
    ):
        window.session.playback.seek(frame)
        settle(qtbot, window)
        kind = rival.source.frame_type(frame)
        assert kind in ("I", "P", "B")
        qtbot.waitUntil(lambda frame=frame: f"<b>Frame {frame}</b> · Source: I frame" in window.info.text())
        assert f"{rival.name}: {kind} frame, {rival.frame_bits[frame]:,.0f} bits" in window.info.text()
        assert f"{stepped.name}: {chained}, 800 bits a frame" in window.info.text()


def test_the_seam_panel_speaks_of_the_take_chosen_and_of_none_that_is_hidden(
    qtbot: QtBot, window: MainWindow, stepped: Take
) -> None:
    takes, panel = window.session.takes, window.inspector_panel.seams
    other = takes.add(Kind.NEURAL, "λ 1", lmbda=1.0, status=Status.READY)
    stepped.encoded.gops = {n: GopCoding(chained=n % 2 == 1) for n in range(4)}
    other.encoded.gops = {n: GopCoding(chained=n > 0) for n in range(4)}
    window.menus.trigger("panel_seams")
    assert panel.chained.text().endswith(f"one of 4 GoPs in {other.name}.")
    window.session.select(stepped)
    assert panel.chained.text().endswith(f"one of 2 GoPs in {stepped.name}.")
    window.session.select(None)
    takes.set_visible(other, False)
    assert panel.chained.text().endswith(f"one of 2 GoPs in {stepped.name}.")
