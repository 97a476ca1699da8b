"""Choosing a take in the real window: by one key, seen everywhere, undone, kept by the project, listed."""

import csv
import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog
from pytestqt.qtbot import QtBot

from app.jobs.points import collect_points, write_points
from app.state.takes import Kind, Take
from app.views.dialogs.choice_dialog import ChoiceDialog, PointsDialog
from app.views.main_window import MainWindow
from codec.context import QUIET
from codec.errors import MediaError
from tests.gui.conftest import WAIT_MS

WHY = "cheap, and <b>calm</b>"


def dialog_of(kind: type[QDialog]) -> QDialog:
    (found,) = (w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible())
    return found


def back_to(qtbot: QtBot, window: MainWindow) -> None:
    """Give the window the keys again: nobody else does without a window manager."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT_MS)


def choose(qtbot: QtBot, window: MainWindow, who: str, why: str) -> None:
    qtbot.keyClick(window, Qt.Key.Key_A)
    dialog = dialog_of(ChoiceDialog)
    assert isinstance(dialog, ChoiceDialog)
    dialog.who.clear()
    qtbot.keyClicks(dialog.who, who)
    qtbot.keyClicks(dialog.why, why)
    qtbot.keyClick(dialog.why, Qt.Key.Key_Return)
    back_to(qtbot, window)


def test_a_take_is_chosen_shown_undone_and_told_by_the_page(
    qtbot: QtBot,
    window: MainWindow,
    two_takes: tuple[Take, Take],
    tmp_path: Path,
) -> None:
    _, take = two_takes
    session = window.session
    choose(qtbot, window, "Mai", WHY)
    assert session.choice is not None and session.choice.take == take.id and session.choice.who == "Mai"
    assert take.rate is not None and session.choice.kbps == take.rate.kbps
    row = window.side.takes.rows[take.id]
    assert row.label.text().startswith("★")
    qtbot.waitUntil(window.menus.actions["undo"].isEnabled, timeout=WAIT_MS)
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert session.choice is None and not row.label.text().startswith("★")
    qtbot.waitUntil(window.menus.actions["redo"].isEnabled, timeout=WAIT_MS)
    qtbot.keyClick(window, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert session.choice is not None
    qtbot.keyClick(window, Qt.Key.Key_A)
    again = dialog_of(ChoiceDialog)
    assert isinstance(again, ChoiceDialog) and again.who.text() == "Mai" and again.why.text() == WHY
    again.reject()
    back_to(qtbot, window)
    page = tmp_path / "page.html"
    window.context.exports.export_page(page)
    qtbot.waitUntil(page.exists, timeout=WAIT_MS)
    assert "Chosen by Mai" in page.read_text("utf-8") and "cheap, and &lt;b&gt;calm" in page.read_text("utf-8")


def test_choices_are_saved_and_listed_over_a_folder(
    qtbot: QtBot,
    window: MainWindow,
    two_takes: tuple[Take, Take],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, take = two_takes
    session = window.session
    choose(qtbot, window, "Mai", WHY)
    folder = tmp_path / "projects"
    folder.mkdir()
    projects = window.engine.projects
    projects.save(folder / "first.seamscope")
    # The file is there a little before the window knows.
    qtbot.waitUntil(lambda: projects.path == folder / "first.seamscope", timeout=WAIT_MS)
    kept = session.choice
    assert kept is not None
    qtbot.keyClick(window, Qt.Key.Key_A)
    again = dialog_of(ChoiceDialog)
    assert isinstance(again, ChoiceDialog)
    qtbot.mouseClick(again.drop, Qt.MouseButton.LeftButton)
    assert session.choice is None
    page = tmp_path / "page.html"
    window.context.exports.export_page(page)
    qtbot.waitUntil(page.exists, timeout=WAIT_MS)
    listed_there = page.read_text("utf-8")
    assert "Operating points of the folder" in listed_there and "<td>first</td>" in listed_there
    projects.save(folder / "second.seamscope")
    qtbot.waitUntil((folder / "second.seamscope").exists, timeout=WAIT_MS)
    (folder / "third.seamscope").write_text("{", encoding="utf-8")
    projects.open(folder / "first.seamscope")
    qtbot.waitUntil(lambda: session.choice is not None, timeout=WAIT_MS)
    found = session.takes.by_id(session.choice.take)
    assert found is not None and found.kind is Kind.HEVC and found.look == take.look
    assert (session.choice.kbps, session.choice.when, session.choice.why) == (kept.kbps, kept.when, kept.why)

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_a, **_k: str(folder))
    window.menus.trigger("points")
    qtbot.waitUntil(
        lambda: any(isinstance(w, PointsDialog) and w.isVisible() for w in QApplication.topLevelWidgets()),
        timeout=WAIT_MS,
    )
    listed = dialog_of(PointsDialog)
    assert isinstance(listed, PointsDialog) and listed.table.rowCount() == 1
    assert "1 project has no operating point." in listed.told.text() and "third.seamscope" in listed.told.text()
    listed.reject()
    table = collect_points(QUIET, folder)
    write_points(None, table, tmp_path / "points.csv")
    write_points(None, table, tmp_path / "points.json")
    with (tmp_path / "points.csv").open(newline="", encoding="utf-8") as file:
        (entry,) = csv.DictReader(file)
    (same,) = json.loads((tmp_path / "points.json").read_text("utf-8"))
    assert entry["project"] == same["project"] == "first" and float(entry["kbps"]) == same["kbps"] == kept.kbps
    assert entry["why"] == same["why"] == WHY and entry["clip"] == "numbered.mkv"
    with pytest.raises(MediaError, match="no Seamscope projects"):
        collect_points(QUIET, tmp_path)
