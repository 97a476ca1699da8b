import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from app.actions.registry import ACTIONS
from app.state.takes import Kind, Status
from app.views.main_window import MainWindow
from app.views.pictures.pane import Pane
from app.views.widgets import ElidedLabel
from codec.gop import SeamMode
from codec.resources import sample_clips
from codec.rivals.settings import RivalCodec
from codec.texts import in_html
from tests.gui.conftest import WAIT_MS

Opener = Callable[[Path], None]


def number_shown(pane: Pane) -> int:
    """The frame number burnt into the picture of a pane of the numbered clip."""
    image = pane.canvas.image
    assert image is not None
    value = image.pixelColor(40, 30).red()
    return round((value / 255 * 219 + 16 - 20) / 6)


def test_opening_shows_the_first_frame_and_remembers_the_clip(
    window: MainWindow, shows: Opener, numbered_clip: Path, small_clip: Path
) -> None:
    assert not window.menus.actions["play"].isEnabled()
    shows(numbered_clip)
    (pane,) = window.panes.values()
    assert number_shown(pane) == 0
    assert "96x64" in pane.label.text()
    shows(small_clip)
    assert [Path(p).name for p in window.session.settings.recent] == [small_clip.name, numbered_clip.name]
    window._refresh_labels()
    assert window.menus.actions["play"].isEnabled()


def test_keys_step_seek_and_jump_to_gop_boundaries(
    qtbot: QtBot, window: MainWindow, shows: Opener, numbered_clip: Path
) -> None:
    shows(numbered_clip)
    window._refresh_all()
    playback = window.session.playback
    for name, expected in (
        ("step_forward", 1),
        ("step_forward", 2),
        ("step_back", 1),
        ("gop_forward", 8),
        ("gop_forward", 16),
        ("gop_back", 8),
        ("last", 29),
        ("second_back", 4),
        ("first", 0),
        ("second_forward", 25),
    ):
        window.menus.trigger(name)
        assert playback.frame == expected, name
        qtbot.waitUntil(lambda: window.shown_set.frame == playback.frame, timeout=WAIT_MS)
        assert number_shown(next(iter(window.panes.values()))) == expected
    qtbot.keyClick(window, Qt.Key.Key_Right)
    assert playback.frame == 26
    window.timeline.seek_asked.emit(12)
    assert playback.frame == 12
    window.charts.seek_asked.emit(3)
    assert playback.frame == 3


def test_playing_keeps_time_and_panes_never_differ(
    qtbot: QtBot, window: MainWindow, shows: Opener, numbered_clip: Path
) -> None:
    shows(numbered_clip)
    window._refresh_all()
    take = window.engine.encode_rival(RivalCodec.HEVC, 10)
    qtbot.waitUntil(lambda: take.status is not Status.RUNNING, timeout=WAIT_MS)
    assert take.status is Status.READY, take.error
    seen: list[tuple[int, ...]] = []
    window.session.playback.frame_changed.connect(
        lambda _: seen.append(tuple(number_shown(p) for p in window.panes.values() if p.canvas.image is not None))
    )
    window.session.playback.seek(0)
    qtbot.waitUntil(lambda: window.shown_set.frame == 0 and window.shown_set.complete, timeout=WAIT_MS)
    window.menus.trigger("play")
    began = time.monotonic()
    qtbot.waitUntil(lambda: len(seen) > 20, timeout=WAIT_MS)
    window.menus.trigger("faster")
    qtbot.waitUntil(lambda: len(seen) > 40, timeout=WAIT_MS)
    window.menus.trigger("play")
    assert time.monotonic() - began > 0.5
    assert window.mismatches == 0
    pairs = [numbers for numbers in seen if len(numbers) == 2]
    assert len(pairs) > 20
    assert all(a == b for a, b in pairs)


