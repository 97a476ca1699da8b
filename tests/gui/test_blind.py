"""A blind test in the real window: a whole run by keys against real encodes, a run that is killed, and what can be told
of either side meanwhile."""

import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.controllers.blind import preparing
from app.controllers.blind.run import BlindRun, Phase
from app.jobs.blind.journals import read_runs
from app.render.scaling import pixels_of
from app.state.blind.journal import State
from app.state.blind.tasks import NOT_SURE, Task
from app.state.takes import Status
from app.views.blind.tiles import tile_areas
from app.views.main_window import MainWindow
from codec.context import QUIET
from codec.rivals.settings import RivalCodec
from tests.conftest import make_clip
from tests.gui.conftest import WAIT_MS
from tests.proofs.blind_observer import Observer

KEYS = {0: Qt.Key.Key_Left, 1: Qt.Key.Key_Right, NOT_SURE: Qt.Key.Key_Down}
SPREAD = 0.25


@pytest.fixture(scope="session")
def short_clip(clips: Path) -> Path:
    """96x64, 18 frames: two GoP boundaries."""
    options = ("-c:v", "ffv1", "-pix_fmt", "yuv420p", "-g", "1", "-colorspace", "bt709", "-color_range", "tv")
    return make_clip(clips / "short.mkv", *options, frames=18)


@pytest.fixture
def begun(
    qtbot: QtBot, window: MainWindow, shows: Callable[[Path], None], short_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Task], BlindRun]:
    """Set a test up by the screen's fields, and wait for its first page."""
    monkeypatch.setattr(preparing.secrets, "randbits", lambda bits: 20260301)

    def run(task: Task) -> BlindRun:
        shows(short_clip)
        if task is Task.PARITY:
            take = window.engine.encode_rival(RivalCodec.HEVC, 30)
            assert take is not None
            qtbot.waitUntil(lambda: take.status is Status.READY, timeout=WAIT_MS)
        QTest.keyClick(window, Qt.Key.Key_F9)
        setup, blind = window.blind.setup, window.context.blind
        assert blind.is_open and setup.isVisible()
        setup.tasks[task].setChecked(True)
        setup.lowest.setValue(0.02)
        QTest.keyClicks(setup.observer, "Ann")
        QTest.mouseClick(setup.start, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: blind.run is not None or bool(blind.problem), timeout=2 * WAIT_MS)
        assert blind.run is not None, blind.problem
        assert window.blind.trial.isVisible() and window.blind.trial.hasFocus()
        return blind.run

    return run


def middle(run: BlindRun) -> float:
    """A threshold of which the levels tell."""
    return (run.setup.levels[0] + run.setup.levels[-1]) / 2


def surroundings(window: MainWindow) -> tuple[object, ...]:
    """Everything beside the tiles that a viewer, a screen reader or a task bar is told."""
    seen = [part for part in (window, *window.findChildren(QWidget)) if part.isVisible()]
    texts = [
        (type(part).__name__, part.accessibleName(), part.accessibleDescription(), part.toolTip(), part.statusTip(),
         part.windowTitle(), part.whatsThis(), part.cursor().shape(), part.focusPolicy())
        for part in seen
    ]  # fmt: skip
    page = window.blind.trial
    image = page.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    around = pixels_of(image).copy()
    for tile in tile_areas(Task.PARITY, page.width(), page.height()):
        rect = tile.toAlignedRect()
        around[rect.top() : rect.bottom() + 1, rect.left() : rect.right() + 1] = 0
    focus, top = QApplication.focusWidget(), [each.title() for each in QApplication.topLevelWindows()]
    icon = QApplication.windowIcon().isNull(), window.isWindowModified()
    return tuple(texts), around.tobytes(), focus, tuple(top), icon


