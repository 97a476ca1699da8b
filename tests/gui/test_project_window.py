"""Projects in the real window: saved, opened, dropped, recent, recovered, and asked about when closing."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from app.jobs.project_files import autosave_root
from app.state.session import Session
from app.state.settings import settings_file
from app.state.takes import Recipe, Status
from app.views.main_window import MainWindow
from codec.rivals.settings import RivalCodec
from tests.gui.conftest import WAIT_MS

Opener = Callable[[Path], None]


@pytest.fixture
def working(qtbot: QtBot, window: MainWindow, shows: Opener, small_clip: Path, tmp_path: Path) -> MainWindow:
    """The window with a clip of its own folder, one rival, a note and a zoom."""
    folder = tmp_path / "work"
    folder.mkdir()
    shutil.copy(small_clip, folder / "clip.mp4")
    shows(folder / "clip.mp4")
    take = window.commands.desk.encode(Recipe(RivalCodec.HEVC, quality=45, preset="ultrafast"))
    assert take is not None
    qtbot.waitUntil(lambda: take.status is Status.READY, timeout=WAIT_MS)
    window.commands.desk.edits.rename(take, "coarse")
    window.side.notes.setPlainText("flickers")
    window.session.view.set_zoom(2.0)
    window._refresh_all()
    return window


def save(qtbot: QtBot, window: MainWindow, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(target), ""))
    window._trigger("save_project")
    qtbot.waitUntil(lambda: window.commands.desk.projects.path == target, timeout=WAIT_MS)


def drop(window: MainWindow, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    window.dropEvent(QDropEvent(QPointF(5, 5), copy, data, left, Qt.KeyboardModifier.NoModifier))


def comes_back(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: len(window.session.takes) == 2, timeout=WAIT_MS)
    take = list(window.session.takes)[1]
    qtbot.waitUntil(lambda: take.status is not Status.RUNNING, timeout=WAIT_MS)
    assert take.status is Status.READY, take.error
    assert take.name == "coarse" and window.session.notes == "flickers" and window.session.view.zoom == 2.0
    assert window.side.notes.toPlainText() == "flickers"
    qtbot.waitUntil(lambda: window.shown_set is not None and window.shown_set.complete, timeout=WAIT_MS)


def test_a_project_is_saved_and_comes_back_by_drop_and_from_the_recent_ones(
    qtbot: QtBot, working: MainWindow, shows: Opener, small_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "work" / "night.seamscope"
    save(qtbot, working, target, monkeypatch)
    assert "night.seamscope" in working.windowTitle()
    shows(small_clip)
    assert "night" not in working.windowTitle() and working.side.notes.toPlainText() == ""
    drop(working, target)
    comes_back(qtbot, working)
    assert "night.seamscope" in working.windowTitle()
    shows(small_clip)
    working._refresh_all()
    recent = next(a for a in working.menus._recent.actions() if "night" in a.text())
    recent.trigger()
    comes_back(qtbot, working)
    # The λ, seam and other settings of the window stay usable afterwards: a take can be encoded again.
    working._refresh_all()
    working._trigger("encode_again")
    again = list(working.session.takes)[1]
    qtbot.waitUntil(lambda: again.status is Status.READY, timeout=WAIT_MS)
    assert again.name == "coarse" and working.commands.desk.projects.unsaved
    working._trigger("save_project")
    qtbot.waitUntil(lambda: not working.commands.desk.projects.unsaved, timeout=WAIT_MS)


def test_a_clip_dropped_with_others_gets_them_as_takes(
    qtbot: QtBot, working: MainWindow, small_clip: Path, tmp_path: Path
) -> None:
    take = list(working.session.takes)[1]
    assert take.file is not None
    theirs = tmp_path / "theirs.mkv"
    shutil.copy(take.file, theirs)
    drop(working, small_clip, theirs)
    dialogs = working.findChildren
    from app.views.takes_import import ImportDialog

    qtbot.waitUntil(lambda: len(dialogs(ImportDialog)) == 1, timeout=WAIT_MS)
    dialog = dialogs(ImportDialog)[0]
    assert dialog.answers == {}
    dialog._accept()
    qtbot.waitUntil(lambda: len(working.session.takes) == 2, timeout=WAIT_MS)
    assert working.session.clip.path == small_clip


def test_a_file_that_is_no_project_is_told_and_what_is_open_stays(
    qtbot: QtBot, working: MainWindow, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.seamscope"
    bad.write_text('{"seamscope": 99}')
    drop(working, bad)
    qtbot.waitUntil(lambda: not working.banner.isHidden(), timeout=WAIT_MS)
    assert working.banner.text() == f"{bad}: the project is of version 99; this program reads up to 1."
    assert len(working.session.takes) == 2


def test_closing_asks_only_about_a_project_that_has_changed(
    qtbot: QtBot, working: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    answers = [QMessageBox.StandardButton.Cancel, QMessageBox.StandardButton.Close]

    def answer(_parent: object, _title: str, text: str, *_: object) -> QMessageBox.StandardButton:
        asked.append(text)
        return answers.pop(0)

    monkeypatch.setattr(QMessageBox, "question", answer)
    desk = working.commands.desk
    assert desk.allows_close() and asked == []
    save(qtbot, working, tmp_path / "work" / "night.seamscope", monkeypatch)
    assert desk.allows_close() and asked == []
    working.session.playback.seek(7)
    assert desk.allows_close() and asked == []
    working.session.set_notes("more")
    assert not working.close() and working.isVisible()
    assert asked == ["night.seamscope has changes that are not saved. Close all the same?"]
    assert working.close()


def test_what_a_crash_left_behind_is_offered_and_goes_on(qtbot: QtBot, working: MainWindow) -> None:
    working.commands.desk.projects.autosave()
    qtbot.waitUntil(lambda: working.runner.active == 0, timeout=WAIT_MS)
    (own,) = autosave_root().iterdir()
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    shutil.copytree(own, own.with_name(dead.stdout.decode().strip()))
    other = MainWindow(Session(settings_file()))
    other.show()
    try:
        qtbot.waitUntil(lambda: other.findChildren(QMessageBox) != [], timeout=WAIT_MS)
        box = other.findChildren(QMessageBox)[0]
        assert "did not end in good order" in box.text()
        next(button for button in box.buttons() if button.text() == "Go on").click()
        comes_back(qtbot, other)
        assert other.commands.desk.projects.path is None
        qtbot.waitUntil(lambda: [p.name for p in autosave_root().iterdir()] == [str(os.getpid())], timeout=WAIT_MS)
    finally:
        other.close()
        other.deleteLater()
        QApplication.processEvents()


def test_of_a_project_and_a_clip_asked_for_the_newer_is_shown(
    qtbot: QtBot, working: MainWindow, small_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "work" / "night.seamscope"
    save(qtbot, working, target, monkeypatch)
    shown: list[Path] = []
    working.session.clip_changed.connect(lambda: shown.append(working.session.clip.path))
    drop(working, target)
    drop(working, small_clip)
    qtbot.waitUntil(lambda: working.runner.active == 0 and shown != [], timeout=WAIT_MS)
    assert shown == [small_clip]
    drop(working, small_clip)
    drop(working, target)
    comes_back(qtbot, working)
    assert shown == [small_clip, tmp_path / "work" / "clip.mp4"]