def test_zoom_is_shared_and_keeps_the_point_under_the_cursor(
    window: MainWindow, shows: Opener, numbered_clip: Path
) -> None:
    shows(numbered_clip)
    view = window.session.view
    canvas = next(iter(window.panes.values())).canvas
    size, pane = canvas.place().picture, canvas.place().pane

    def under(point: tuple[float, float]) -> list[float]:
        scale, origin = view.scale(size, pane), view.origin(size, pane)
        return [(point[i] - origin[i]) / scale for i in (0, 1)]

    spot = (pane[0] * 0.6, pane[1] * 0.45)
    before, scale = under(spot), view.scale(size, pane)
    position = QPointF(*spot)
    wheel = QWheelEvent(
        position, position, QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(canvas, wheel)
    assert view.scale(size, pane) == pytest.approx(scale * 1.25**2)
    assert under(spot) == pytest.approx(before, abs=0.01)
    window._refresh_all()
    window.menus.trigger("zoom_one")
    assert view.scale(size, pane) == 1.0
    window.menus.trigger("zoom_reset")
    assert view.zoom is None


def test_bad_files_show_a_sentence_and_the_clip_stays(
    qtbot: QtBot, window: MainWindow, shows: Opener, numbered_clip: Path, tmp_path: Path
) -> None:
    shows(numbered_clip)
    bad = tmp_path / "notes.mp4"
    bad.write_text("no video")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(bad))])
    copy = Qt.DropAction.CopyAction
    window.dropEvent(QDropEvent(QPointF(5, 5), copy, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier))
    qtbot.waitUntil(lambda: not window.banner.isHidden(), timeout=WAIT_MS)
    assert str(bad) in window.banner.text()
    assert window.session.clip is not None
    assert window.session.clip.path == numbered_clip


def test_encode_compare_switch_seams_and_score(
    qtbot: QtBot, window: MainWindow, shows: Opener, small_clip: Path, tmp_path: Path
) -> None:
    shows(small_clip)
    window._refresh_all()
    window.session.playback.seek(17)
    window.session.draft.set_lmbda(0.5)
    window.menus.trigger("encode")
    take = list(window.session.takes)[-1]
    assert take.kind is Kind.NEURAL
    first: list[int] = []
    window.session.takes.take_changed.connect(
        lambda t: first or first.extend(i for i in range(20) if t is take and t.ready(i, SeamMode.BLENDED))
    )
    qtbot.waitUntil(lambda: take.status is not Status.RUNNING, timeout=WAIT_MS)
    assert take.status is Status.READY, take.error
    assert 17 in first
    assert take.file is not None
    assert take.rate is not None
    assert take.rate.kbps == pytest.approx(take.file.stat().st_size * 8 / 0.8 / 1000)
    assert f"{take.rate.kbps:.1f} kbps" in take.label
    rival = window.engine.encode_rival(RivalCodec.HEVC)
    assert rival is not None
    qtbot.waitUntil(lambda: window.runner.active == 0, timeout=2 * WAIT_MS)
    assert rival.status is Status.READY, rival.error
    for metric in ("lpips", "tlp", "psnr_db"):
        for shown in (take, rival):
            values = window.session.scores.values(window.session.score_key(shown), metric)
            assert values is not None
            assert (~np.isnan(values)).sum() == (19 if metric == "tlp" else 20)
    # The frame that GoPs share may be the same in all modes; the one after it is not.
    window.session.playback.seek(9)
    pictures = {}
    for _ in SeamMode:
        mode = window.session.seam_mode
        qtbot.waitUntil(
            lambda m=mode: window.shown_set.frame == 9 and window.shown_set.mode is m and window.shown_set.complete,
            timeout=WAIT_MS,
        )
        pictures[mode] = window.shown_set.shown[take.id].image()
        window.menus.trigger("seam_mode")
        assert window.session.playback.frame == 9
    assert set(pictures) == set(SeamMode)
    assert pictures[SeamMode.BLENDED] != pictures[SeamMode.DISJOINT]
    qtbot.waitUntil(lambda: window.runner.active == 0, timeout=WAIT_MS)
    window.context.exports.save_frames(tmp_path)
    window.engine.save_stream(take, tmp_path / "mine.gop")
    qtbot.waitUntil(lambda: window.runner.active == 0, timeout=WAIT_MS)
    assert len(list(tmp_path.glob("frame_0009_*.png"))) == 3
    assert (tmp_path / "mine.gop").read_bytes() == take.file.read_bytes()
    window.engine.remove(rival)
    assert rival.id not in window.panes


