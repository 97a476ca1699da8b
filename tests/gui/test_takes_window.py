"""Takes in the real window: names, order, undo, import, menus, palette, settings."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl, SignalInstance
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox, QFileDialog, QMenu, QWidget
from pytestqt.qtbot import QtBot

from app.actions.registry import ACTIONS
from app.state.imports import Difference, FileFacts, ImportDecision, ImportQuestion, Pairing, compare
from app.state.recipes import Recipe
from app.state.settings import load_settings, settings_file
from app.state.takes import Kind, Status, Take
from app.views import theme
from app.views.dialogs.import_dialog import ImportDialog
from app.views.dialogs.palette import CommandPalette, score
from app.views.dialogs.settings_dialog import SettingsDialog
from app.views.main_window import MainWindow
from codec.container.stream import read_info
from codec.gop import SeamMode
from codec.rivals.settings import RivalCodec
from tests.conftest import make_clip
from tests.gui.conftest import WAIT_MS

Opener = Callable[[Path], None]


def dialog_of(kind: type[QDialog]) -> QDialog:
    found = [w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()]
    assert len(found) == 1
    return found[0]


def add_hevc(qtbot: QtBot, window: MainWindow, quality: float) -> Take:
    take = window.context.takes.encode(Recipe(RivalCodec.HEVC, quality=quality, preset="ultrafast"))
    assert take is not None
    qtbot.waitUntil(lambda: take.status is not Status.RUNNING, timeout=WAIT_MS)
    assert take.status is Status.READY, take.error
    return take


def names(window: MainWindow) -> list[str]:
    return [take.name for take in window.session.takes][1:]


def drop(target: QWidget, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    target.dropEvent(QDropEvent(QPointF(5, 5), copy, data, left, Qt.KeyboardModifier.NoModifier))


def test_a_take_is_renamed_in_its_row_moved_hidden_removed_and_all_of_it_undone(
    qtbot: QtBot, window: MainWindow, shows: Opener, small_clip: Path
) -> None:
    shows(small_clip)
    first, second = add_hevc(qtbot, window, 25), add_hevc(qtbot, window, 45)
    row = window.side.takes.rows[second.id]
    qtbot.mouseClick(row, Qt.MouseButton.LeftButton)
    assert window.session.current is second
    window._refresh_all()
    window.menus.trigger("rename")
    assert row.field.isVisible()
    row.field.setText("coarse")
    qtbot.keyClick(row.field, Qt.Key.Key_Return)
    assert not row.field.isVisible() and names(window) == [first.name, "coarse"]
    qtbot.mouseDClick(row, Qt.MouseButton.LeftButton)
    row.field.setText("never")
    qtbot.keyClick(row.field, Qt.Key.Key_Escape)
    assert second.name == "coarse"
    window.menus.trigger("move_up")
    assert names(window) == ["coarse", first.name]
    layout = window.side.takes._layout
    assert layout.indexOf(row) == 1 < layout.indexOf(window.side.takes.rows[first.id])
    qtbot.mouseClick(row.shown, Qt.MouseButton.LeftButton)
    assert not second.visible and second.id not in [t.left for t in window.shown_set.arrangement.tiles]
    qtbot.mouseClick(row.button, Qt.MouseButton.LeftButton)
    assert names(window) == [first.name] and second.id not in window.side.takes.rows
    for wanted in (
        ["coarse", first.name],
        ["coarse", first.name],
        [first.name, "coarse"],
        [first.name, "HEVC (x265) CRF 45, preset ultrafast"],
    ):
        window._refresh_all()
        qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert names(window) == wanted
    window._refresh_all()
    window.menus.trigger("redo")
    assert names(window)[1] == "coarse"


def test_a_row_is_dragged_to_another_place(qtbot: QtBot, window: MainWindow, shows: Opener, small_clip: Path) -> None:
    shows(small_clip)
    takes = [add_hevc(qtbot, window, quality) for quality in (25, 35, 45)]
    window.resize(1360, 860)
    QApplication.processEvents()

    def drag(take: Take, target: QPoint) -> None:
        row = window.side.takes.rows[take.id]
        start = QPoint(row.width() // 3, row.height() - 2)
        end = row.mapFromGlobal(window.side.takes.mapToGlobal(target))
        qtbot.mousePress(row, Qt.MouseButton.LeftButton, pos=start)
        qtbot.mouseMove(row, end)
        qtbot.mouseRelease(row, Qt.MouseButton.LeftButton, pos=end)
        QApplication.processEvents()

    rows = window.side.takes.rows
    drag(takes[2], rows[takes[0].id].geometry().topLeft() + QPoint(20, 2))
    assert list(window.session.takes)[1:] == [takes[2], takes[0], takes[1]]
    drag(takes[2], QPoint(20, rows[takes[1].id].geometry().bottom() + 40))
    assert list(window.session.takes)[1:] == takes
    drag(takes[1], QPoint(20, -50))
    assert list(window.session.takes)[1:] == [takes[1], takes[0], takes[2]]
    window.session.history.undo()
    assert list(window.session.takes)[1:] == takes and window.session.history.undo_text.startswith("Move")


def test_an_encode_removed_half_way_comes_back_cancelled_and_can_be_encoded_again(
    qtbot: QtBot, window: MainWindow, shows: Opener, small_clip: Path
) -> None:
    shows(small_clip)
    take = window.context.takes.encode(Recipe(None, lmbda=0.3))
    assert take is not None
    window.context.takes.edits.remove(take)
    qtbot.waitUntil(lambda: take.status is not Status.RUNNING, timeout=WAIT_MS)
    window._refresh_all()
    window.menus.trigger("undo")
    assert take.status is Status.CANCELLED and take in window.session.takes
    assert window.side.takes.rows[take.id].label.text() == "Hybrid λ 0.3\ncancelled"
    window._refresh_all()
    window.menus.trigger("encode_again")
    again = list(window.session.takes)[1]
    qtbot.waitUntil(lambda: again.status is Status.READY, timeout=WAIT_MS)


def test_a_shifted_take_shows_its_other_frames_and_says_so(
    qtbot: QtBot, window: MainWindow, shows: Opener, numbered_clip: Path
) -> None:
    shows(numbered_clip)
    take = add_hevc(qtbot, window, 5)
    window.session.playback.seek(10)
    window._refresh_all()

    def number() -> int:
        image = window.panes[take.id].canvas.image
        return -1 if image is None else round((image.pixelColor(40, 30).red() / 255 * 219 + 16 - 20) / 6)

    qtbot.waitUntil(lambda: number() == 10, timeout=WAIT_MS)
    qtbot.keyClick(window, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: number() == 11, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: "+1 frame" in window.panes[take.id].label.text(), timeout=WAIT_MS)
    window.menus.trigger("nudge_earlier_10")
    qtbot.waitUntil(lambda: number() == 1, timeout=WAIT_MS)
    assert "-9 frames" in window.side.takes.rows[take.id].label.text()
    window.session.playback.seek(3)
    qtbot.waitUntil(lambda: window.panes[take.id].canvas.image is None, timeout=WAIT_MS)
    assert "no such frame" in window.panes[take.id].canvas.content.text


def test_importing_asks_about_every_difference_first(
    qtbot: QtBot, window: MainWindow, shows: Opener, small_clip: Path, clips: Path
) -> None:
    other = make_clip(clips / "dcvc.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p", size="48x32", frames=12)
    shows(small_clip)
    window._refresh_all()
    window.menus.trigger("import")
    (asking,) = window.findChildren(QFileDialog)
    asking.selectFile(str(other))
    asking.accept()
    qtbot.waitUntil(lambda: any(isinstance(w, ImportDialog) for w in QApplication.topLevelWidgets()), timeout=WAIT_MS)
    dialog = dialog_of(ImportDialog)
    assert isinstance(dialog, ImportDialog)
    ok = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)
    assert not ok.isEnabled() and len(dialog.answers) == 2
    for box in dialog.answers.values():
        qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(6, box.height() // 2))
    assert ok.isEnabled()
    dialog.kbps.setValue(33.25)
    assert dialog.stated.isChecked()
    dialog.name.setText("DCVC")
    qtbot.mouseClick(ok, Qt.MouseButton.LeftButton)
    take = list(window.session.takes)[-1]
    qtbot.waitUntil(lambda: take.status is not Status.RUNNING, timeout=WAIT_MS)
    assert take.kind is Kind.IMPORTED and take.label.startswith("DCVC · 33.2 kbps (stated)")
    assert window.session.playback.out_point == 11
    window._refresh_all()
    window.menus.trigger("undo")
    assert names(window) == []


def test_the_dialog_pairs_by_number_or_by_time(
    qtbot: QtBot, window: MainWindow, shows: Opener, small_clip: Path
) -> None:
    shows(small_clip)
    facts = FileFacts(Path("x.mkv"), 96, 64, 40, Fraction(50), 0.8, 5000, "ffv1")
    clip = window.session.clip
    dialog = ImportDialog(ImportQuestion(facts, compare(facts, clip)), clip.timing, window)
    qtbot.addWidget(dialog)
    dialog.show()
    ok = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)
    number, length = dialog.answers[Difference.RATE], dialog.answers[Difference.LENGTH]
    assert not ok.isEnabled() and dialog.by_time.isVisible()
    dialog.by_time.setChecked(True)
    # By time the file lasts as long as the clip: nothing more is asked.
    assert ok.isEnabled() and not length.isVisible()
    number.setChecked(True)
    assert not dialog.by_time.isChecked() and not ok.isEnabled() and length.isVisible()
    dialog.by_time.setChecked(True)
    assert not number.isChecked()
    decided: list[ImportDecision] = []
    dialog.decided.connect(lambda _question, decision: decided.append(decision))
    ok.click()
    assert decided[0].pairing is Pairing.TIME and decided[0].resolved == frozenset({Difference.RATE})


def test_a_stream_dropped_on_the_window_is_a_take_without_questions(
    qtbot: QtBot, window: MainWindow, shows: Opener, small_clip: Path, tmp_path: Path
) -> None:
    shows(small_clip)
    made = window.context.takes.encode(Recipe(None, lmbda=0.3))
    assert made is not None
    qtbot.waitUntil(lambda: made.encoded.rate is not None, timeout=WAIT_MS)
    copy = tmp_path / "theirs.gop"
    copy.write_bytes(made.encoded.file.read_bytes())
    drop(window.side.takes, copy)
    qtbot.waitUntil(lambda: len(window.session.takes) == 3, timeout=WAIT_MS)
    take = list(window.session.takes)[-1]
    qtbot.waitUntil(lambda: take.status is not Status.RUNNING, timeout=WAIT_MS)
    assert take.status is Status.READY, take.error
    assert take.rate is not None and made.encoded.rate is not None and take.rate.kbps == made.encoded.rate.kbps
    window.menus.trigger("panel_seams")
    assert window.inspector_panel.seams.chained.text().endswith(f"begins: one of 3 GoPs in {take.name}.")
    assert np.array_equal(take.picture(8, SeamMode.BLENDED).y, made.picture(8, SeamMode.BLENDED).y)
    window.session.set_seam_mode(SeamMode.DISJOINT)
    window._refresh_all()
    assert window.panes[take.id].label.text().endswith("blended")
    drop(window, copy)
    qtbot.waitUntil(lambda: len(window.session.takes) == 4, timeout=WAIT_MS)


@pytest.mark.qt_log_ignore("plugin does not support", extend=True)
def test_the_menu_of_a_take_holds_registry_actions_and_works_on_that_take(
    qtbot: QtBot, window: MainWindow, shows: Opener, small_clip: Path
) -> None:
    shows(small_clip)
    first, _ = add_hevc(qtbot, window, 25), add_hevc(qtbot, window, 45)
    window.side.takes.rows[first.id].more.click()
    (menu,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMenu) and w.isVisible()]
    texts = {spec.text for spec in ACTIONS}
    actions = [action for action in menu.actions() if not action.isSeparator()]
    assert {action.text() for action in actions} <= texts and len(actions) > 8
    next(a for a in actions if a.text() == "Remove the take").trigger()
    menu.close()
    assert first not in window.session.takes


def test_encoding_again_takes_the_lambda_of_the_controls_and_locked_rivals_follow(
    qtbot: QtBot, window: MainWindow, shows: Opener, small_clip: Path
) -> None:
    shows(small_clip)
    window.session.draft.set_lmbda(0.05)
    window._refresh_all()
    window.menus.trigger("encode")
    neural = list(window.session.takes)[1]
    qtbot.waitUntil(lambda: neural.encoded.rate is not None, timeout=WAIT_MS)
    window.menus.trigger("rival")
    rival = list(window.session.takes)[2]
    qtbot.waitUntil(lambda: rival.status is Status.READY, timeout=WAIT_MS)
    qtbot.mouseClick(window.side.rival.lock, Qt.MouseButton.LeftButton, pos=QPoint(6, 8))
    assert window.session.rate_lock
    window.session.select(neural)
    window.session.draft.set_lmbda(0.9)
    window._refresh_all()
    window.menus.trigger("encode_anew")
    qtbot.waitUntil(lambda: rival not in window.session.takes, timeout=WAIT_MS)
    again, follower = list(window.session.takes)[1:]
    assert again.lmbda == pytest.approx(0.9) and follower.recipe.matched_to == again.id
    qtbot.waitUntil(lambda: follower.status is not Status.RUNNING, timeout=WAIT_MS)
    assert follower.status is Status.READY


def test_letters_typed_into_notes_are_no_commands(
    qtbot: QtBot, window: MainWindow, shows: Opener, small_clip: Path
) -> None:
    shows(small_clip)
    add_hevc(qtbot, window, 45)
    notes = window.side.notes
    notes.setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is notes, timeout=WAIT_MS)
    for letter in "sxb s":
        qtbot.keyClicks(notes, letter)
        assert window.session.focus is None
    qtbot.keyPress(notes, Qt.Key.Key_S)
    assert window.session.focus is None
    qtbot.keyRelease(notes, Qt.Key.Key_S)
    assert window.session.notes == "sxb ss"
    assert not window.session.playback.playing and window.session.view.layouts.layout.value == "grid"


def test_the_palette_finds_and_does_what_is_typed(
    qtbot: QtBot, window: MainWindow, shows: Opener, small_clip: Path
) -> None:
    shows(small_clip)
    window._refresh_all()
    window.menus.trigger("palette")
    palette = dialog_of(CommandPalette)
    assert isinstance(palette, CommandPalette)
    offered = {palette.list.item(i).text().split("    ")[0].removeprefix("✓ ") for i in range(palette.list.count())}
    enabled = {spec.text for spec in ACTIONS if spec.enabled_when(window.menus._context)}
    assert offered == enabled and "Add rival" in offered and "Undo" not in offered
    qtbot.keyClicks(palette.field, "lastfr")
    assert palette.list.item(0).text().startswith("Last frame")
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert window.session.playback.frame == 19 and not palette.isVisible()


def test_fits_prefer_word_starts_and_refuse_other_orders() -> None:
    assert score("xyz", "Export charts…") is None
    assert score("hc", "charts") is None
    words = ["Next GoP boundary", "Export evidence page…", "Set out point"]
    assert max(words, key=lambda text: score("ep", text) or -1e9) == "Export evidence page…"
    assert (score("export", "Export charts…") or 0) > (score("export", "Next GoP or text") or 0)


def test_settings_hold_at_once_and_are_remembered(qtbot: QtBot, window: MainWindow) -> None:
    window.menus.trigger("settings")
    dialog = dialog_of(SettingsDialog)
    assert isinstance(dialog, SettingsDialog)
    assert dialog.cache.text().startswith("automatic")
    dialog.cache.setValue(10)
    dialog.theme.setCurrentText("light")
    dialog.precision.setCurrentIndex(dialog.precision.findData("full"))
    dialog._accept()
    settings = window.session.settings
    assert (settings.cache_bytes, settings.theme, settings.precision) == (64 * 2**20, "light", "full")
    assert load_settings(settings_file()) == settings
    assert window.presenter.cache.limit_bytes == 64 * 2**20
    assert theme.current() is theme.LIGHT
    assert theme.LIGHT.surface in QApplication.instance().styleSheet()
    window.menus.trigger("settings")
    dialog_of(SettingsDialog).theme.setCurrentText("dark")
    dialog_of(SettingsDialog)._accept()
    assert theme.current() is theme.DARK
    QApplication.instance().setStyleSheet("")


def test_no_widget_hides_a_method_of_qt_behind_an_attribute(window: MainWindow) -> None:
    """Qt calls its virtual methods by name: an attribute such as `metric` in their place ends the program."""
    hidden = []
    for widget in [window, *window.findChildren(QWidget)]:
        kind = type(widget)
        if kind.__module__.startswith("app."):
            base = next(entry for entry in kind.__mro__ if entry.__module__.startswith("PySide6"))
            for name, value in vars(widget).items():
                if callable(getattr(base, name, None)) and not isinstance(value, SignalInstance):
                    hidden.append(f"{kind.__name__}.{name}")
    assert hidden == []


def test_a_take_has_the_key_interval_of_the_controls_and_keeps_it_in_its_project(
    qtbot: QtBot, window: MainWindow, shows: Opener, numbered_clip: Path, tmp_path: Path
) -> None:
    shows(numbered_clip)
    window.side.neural.options["key_interval"].setValue(2)
    window.menus.trigger("panel_seams")
    panel = window.inspector_panel.seams
    assert panel.chained.text().endswith("a key GoP begins.")
    window.menus.trigger("encode")
    take = list(window.session.takes)[1]
    assert panel.chained.text().endswith(f"a key GoP begins: one of 2 GoPs in {take.name}.")
    qtbot.waitUntil(lambda: take.disjoint is not None and take.disjoint.rate is not None, timeout=WAIT_MS)
    qtbot.waitUntil(panel.measure.isEnabled, timeout=WAIT_MS)
    for stream in (take.encoded, take.disjoint):
        info = read_info(stream.file)
        assert info.key_gops == tuple(range(0, len(info.gop_bytes), 2)) and len(info.key_gops) > 1
        assert "--key-interval 2" in stream.command
    projects = window.context.files.projects
    projects.save(tmp_path / "kept")
    qtbot.waitUntil(lambda: projects.path is not None, timeout=WAIT_MS)
    window._refresh_all()
    window.side.neural.options["key_interval"].setValue(1)
    window.menus.trigger("encode_anew")
    again = list(window.session.takes)[1]
    assert again.recipe == Recipe(None, lmbda=take.lmbda, options=(("key_interval", 1),))
    assert panel.chained.text().startswith("Every GoP is a key GoP")
    qtbot.waitUntil(lambda: again.encoded.rate is not None, timeout=WAIT_MS)
    info = read_info(again.encoded.file)
    assert info.key_gops == tuple(range(len(info.gop_bytes)))
    assert dict(window.session.settings.choice().options) == {"key_interval": 1}
    projects.open(tmp_path / "kept.seamscope")
    qtbot.waitUntil(lambda: list(window.session.takes)[1] not in (take, again), timeout=WAIT_MS)
    back = list(window.session.takes)[1]
    assert back.recipe == take.recipe and "one of 2 GoPs" in panel.chained.text()
    qtbot.waitUntil(lambda: back.status is Status.READY, timeout=WAIT_MS)