def test_a_run_by_keys_finds_the_threshold_and_tells_nothing_of_sides(
    qtbot: QtBot, window: MainWindow, begun: Callable[[Task], BlindRun], short_clip: Path
) -> None:
    run, page = begun(Task.PARITY), window.blind.trial
    observer, random = Observer(middle(run), SPREAD, not_sure=0.1), np.random.default_rng(5)
    told: dict[int, set[tuple[object, ...]]] = defaultdict(set)
    waits: dict[int, list[float]] = defaultdict(list)
    QTest.keyClick(page, Qt.Key.Key_Space)
    while True:
        qtbot.waitUntil(lambda: run.phase is Phase.PLAYING or run.is_over, timeout=WAIT_MS)
        if run.is_over:
            break
        trial, shown = run.trial, run._shown
        assert trial is not None and shown is not None
        if len(told[trial.place]) == 0 or trial.number < 12:
            told[trial.place].add(surroundings(window))
            # Both sides are of this moment, and lie where the seed put them.
            assert run.tiles()[trial.place] in shown.tiles[trial.place]
        answer = observer.answer(run.task, trial, shown.x, random)
        QTest.keyClick(page, KEYS[answer])
        assert run.phase is Phase.GREY and run.tiles() == ()
        waits[trial.place].append(run._grey_until - run._now)
    assert run.phase is Phase.DONE, run.problem
    assert len(told[0]) == 1 and told[0] == told[1]
    assert set(waits[0]) == set(waits[1])
    qtbot.waitUntil(window.blind.result.isVisible, timeout=WAIT_MS)
    written = read_runs(QUIET)[-1]
    result = written.result()
    assert list(written.answered) == run.procedure.answered
    assert np.log2(result.threshold.low) <= middle(run) <= np.log2(result.threshold.high)
    assert result.threshold.high / result.threshold.low <= 2**0.76
    rates = {each.level: each.kbps for each in written.levels}
    assert all(abs(2**each.x - rates[each.trial.level]) < 1e-6 for each in written.answered)
    text = window.blind.result.text()
    assert written.sentence() in text and "an engineering pre-test" in text and str(written.setup.seed) in text
    assert window.session.blind.complete == (written,)
    assert window.windowTitle().startswith(short_clip.name) and window.menuBar().isVisible()


def test_undo_breaks_and_the_source_by_keys(
    qtbot: QtBot, window: MainWindow, begun: Callable[[Task], BlindRun]
) -> None:
    run, page, blind = begun(Task.TRANSPARENCY), window.blind.trial, window.context.blind
    assert window.windowTitle() == "Blind test"
    assert not window.menuBar().isVisible() and not window.statusBar().isVisible()
    QTest.keyClick(page, Qt.Key.Key_Space)

    def playing() -> None:
        qtbot.waitUntil(lambda: run.phase is Phase.PLAYING, timeout=WAIT_MS)

    playing()
    images = {bytes(pixels_of(image).tobytes()) for image in run.tiles()}
    assert len(run.tiles()) == 4 and len(images) == 2
    # Shortcuts of the window, the source, "not sure" and the mouse do nothing.
    for key in (Qt.Key.Key_S, Qt.Key.Key_Down, Qt.Key.Key_D, Qt.Key.Key_Tab, Qt.Key.Key_F9):
        QTest.keyClick(page, key)
    QTest.mouseClick(page, Qt.MouseButton.LeftButton)
    assert run.phase is Phase.PLAYING and run.procedure.answered == [] and page.hasFocus()
    assert len({bytes(pixels_of(image).tobytes()) for image in run.tiles()}) == 2
    QTest.keyClick(page, Qt.Key.Key_1)
    assert len(run.procedure.answered) == 1 and run.can_undo
    QTest.keyClick(page, Qt.Key.Key_Backspace)
    assert run.procedure.answered == []
    playing()
    QTest.keyClick(page, Qt.Key.Key_Backspace)
    assert run.phase is Phase.PLAYING
    # Three times the pictures, then grey with the question.
    qtbot.waitUntil(lambda: run.phase is Phase.ASKING, timeout=WAIT_MS)
    assert run.tiles() == ()
    QTest.keyClick(page, Qt.Key.Key_3)
    playing()
    QTest.keyClick(page, Qt.Key.Key_Backspace)
    assert len(run.procedure.answered) == 1
    QTest.keyClick(page, Qt.Key.Key_Escape)
    assert run.phase is Phase.BREAK
    QTest.keyClick(page, Qt.Key.Key_Q)
    assert not blind.is_open and window.stage.isVisible()
    qtbot.waitUntil(lambda: read_runs(QUIET)[-1].state is State.ABORTED, timeout=WAIT_MS)
    kept = read_runs(QUIET)[-1]
    assert len(kept.answered) == 1 and kept.answered[0].answer == 2 and kept.breaks == 1
    QTest.keyClick(window, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: "aborted, 1 answers" in window.blind.setup.earlier.text(), timeout=WAIT_MS)
    assert "kbps" not in window.blind.setup.earlier.text()


