"""Every action of the registry, triggered as menus and keys trigger it: each must change something observable."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QInputDialog
from pytestqt.qtbot import QtBot

from app.actions.registry import ACTIONS
from app.state.recipes import Recipe
from app.state.takes import Kind, Status, Take
from app.views.dialogs.import_dialog import ImportDialog
from app.views.main_window import MainWindow
from codec.gop import SeamMode
from codec.rivals.settings import RivalCodec
from tests.conftest import make_clip
from tests.gui.conftest import WAIT_MS

Opener = Callable[[Path], None]

BEFORE: dict[str, tuple[str, ...]] = {
    "step_back": ("last",),
    "first": ("last",),
    "second_back": ("last",),
    "gop_back": ("last",),
    "normal_speed": ("faster",),
    "set_in": ("last",),
    "all_panes": ("take_2",),
    "component_none": ("component_next",),
    "take_2": ("take_1",),
    "swap": ("layout_split",),
    "follow_mouse": ("layout_split",),
    "gain_down": ("difference",),
    "gain_up": ("difference",),
    "blink_faster": ("auto_blink",),
    "blink_slower": ("auto_blink",),
    "zoom_fit": ("zoom_one",),
    "zoom_reset": ("zoom_one",),
    "encode_again": ("take_2",),
    "undo": ("nudge_later",),
    "redo": ("nudge_later", "undo"),
    "move_up": ("select_next", "select_next"),
    "move_down": ("select_next",),
    "select_previous": ("select_next",),
    "seam_loop": ("gop_forward",),
    "seam_loop_faster": ("gop_forward", "seam_loop"),
    "seam_loop_slower": ("gop_forward", "seam_loop"),
    "seam_blended": ("seam_hard_cut",),
    "theta_up": ("theta_down",),
    "leave": ("full_screen",),
    "layout_grid": ("layout_row",),
    "layout_row": ("layout_column",),
    "vote_left": ("votes",),
    "vote_right": ("votes",),
    "vote_none": ("votes",),
}
"""What is triggered first, so that there is something to change."""
LAST = (
    "encode_anew",
    "encode_again",
    "rival",
    "encode",
    "other_decoder",
    "remove",
    "cancel",
    "tone_mapping",
    "open",
    "open_project",
    "quit",
)
"""Those that end what the others need."""
MOST_TAKES = 9
"""Takes that have a key."""


@dataclass
class Doors:
    """Dialogs that would wait for somebody."""

    asked: list[str] = field(default_factory=list)
    """Titles of those that were opened."""
    save_as: str = ""
    """What is answered when a name is asked for; empty: given up."""


@pytest.fixture
def doors(monkeypatch: pytest.MonkeyPatch) -> Doors:
    found = Doors()

    def door(owner: object, name: str, answer: Callable[[], object]) -> None:
        def ask(*given: object, **named: object) -> object:
            found.asked.append(str(given[1]) if len(given) > 1 else name)
            return answer()

        monkeypatch.setattr(owner, name, ask)

    door(QFileDialog, "getOpenFileName", lambda: ("", ""))
    door(QFileDialog, "getSaveFileName", lambda: (found.save_as, ""))
    door(QFileDialog, "getExistingDirectory", lambda: "")
    door(QInputDialog, "getText", lambda: ("", False))
    return found


def observed(window: MainWindow, doors: Doors) -> list[object]:
    """Everything an action may change, as values that can be compared."""
    session, view = window.session, window.session.view
    playback, inspection, loop = session.playback, view.inspection, view.seam_loop
    parts = (window, window.menuBar(), window.side, window.charts, window.transport, window.info, window.keys)
    takes = [(t.id, t.name, t.visible, t.nudge, t.status) for t in session.takes]
    layouts = [(name, str(value)) for name, value in sorted(vars(view.layouts).items()) if not name.startswith("_")]
    return [
        *(
            playback.backward,
            playback.to_and_fro,
            playback.frame,
            playback.playing,
            playback.speed,
            playback.loop,
            playback.in_point,
            playback.out_point,
        ),
        *(view.zoom, view.centre, view.magnify, view.minify, view.presenting, view.tone_mapping, view.component),
        *(inspection.values_shown, inspection.magnifier, inspection.region, inspection.overlay, inspection.scan_line),
        *(loop.boundary, str(vars(loop)), session.focus, session.selected, session.seam_mode, session.theta),
        *(session.gop_marks, session.rate_lock, session.history.undo_text, session.history.redo_text),
        *(layouts, takes, [part.isVisible() for part in parts], window.isFullScreen(), len(doors.asked)),
        [window.context.screen.panel_shown(name) for name in ("scopes", "worst", "seams", "watch")],
        window.engine.watching.folder,
        window.context.seams.text,
        window.context.screen.second_shown(),
        [row.field.isHidden() for row in window.side.takes.rows.values()],
        sorted(type(w).__name__ for w in QApplication.topLevelWidgets() if w.isVisible()),
        QGuiApplication.clipboard().text(),
        QGuiApplication.clipboard().image().isNull(),
        window.banner.text(),
        window.runner.active,
    ]


def close_dialogs(window: MainWindow) -> None:
    for widget in QApplication.topLevelWidgets():
        if widget is not window and widget.isVisible():
            widget.close()


def trigger(window: MainWindow, name: str) -> None:
    window._refresh_all()
    action = window.menus.actions[name]
    assert action.isEnabled(), name
    action.trigger()
    QApplication.processEvents()


def put_back(window: MainWindow) -> None:
    """A plain look at frame 0, so that one action does not depend on another."""
    session, view = window.session, window.session.view
    close_dialogs(window)
    window.context.blind.close()
    window.context.votes.end()
    window.blind.scores.hide()
    window.context.screen.leave_full_screen()
    session.playback.pause()
    session.playback.seek(0)
    session.playback.set_speed(1.0, window.player.now_s())
    session.set_focus(None)
    session.select(None)
    session.set_seam_mode(SeamMode.BLENDED)
    view.seam_loop.stop()
    if view.layouts.blinking:
        view.layouts.set_blinking(False)
    if view.layouts.differing:
        view.layouts.toggle_difference()
    view.show_component(None)
    view.reset()
    QGuiApplication.clipboard().clear()


@pytest.fixture
def all_numbers(qtbot: QtBot, window: MainWindow, two_takes: tuple[Take, Take], numbered_clip: Path) -> None:
    """As many takes as have a key: the clip, rivals, a neural one, files dropped on the list."""
    takes = window.session.takes
    made = [window.engine.encode_rival(RivalCodec.AV1, 40), window.engine.encode_neural(0.02)]
    qtbot.waitUntil(lambda: all(take.status is not Status.RUNNING for take in made), timeout=WAIT_MS)
    assert [take.error for take in made] == ["", ""]
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(numbered_clip))] * (MOST_TAKES - len(takes)))
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    window.side.takes.dropEvent(QDropEvent(QPointF(5, 5), copy, data, left, Qt.KeyboardModifier.NoModifier))
    dialogs = window.findChildren
    qtbot.waitUntil(lambda: len(takes) + len(dialogs(ImportDialog)) == MOST_TAKES, timeout=WAIT_MS)
    for dialog in dialogs(ImportDialog):
        dialog.buttons.button(QDialogButtonBox.StandardButton.Ok).click()
    assert len(takes) == MOST_TAKES
    qtbot.waitUntil(lambda: window.runner.active == 0, timeout=2 * WAIT_MS)


@pytest.fixture
def hdr_clip(clips: Path) -> Path:
    pq = "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:log-level=none"
    return make_clip(clips / "pq.mkv", "-c:v", "libx265", "-pix_fmt", "yuv420p10le", "-x265-params", pq, frames=3)


def prepare(
    name: str, qtbot: QtBot, window: MainWindow, doors: Doors, shows: Opener, hdr_clip: Path, stream: Path
) -> None:
    """What an action needs that no other action brings about."""
    doors.save_as = str(stream) if name == "save_stream" else ""
    if name == "clear_region":
        window.session.view.inspection.set_region((10, 10, 60, 50), (96, 64))
    elif name == "encode_anew":
        window.session.select(next(take for take in window.session.takes if take.kind is Kind.NEURAL))
    elif name == "other_decoder":
        take = window.engine.encode(Recipe(None, 0.05, neural="vae", options=(("autoencoder", "fast"),)))
        qtbot.waitUntil(lambda: take is not None and take.other_decoder == "full", timeout=WAIT_MS)
        window.session.select(take)
    elif name == "cancel":
        window.engine.encode_rival(RivalCodec.VVC, 40)
    elif name == "stop_watching":
        window.engine.watching.start(stream.parent)
    elif name == "tone_mapping":
        shows(hdr_clip)


def test_every_action_does_something(
    qtbot: QtBot, window: MainWindow, all_numbers: None, doors: Doors, shows: Opener, hdr_clip: Path, tmp_path: Path
) -> None:
    names, stream = [spec.id for spec in ACTIONS], tmp_path / "mine.gop"
    assert set(names) == set(window.menus.actions)
    nothing = []
    for name in (*(name for name in names if name not in LAST), *LAST):
        put_back(window)
        for earlier in BEFORE.get(name, ()):
            trigger(window, earlier)
        prepare(name, qtbot, window, doors, shows, hdr_clip, stream)
        before = observed(window, doors)
        trigger(window, name)
        if name in ("cancel", "vote_scores", "other_decoder"):
            # An encoder in another thread ends when it hears of it; files of votes are read in one, streams copied.
            qtbot.waitUntil(lambda before=before: observed(window, doors) != before, timeout=WAIT_MS)
        if observed(window, doors) == before:
            nothing.append(name)
        if name == "measure_seams":
            assert window.context.screen.panel_shown("seams")
            qtbot.waitUntil(lambda: not window.context.seams.busy, timeout=WAIT_MS)
        if name.startswith("take_"):
            shown = list(window.session.takes)[int(name.removeprefix("take_")) - 1]
            assert [number for number, pane in window.panes.items() if not pane.isHidden()] == [shown.id]
        elif name == "save_stream":
            qtbot.waitUntil(stream.exists, timeout=WAIT_MS)
            qtbot.waitUntil(lambda: window.runner.active == 0, timeout=WAIT_MS)
            assert stream.read_bytes() == window.session.takes.newest_neural.encoded.file.read_bytes()
    assert nothing == []
    assert not window.isVisible()
