"""Frame numbers burnt into the pictures prove that panes stay in step, whatever is done to them."""

import random

from pytestqt.qtbot import QtBot

from app.state.takes import Take
from app.views.main_window import MainWindow
from codec.rivals.settings import RivalCodec
from tests.gui.conftest import WAIT_MS
from tests.gui.test_layouts import visible
from tests.gui.test_window import number_shown

SEED = 11


def numbers(window: MainWindow) -> set[int]:
    """What can be read in the panes now; differences hold no number."""
    return {
        number_shown(pane)
        for pane in visible(window)
        if pane.canvas.image is not None and pane.canvas.content.scale is None
    }


def test_panes_stay_in_step_under_seeks_flips_speeds_and_encodes(
    qtbot: QtBot, window: MainWindow, two_takes: tuple[Take, Take]
) -> None:
    session, draw, seen = window.session, random.Random(SEED), []

    def check() -> None:
        shown = numbers(window)
        assert len(shown) <= 1, shown
        seen.extend(shown)

    window.stage.set_shown.connect(lambda _made: check())
    other = window.engine.encode_rival(RivalCodec.AV1, 40)
    actions = (
        "layout_row",
        "layout_split",
        "layout_grid",
        "take_1",
        "take_2",
        "all_panes",
        "blink",
        "difference",
        "swap",
    )
    for turn in range(120):
        if turn == 60:
            window.menus.trigger("play")
        if turn % 3 == 0:
            session.playback.seek(draw.randrange(30), window.player.now_s())
        elif turn % 3 == 1:
            window.menus.trigger(draw.choice(actions))
        else:
            window.menus.trigger(draw.choice(("faster", "slower", "step_forward", "step_back", "seam_mode")))
        check()
        qtbot.wait(draw.choice((0, 5, 30)))
        check()
        if turn > 60 and not session.playback.playing:
            window.menus.trigger("play")
    session.playback.pause()
    session.set_focus(None)
    if session.view.layouts.differing:
        session.view.layouts.toggle_difference()
    qtbot.waitUntil(lambda: window.shown_set.frame == session.playback.frame, timeout=WAIT_MS)
    assert numbers(window) == {session.playback.frame}
    assert window.mismatches == 0
    assert len(set(seen)) > 15
    assert other is not None
    window.engine.cancel(other)