def test_cancel_and_close_in_the_middle_leave_nothing(
    qtbot: QtBot, window: MainWindow, shows: Opener, small_clip: Path
) -> None:
    shows(small_clip)
    take = window.engine.encode_neural(0.3)
    assert take is not None
    window.engine.cancel_all()
    qtbot.waitUntil(lambda: take.status is not Status.RUNNING, timeout=WAIT_MS)
    assert take.status is Status.CANCELLED
    assert not list(window.engine.store.folder.glob("*.gop"))
    window.engine.encode_neural(0.4)
    window.engine.encode_rival(RivalCodec.VVC, 40)
    folder = window.engine.store.folder
    window.context.files.leaving.give_up()
    window.close()
    assert not folder.exists()


def test_keys_are_given_once_and_the_key_sheet_names_every_action(window: MainWindow) -> None:
    keys = [key for spec in ACTIONS for key in spec.keys]
    assert len(keys) == len(set(keys))
    window.menus.trigger("keys")
    assert window.keys.isVisible()
    text = window.keys.text()
    assert all(in_html(spec.text) in text for spec in ACTIONS if not spec.id.startswith("take_"))
    window.menus.trigger("leave")
    assert window.keys.isHidden()


def test_holding_s_shows_the_source_and_letting_go_shows_all_again(
    qtbot: QtBot, window: MainWindow, shows: Opener, small_clip: Path
) -> None:
    shows(small_clip)
    take = window.engine.encode_rival(RivalCodec.HEVC, 30)
    qtbot.waitUntil(lambda: take.status is not Status.RUNNING, timeout=WAIT_MS)
    window.context.view.hold_source(True)
    assert [t.kind for t in window.session.shown] == [Kind.SOURCE]
    window.context.view.hold_source(False)
    assert len(window.session.shown) == 2
    window.menus.trigger("take_2")
    assert [t.kind for t in window.session.shown] == [Kind.HEVC]
    window.menus.trigger("blink")
    assert len(window.session.shown) == 2


def test_panes_never_keep_an_old_frame_when_takes_are_flipped(
    qtbot: QtBot, window: MainWindow, shows: Opener, numbered_clip: Path
) -> None:
    shows(numbered_clip)
    take = window.engine.encode_rival(RivalCodec.HEVC, 10)
    qtbot.waitUntil(lambda: take.status is not Status.RUNNING, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: len(window.shown_set.images) == 2 and window.shown_set.complete, timeout=WAIT_MS)
    window._refresh_all()
    window.menus.trigger("take_1")
    window.session.playback.seek(10)
    qtbot.waitUntil(lambda: window.shown_set.frame == 10, timeout=WAIT_MS)
    window.menus.trigger("all_panes")
    visible = [pane for pane in window.panes.values() if not pane.isHidden()]
    assert {number_shown(pane) for pane in visible if pane.canvas.image is not None} <= {10}
    qtbot.waitUntil(lambda: len(window.shown_set.images) == 2 and window.shown_set.complete, timeout=WAIT_MS)
    assert [number_shown(pane) for pane in window.panes.values()] == [10, 10]
    assert window.mismatches == 0


def test_panes_out_of_step_are_counted(qtbot: QtBot, window: MainWindow, shows: Opener, numbered_clip: Path) -> None:
    shows(numbered_clip)
    take = window.engine.encode_rival(RivalCodec.HEVC, 10)
    qtbot.waitUntil(lambda: take.status is not Status.RUNNING, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: len(window.shown_set.images) == 2 and window.shown_set.complete, timeout=WAIT_MS)
    assert window.mismatches == 0
    pane = window.panes[take.id]
    pane.canvas.show_content(replace(pane.canvas.content, frame=7))
    assert not window.stage.check_step()
    assert window.mismatches == 1


def test_full_screen_leaves_hidden_what_was_hidden(window: MainWindow, shows: Opener, small_clip: Path) -> None:
    shows(small_clip)
    window._refresh_all()
    window.menus.trigger("charts")
    assert window.charts.isHidden()
    window.menus.trigger("full_screen")
    assert window.side.isHidden()
    assert window.menuBar().isHidden()
    window.menus.trigger("full_screen")
    assert window.charts.isHidden()
    assert not window.side.isHidden()
    window.menus.trigger("charts")
    window.menus.trigger("full_screen")
    assert window.charts.isHidden()
    window.menus.trigger("leave")
    assert not window.charts.isHidden()


