"""Every action of the registry, triggered as menus and keys trigger it: each must change something observable."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog
from pytestqt.qtbot import QtBot

from app.actions.registry import ACTIONS
from app.state.takes import Status, Take
from app.views.main_window import MainWindow
from codec.gop import SeamMode
from codec.rivals.settings import RivalCodec
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
    "take_2": ("take_1",),
    "swap": ("layout_split",),
    "follow_mouse": ("layout_split",),
    "gain_down": ("difference",),
    "gain_up": ("difference",),
    "blink_faster": ("auto_blink",),
    "blink_slower": ("auto_blink",),
    "zoom_fit": ("zoom_one",),
    "zoom_reset": ("zoom_one",),
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
}
"""What is triggered first, so that there is something to change."""
LAST = ("encode_again", "rival", "encode", "remove", "cancel", "open", "open_project", "quit")
"""Those that end what the others need."""
BESIDE = {f"take_{number}" for number in range(4, 10)}
"""There are three takes."""


@pytest.fixture
def doors(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Dialogs that would wait for somebody; the list says which were asked."""
    asked: list[str] = []

    def door(owner: object, name: str, answer: object) -> None:
        def ask(*given: object, **named: object) -> object:
            asked.append(str(given[1]) if len(given) > 1 else name)
            return answer

        monkeypatch.setattr(owner, name, ask)

    door(QFileDialog, "getOpenFileName", ("", ""))
    door(QFileDialog, "getSaveFileName", ("", ""))
    door(QFileDialog, "getExistingDirectory", "")
    door(QInputDialog, "getText", ("", False))
    return asked


def observed(window: MainWindow, doors: list[str]) -> list[object]:
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
        *(view.zoom, view.centre, view.magnify, view.minify, view.presenting),
        *(inspection.values_shown, inspection.magnifier, inspection.region, inspection.overlay, inspection.scan_line),
        *(loop.boundary, str(vars(loop)), session.focus, session.selected, session.seam_mode, session.theta),
        *(session.gop_marks, session.rate_lock, session.history.undo_text, session.history.redo_text),
        *(layouts, takes, [part.isVisible() for part in parts], window.isFullScreen(), len(doors)),
        [window.commands.panel_shown(name) for name in ("scopes", "worst", "seams")],
        window.commands.second_shown(),
        [row.field.isHidden() for row in window.side.takes.rows.values()],
        sorted(type(w).__name__ for w in QApplication.topLevelWidgets() if w.isVisible()),
        QGuiApplication.clipboard().text(),
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
    window.commands.leave_full_screen()
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
    view.reset()
    QGuiApplication.clipboard().clear()


@pytest.fixture
def three_takes(qtbot: QtBot, window: MainWindow, two_takes: tuple[Take, Take]) -> None:
    take = window.engine.encode_rival(RivalCodec.AV1, 40)
    qtbot.waitUntil(lambda: take.status is not Status.RUNNING, timeout=WAIT_MS)
    assert take.status is Status.READY, take.error
    qtbot.waitUntil(lambda: window.runner.active == 0, timeout=2 * WAIT_MS)


def test_every_action_does_something(
    qtbot: QtBot, window: MainWindow, three_takes: None, doors: list[str], numbered_clip: Path
) -> None:
    names = [spec.id for spec in ACTIONS]
    assert set(names) == set(window.menus.actions)
    ordered = [name for name in names if name not in LAST] + list(LAST)
    nothing = []
    for name in ordered:
        if name in BESIDE:
            assert window.menus.actions[name].isEnabled()
            continue
        put_back(window)
        for earlier in BEFORE.get(name, ()):
            trigger(window, earlier)
        if name == "clear_region":
            window.session.view.inspection.set_region((10, 10, 60, 50), (96, 64))
        if name == "cancel":
            window.engine.encode_rival(RivalCodec.VVC, 40)
        if name in ("save_stream", "tone_mapping"):
            # There is no neural take here and no HDR clip: they must say so by being disabled.
            window._refresh_all()
            assert not window.menus.actions[name].isEnabled()
            continue
        before = observed(window, doors)
        trigger(window, name)
        if observed(window, doors) == before:
            nothing.append(name)
    assert nothing == []
    assert not window.isVisible()
