"""Rivals and exports asked for while the neural codec encodes: they wait, visibly, and can be cancelled."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.state.recipes import Recipe
from app.state.takes import Status
from app.views.main_window import MainWindow
from codec.rivals.settings import RivalCodec
from tests.gui.conftest import WAIT_MS

SAME_RATE = Recipe(RivalCodec.HEVC, preset="ultrafast")


def test_what_is_asked_for_during_an_encode_waits_for_it(
    qtbot: QtBot, window: MainWindow, shows: Callable[[Path], None], small_clip: Path, tmp_path: Path
) -> None:
    shows(small_clip)
    takes, exports, folder = window.context.takes, window.context.exports, tmp_path / "out"
    folder.mkdir()
    neural = takes.encode(Recipe(None, lmbda=0.3))
    rival, unwanted = takes.encode(SAME_RATE), takes.encode(SAME_RATE)
    exports.export_page(folder / "page.html")
    exports.export_charts(folder / "unwanted.csv")
    window._refresh_all()
    assert neural.status is rival.status is unwanted.status is Status.RUNNING and not window.banner.isVisible()
    assert rival.label == "HEVC (x265) matched to λ 0.3, preset ultrafast · waiting"
    progress = window.export_progress
    assert progress.isVisible() and "page.html waits for Hybrid λ 0.3" in progress.text.text()
    qtbot.mouseClick(window.side.takes.rows[unwanted.id].button, Qt.MouseButton.LeftButton)
    assert unwanted.status is Status.CANCELLED
    next(action for action in progress.menu.actions() if "unwanted" in action.text()).trigger()
    assert "unwanted" not in progress.toolTip()
    qtbot.waitUntil(lambda: rival.status is not Status.RUNNING, timeout=2 * WAIT_MS)
    assert rival.status is Status.READY, rival.error
    assert rival.recipe.matched_to == neural.id and neural.rate is not None
    qtbot.waitUntil(lambda: not progress.isVisible(), timeout=WAIT_MS)
    assert [file.name for file in folder.iterdir()] == ["page.html"]
    page = (folder / "page.html").read_text(encoding="utf-8")
    # The takes it waited for are on it, with their measured rates.
    assert rival.name in page and f"{rival.rate.kbps:.1f}" in page and f"{neural.rate.kbps:.1f}" in page


def test_a_rival_whose_encode_is_given_up_says_so_and_an_export_of_gone_takes_is_dropped(
    qtbot: QtBot, window: MainWindow, shows: Callable[[Path], None], small_clip: Path, clips: Path, tmp_path: Path
) -> None:
    shows(small_clip)
    takes, exports = window.context.takes, window.context.exports
    neural, rival = takes.encode(Recipe(None, lmbda=0.3)), takes.encode(SAME_RATE)
    window.engine.cancel(neural)
    qtbot.waitUntil(lambda: rival.status is not Status.RUNNING, timeout=WAIT_MS)
    assert rival.status is Status.FAILED
    assert rival.error == "Hybrid λ 0.3 was not encoded: there is no bitrate to match."
    again = takes.encode(Recipe(None, lmbda=0.2))
    exports.export_page(tmp_path / "page.html")
    window.engine.remove(again)
    assert not (tmp_path / "page.html").exists() and not window.export_progress.isVisible()
    assert "page.html was not written: the takes it waited for are gone." in window.banner.text()


def test_the_status_bar_says_that_the_codec_takes_its_time_at_the_first_start(window: MainWindow) -> None:
    window.engine.device = ""
    window._refresh_all()
    assert "getting the codec ready (at the first start for a minute or more)" in window.status_text.text()
    window.engine.device = "cpu"
    window._refresh_all()
    assert window.status_text.text().endswith("device cpu")
