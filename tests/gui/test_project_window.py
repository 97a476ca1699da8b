"""Projects in the real window: saved, opened, dropped, recent, recovered, and asked about when closing."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from app.jobs.project_files import autosave_root
from app.state.recipes import Recipe
from app.state.session import Session
from app.state.settings import settings_file
from app.state.takes import Status
from app.views.dialogs.open_dialog import OpenDialog
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
    take = window.context.takes.encode(Recipe(RivalCodec.HEVC, quality=45, preset="ultrafast"))
    assert take is not None
    qtbot.waitUntil(lambda: take.status is Status.READY, timeout=WAIT_MS)
    window.context.takes.edits.rename(take, "coarse")
    window.side.notes.setPlainText("flickers")
    window.session.view.set_zoom(2.0)
    window._refresh_all()
    return window


def save(qtbot: QtBot, window: MainWindow, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(target), ""))
    window.menus.trigger("save_project")
    qtbot.waitUntil(lambda: window.context.files.projects.path == target, timeout=WAIT_MS)


def drop(window: MainWindow, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    window.dropEvent(QDropEvent(QPointF(5, 5), copy, data, left, Qt.KeyboardModifier.NoModifier))


def kept(qtbot: QtBot, window: MainWindow) -> Path:
    """Keep the session for a crash; returns where."""
    window.context.files.projects.autosave()
    qtbot.waitUntil(lambda: list(autosave_root().glob("run-*/autosave.seamscope")) != [], timeout=WAIT_MS)
    (own,) = autosave_root().iterdir()
    return own


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
    working.menus.trigger("encode_again")
    again = list(working.session.takes)[1]
    qtbot.waitUntil(lambda: again.status is Status.READY, timeout=WAIT_MS)
    assert again.name == "coarse" and working.context.files.projects.unsaved
    working.menus.trigger("save_project")
    qtbot.waitUntil(lambda: not working.context.files.projects.unsaved, timeout=WAIT_MS)


def test_a_clip_dropped_with_others_gets_them_as_takes(
    qtbot: QtBot, working: MainWindow, small_clip: Path, tmp_path: Path
) -> None:
    take = list(working.session.takes)[1]
    assert take.file is not None
    theirs = tmp_path / "theirs.mkv"
    shutil.copy(take.file, theirs)
    drop(working, small_clip, theirs)
    answer(working, DISCARD)
    dialogs = working.findChildren
    from app.views.dialogs.import_dialog import ImportDialog

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
    answer(working, DISCARD)
    qtbot.waitUntil(lambda: not working.banner.isHidden(), timeout=WAIT_MS)
    assert working.banner.text() == f"{bad}: the project is of version 99; this program reads up to 2."
    assert len(working.session.takes) == 2


def answer(window: MainWindow, kind: QMessageBox.StandardButton) -> str:
    """Press a button of the question that is open; returns what was asked."""
    box = window.context.files.leaving.box
    assert box is not None and box.isVisible()
    text = box.text()
    box.button(kind).click()
    return text


CANCEL, DISCARD, SAVE = (getattr(QMessageBox.StandardButton, name) for name in ("Cancel", "Discard", "Save"))


def test_a_clip_without_takes_and_notes_may_go_without_a_question(
    qtbot: QtBot, window: MainWindow, shows: Opener, small_clip: Path, numbered_clip: Path
) -> None:
    shows(small_clip)
    window.session.view.set_zoom(2.0)
    window.session.playback.seek(7)
    window._refresh_all()
    assert not window.isWindowModified() and "[*]" in window.windowTitle()
    drop(window, numbered_clip)
    qtbot.waitUntil(lambda: window.session.clip.path == numbered_clip, timeout=WAIT_MS)
    assert window.context.files.leaving.box is None
    assert window.close()


def test_the_title_says_what_is_not_saved_and_every_way_out_asks(
    qtbot: QtBot, working: MainWindow, small_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "work" / "night.seamscope"
    files = working.context.files
    assert working.isWindowModified()

    def choose() -> None:
        working.menus.trigger("open")
        dialog = next(d for d in working.findChildren(OpenDialog) if d.isVisible())
        dialog.selectFile(str(small_clip))
        dialog.accept()

    ways = {
        "quit": lambda: working.menus.trigger("quit"),
        "close": working.close,
        "open": choose,
        "drop": lambda: drop(working, small_clip),
        "project": lambda: drop(working, tmp_path / "other.seamscope"),
        "recent": lambda: files.open_paths([small_clip]),
    }
    for name, way in ways.items():
        way()
        text = answer(working, CANCEL)
        assert text.startswith("Takes and notes of clip.mp4 are not saved. Save before you "), name
        qtbot.wait(50)
        assert working.isVisible() and working.session.clip.path == tmp_path / "work" / "clip.mp4", name
        assert len(working.session.takes) == 2 and working.session.notes == "flickers"
    save(qtbot, working, target, monkeypatch)
    assert not working.isWindowModified()
    working.session.playback.seek(7)
    assert files.allows_close(working.close) and files.leaving.box is None
    working.session.set_notes("more")
    working._refresh_labels()
    assert working.isWindowModified()
    # Saving goes on with what was asked for, once the project is written.
    drop(working, small_clip)
    assert answer(working, SAVE).startswith("Takes and notes of night.seamscope are not saved.")
    qtbot.waitUntil(lambda: working.session.clip.path == small_clip, timeout=WAIT_MS)
    assert '"notes": "more"' in target.read_text() and not working.isWindowModified()


def test_a_save_that_is_given_up_or_fails_keeps_all(
    qtbot: QtBot, working: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    names = ["", str(tmp_path / "file" / "x.seamscope")]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (names.pop(0), ""))
    for _ in range(2):
        assert not working.close()
        answer(working, SAVE)
        if not names:
            qtbot.waitUntil(lambda: "cannot be written" in working.banner.text(), timeout=WAIT_MS)
        assert working.isVisible() and len(working.session.takes) == 2 and working.isWindowModified()
    assert names == []


def test_the_autosave_stays_until_the_answer_is_final(qtbot: QtBot, working: MainWindow) -> None:
    own = kept(qtbot, working)
    assert not working.close()
    assert (own / "autosave.seamscope").exists()
    answer(working, CANCEL)
    assert not working.close() and (own / "autosave.seamscope").exists()
    answer(working, DISCARD)
    assert not working.isVisible() and list(autosave_root().iterdir()) == []


def known_scores(window: MainWindow) -> int:
    """Frames of the first take whose PSNR is known."""
    session = window.session
    values = session.scores.values(session.score_key(list(session.takes)[1]), "psnr_db")
    return 0 if values is None else int(np.isfinite(values).sum())


def test_undo_goes_back_to_the_clip_before_with_takes_and_notes(
    qtbot: QtBot, working: MainWindow, numbered_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "work" / "night.seamscope"
    save(qtbot, working, target, monkeypatch)
    session = working.session
    session.set_notes("flickers still")
    session.playback.seek(9)
    take = list(session.takes)[1]
    qtbot.waitUntil(lambda: known_scores(working) > 0, timeout=WAIT_MS)
    before, picture = known_scores(working), take.picture(9, session.seam_mode).y
    drop(working, numbered_clip)
    answer(working, DISCARD)
    qtbot.waitUntil(lambda: session.clip.path == numbered_clip, timeout=WAIT_MS)
    assert len(session.takes) == 1 and session.notes == "" and working.context.files.projects.path is None
    session.set_notes("of the second")
    assert session.history.undo_text == "Open numbered.mkv"
    working._refresh_all()
    working.menus.trigger("undo")
    assert session.clip.path == tmp_path / "work" / "clip.mp4" and session.notes == "flickers still"
    assert list(session.takes)[1] is take and (take.picture(9, session.seam_mode).y == picture).all()
    assert session.playback.frame == 9 and session.view.zoom == 2.0
    assert known_scores(working) >= before
    assert working.context.files.projects.path == target
    qtbot.waitUntil(lambda: working.shown_set is not None and working.shown_set.complete, timeout=WAIT_MS)
    assert "night.seamscope" in working.windowTitle() and working.isWindowModified()
    # What was done before can still be undone, and the other clip comes again.
    session.history.undo()
    assert take.name != "coarse"
    session.history.redo()
    working._refresh_all()
    working.menus.trigger("redo")
    assert session.clip.path == numbered_clip and session.notes == "of the second"
    qtbot.waitUntil(lambda: working.shown_set is not None and working.shown_set.complete, timeout=WAIT_MS)
    assert working.mismatches == 0


def test_clips_put_away_are_given_back_in_the_end(
    qtbot: QtBot, working: MainWindow, small_clip: Path, numbered_clip: Path
) -> None:
    take = list(working.session.takes)[1]
    file = take.file
    working.context.files.leaving.give_up()
    for number, path in enumerate((small_clip, numbered_clip, small_clip)):
        assert file.exists() and file in working.engine.files_in_use, number
        drop(working, path)
        qtbot.waitUntil(lambda path=path: working.session.clip.path == path, timeout=WAIT_MS)
    assert not file.exists() and file not in working.engine.files_in_use
    assert working.session.history.undo_text == "Open small.mp4"
    working.session.history.undo()
    assert working.session.clip.path == numbered_clip


def test_what_a_crash_left_behind_is_offered_and_goes_on(qtbot: QtBot, working: MainWindow) -> None:
    own = kept(qtbot, working)
    # A copy has no owner: the lock is on the file of this run.
    shutil.copytree(own, own.with_name("run-left"))
    other = MainWindow(Session(settings_file()))
    other.show()
    try:
        qtbot.waitUntil(lambda: other.findChildren(QMessageBox) != [], timeout=WAIT_MS)
        box = other.findChildren(QMessageBox)[0]
        assert "did not end in good order" in box.text()
        next(button for button in box.buttons() if button.text() == "Go on").click()
        comes_back(qtbot, other)
        assert other.context.files.projects.path is None and other.isWindowModified()
        # It goes once it is kept anew.
        qtbot.waitUntil(lambda: not own.with_name("run-left").exists(), timeout=WAIT_MS)
        (anew,) = [p for p in autosave_root().iterdir() if p != own]
        assert (anew / "autosave.seamscope").exists()
    finally:
        other.context.files.leaving.give_up()
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