ANSWERING = """
import sys, time
from pathlib import Path
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from app.controllers.blind.run import Phase
from app.state.session import Session
from app.state.settings import settings_file
from app.views.main_window import MainWindow

def until(there):
    while not there():
        application.processEvents()
        time.sleep(0.002)

if __name__ == "__main__":
    application = QApplication([])
    window = MainWindow(Session(settings_file()))
    window.show()
    window.engine.open(Path(sys.argv[1]))
    until(lambda: window.session.clip is not None)
    window.menus.trigger("blind_test")
    setup, blind = window.blind.setup, window.context.blind
    from app.state.blind.tasks import Task
    setup.tasks[Task.TRANSPARENCY].setChecked(True)
    setup.lowest.setValue(0.02)
    setup.observer.setText("Bob")
    setup.start.click()
    until(lambda: blind.run is not None or blind.problem)
    run, page = blind.run, window.blind.trial
    QTest.keyClick(page, Qt.Key.Key_Space)
    for number in range(40):
        until(lambda: run.phase is Phase.PLAYING)
        print(f"{number} answered, {run.procedure.trial.place} is asked", flush=True)
        QTest.keyClick(page, Qt.Key.Key_1)
"""


def test_a_killed_run_has_every_answer_and_no_result(
    qtbot: QtBot, window: MainWindow, shows: Callable[[Path], None], short_clip: Path, tmp_path: Path
) -> None:
    script = tmp_path / "answering.py"
    script.write_text(ANSWERING)
    command = [sys.executable, str(script), str(short_clip)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert process.stdout is not None
    try:
        lines = [line for line in (process.stdout.readline() for _ in range(8)) if line]
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        process.stdout.close()
    assert lines[-1].startswith("7 answered"), lines
    runs = read_runs(QUIET)
    assert len(runs) == 1 and runs[0].state is State.INTERRUPTED
    # The eighth may have been answered, too, before the end came.
    assert len(runs[0].answered) in (7, 8)
    assert [each.answer for each in runs[0].answered] == [0] * len(runs[0].answered)
    assert [each.trial.place for each in runs[0].answered[:7]] == [int(line.split()[2]) for line in lines[:7]]
    shows(short_clip)
    QTest.keyClick(window, Qt.Key.Key_F9)
    earlier = window.blind.setup.earlier
    qtbot.waitUntil(lambda: "interrupted" in earlier.text(), timeout=WAIT_MS)
    assert "kbps" not in earlier.text()


def test_what_cannot_be_tested_is_said(
    qtbot: QtBot, window: MainWindow, shows: Callable[[Path], None], short_clip: Path
) -> None:
    shows(short_clip)
    began = time.monotonic()
    QTest.keyClick(window, Qt.Key.Key_F9)
    setup = window.blind.setup
    assert setup.observer.hasFocus() and setup.rival.currentIndex() == -1
    assert "Add rival" in setup.rival.placeholderText()
    QTest.keyClick(setup.observer, Qt.Key.Key_Return)
    assert "Name the observer" in setup.status.text()
    for change, said in (
        (lambda: None, "Name the observer"),
        (lambda: setup.observer.setText("Ann"), "add a rival first"),
        (lambda: setup.tasks[Task.TRANSPARENCY].setChecked(True) or setup.count.setValue(9), "GoP boundaries"),
        (lambda: setup.first.setValue(10), "18 frames"),
    ):
        change()
        QTest.mouseClick(setup.start, Qt.MouseButton.LeftButton)
        assert said in setup.status.text()
    assert window.context.blind.run is None and read_runs(QUIET) == ()
    QTest.mouseClick(setup.back, Qt.MouseButton.LeftButton)
    assert window.stage.isVisible() and time.monotonic() - began < 30