def test_enter_in_a_number_field_gives_the_keys_back_to_the_pictures(
    qtbot: QtBot, window: MainWindow, shows: Opener, small_clip: Path
) -> None:
    shows(small_clip)
    window._refresh_all()
    number = window.side.neural.number
    number.setFocus()
    number.selectAll()
    qtbot.keyClicks(number, "0.5")
    qtbot.keyClick(number, Qt.Key.Key_Return)
    assert window.session.draft.lmbda == 0.5
    qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Right)
    assert window.session.playback.frame == 1
    qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Space)
    assert window.session.playback.playing


def test_a_label_says_less_where_there_is_no_room(qtbot: QtBot) -> None:
    label = ElidedLabel(inset=0)
    qtbot.addWidget(label)
    label.set_texts("HEVC (x265) · 988.9 kbps · LPIPS 0.018", "HEVC · 988.9 kbps · LPIPS 0.018", "HEVC · 988.9 kbps")
    metrics = label.fontMetrics()
    for number, text in enumerate((label.text(), *label._shorter)):
        label.resize(metrics.horizontalAdvance(text) + 2, 30)
        assert label.shown_text == text, number
    label.resize(metrics.horizontalAdvance("HEVC · 988"), 30)
    assert label.shown_text.startswith("HEVC")
    assert label.shown_text.endswith("…")


def test_labels_reckon_with_the_margins_their_style_asks_for(
    window: MainWindow, shows: Opener, small_clip: Path
) -> None:
    shows(small_clip)
    margins = []
    for _ in range(2):
        (label,) = (pane.label for pane in window.panes.values())
        assert f"px {label.inset}px;" in label.styleSheet()
        assert label.indent() == 0
        margins.append(label.inset)
        window.menus.trigger("present")
        window._refresh_all()
    assert margins[1] > margins[0]


def test_buttons_are_enabled_with_their_actions(window: MainWindow, shows: Opener, small_clip: Path) -> None:
    buttons = (window.side.neural.encode, window.side.rival.add, window.transport.play)
    assert not any(button.isEnabled() for button in buttons)
    assert window.charts.hint.isVisible()
    shows(small_clip)
    window._refresh_all()
    assert all(button.isEnabled() for button in buttons)
    window.transport.play.click()
    assert window.session.playback.playing


def test_the_empty_window_offers_the_sample_and_what_was_open_lately(
    qtbot: QtBot, window: MainWindow, small_clip: Path
) -> None:
    start = window.stage.start
    assert start.isVisible() and start.recent == [] and start.sample.isVisible()

    def words() -> list[str]:
        return [label.text() for label in start.findChildren(QLabel) if label.isVisible()]

    assert "Lately" not in words()
    start.ask.click()
    (dialog,) = window.findChildren(QFileDialog)
    assert dialog.isVisible() and dialog.windowTitle() == "Open clip"
    dialog.close()
    settings = window.session.settings.with_recent(small_clip.parent / "gone.mp4").with_recent(small_clip)
    window.session.update_settings(settings)
    assert [button.text() for button in start.recent] == [small_clip.name, "gone.mp4"]
    assert "Lately" in words()
    start.recent[1].click()
    qtbot.waitUntil(lambda: "gone.mp4" in window.banner.text(), timeout=WAIT_MS)
    assert start.isVisible()
    start.recent[0].click()
    qtbot.waitUntil(lambda: window.shown_set is not None and window.shown_set.complete, timeout=WAIT_MS)
    assert window.session.clip.path == small_clip and not start.isVisible()


def test_the_sample_of_the_empty_window_opens(qtbot: QtBot, window: MainWindow) -> None:
    window.stage.start.sample.click()
    qtbot.waitUntil(lambda: window.shown_set is not None and window.shown_set.complete, timeout=WAIT_MS)
    assert window.session.clip.path == sample_clips()[0]
