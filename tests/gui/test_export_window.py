"""Exports as the window starts them: what is shown is what is written."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from app.exports.frames import Box
from app.state.imports import ImportDecision
from app.state.recipes import Recipe
from app.state.takes import Status
from app.views.dialogs.video_dialog import VideoDialog
from app.views.main_window import MainWindow
from codec.media import open_clip
from codec.media.colour import to_rgb
from codec.rivals.settings import RivalCodec
from tests.gui.conftest import WAIT_MS

Opener = Callable[[Path], None]


@pytest.fixture
def working(qtbot: QtBot, window: MainWindow, shows: Opener, small_clip: Path) -> MainWindow:
    shows(small_clip)
    take = window.context.takes.encode(Recipe(RivalCodec.HEVC, quality=45, preset="ultrafast"))
    assert take is not None
    qtbot.waitUntil(lambda: take.status is Status.READY and window.runner.active == 0, timeout=WAIT_MS)
    window._refresh_all()
    return window


def idle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: window.runner.active == 0, timeout=WAIT_MS)


def test_crops_are_the_region_or_what_the_panes_show(qtbot: QtBot, working: MainWindow, tmp_path: Path) -> None:
    session, exports = working.session, working.context.exports
    session.playback.seek(6)
    assert exports.box() == Box(0, 0, 96, 64)
    session.view.inspection.set_region((10, 20, 42, 36), (96, 64))
    assert exports.box() == Box(10, 20, 32, 16)
    exports.save_frames(tmp_path, exports.box())
    idle(qtbot, working)
    for take in session.takes:
        (file,) = tmp_path.glob(f"crop_0006_{take.id}_*.png")
        assert np.array_equal(np.asarray(Image.open(file)), to_rgb(take.picture(6, session.seam_mode))[20:36, 10:42])
    session.view.inspection.set_region(None, (96, 64))
    session.view.set_zoom(16.0)
    box = exports.box()
    canvas = next(iter(working.panes.values())).canvas
    assert abs(box.width - canvas.width() / 16) <= 1 and abs(box.height - min(64, canvas.height() / 16)) <= 1
    assert abs((box.left + box.width / 2) - 48) <= 1


def test_the_video_of_the_range_is_written_as_the_dialog_says(
    qtbot: QtBot, working: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(tmp_path / "pair"), ""))
    working.session.playback.set_in(5)
    working.session.playback.set_out(12)
    working.menus.trigger("export_video")
    (dialog,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, VideoDialog) and w.isVisible()]
    dialog.slow.setChecked(True)
    dialog.labelled.setChecked(False)
    dialog.per_row.setCurrentIndex(dialog.per_row.findData(1))
    dialog.accept()
    assert working.export_progress.isVisible()
    idle(qtbot, working)
    assert not working.export_progress.isVisible()
    with open_clip(tmp_path / "pair.mp4") as made:
        assert (made.frame_count, made.width, made.height) == (8, 96, 132)
        assert float(made.timing.frame_rate) == 12.5


def test_an_export_can_be_cancelled_and_leaves_nothing(qtbot: QtBot, working: MainWindow, tmp_path: Path) -> None:
    exports = working.context.exports
    folder = tmp_path / "out"
    folder.mkdir()
    exports.export_video(exports.video_request(), folder / "a.mp4")
    working.export_progress.cancel.click()
    idle(qtbot, working)
    assert list(folder.iterdir()) == [] and not working.export_progress.isVisible()


def test_exports_asked_for_together_are_all_written_or_cancelled_one_by_one(
    qtbot: QtBot, working: MainWindow, tmp_path: Path
) -> None:
    exports = working.context.exports
    folder = tmp_path / "out"
    folder.mkdir()
    exports.export_video(exports.video_request(), folder / "a.mp4")
    exports.export_video(exports.video_request(), folder / "b.mp4")
    exports.export_charts(folder / "c.csv")
    assert not working.banner.isVisible() and "2 more waiting" in working.export_progress.text.text()
    assert "b.mp4 waits" in working.export_progress.toolTip()
    (entry,) = [action for action in working.export_progress.menu.actions() if "b.mp4" in action.text()]
    entry.trigger()
    idle(qtbot, working)
    assert sorted(file.name for file in folder.iterdir()) == ["a.mp4", "c.csv"]
    assert not working.export_progress.isVisible() and exports.queue.exports == []


def test_quitting_before_an_export_is_written_asks(
    qtbot: QtBot, window: MainWindow, shows: Opener, small_clip: Path, tmp_path: Path
) -> None:
    shows(small_clip)
    context, kinds = window.context, QMessageBox.StandardButton
    context.exports.export_video(context.exports.video_request(), tmp_path / "a.mp4")
    window.menus.trigger("quit")
    box = context.files.leaving.box
    assert box is not None
    assert box.text() == "1 export is not written yet and will be lost. Quit all the same?"
    # There is nothing to save, and Enter stays.
    assert box.button(kinds.Save) is None and box.defaultButton() is box.button(kinds.Cancel)
    box.button(kinds.Cancel).click()
    # Not for all work: the networks are being loaded.
    qtbot.waitUntil(lambda: context.exports.queue.exports == [], timeout=WAIT_MS)
    assert (tmp_path / "a.mp4").exists() and window.isVisible()
    assert context.files.allows_close(window.close)
    context.exports.export_video(context.exports.video_request(), tmp_path / "b.mp4")
    window.menus.trigger("quit")
    box = context.files.leaving.box
    assert box is not None
    box.button(kinds.Discard).click()
    assert not window.isVisible() and not list(tmp_path.glob("*b.mp4"))


def test_charts_and_the_page_are_written_as_shown(
    qtbot: QtBot, working: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = list(working.session.takes)[1]
    names = iter([tmp_path / "c.csv", tmp_path / "c.svg", tmp_path / "p"])
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(next(names)), ""))
    working.charts.toggles["psnr_db"].setChecked(False)
    for name in ("export_charts", "export_charts", "export_page"):
        working.menus.trigger(name)
        idle(qtbot, working)
    head, *rows = (tmp_path / "c.csv").read_text().splitlines()
    columns = [f'"{take.name}: {key}"' for key in ("lpips", "tlp", "bits")]
    assert head == ",".join(["frame", "time_s", *columns])
    assert len(rows) == 20
    assert "<svg" in (tmp_path / "c.svg").read_text()
    page = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert take.name in page and "data:image/png;base64," in page
    assert "Written" in working.statusBar().currentMessage()


def test_a_take_is_exported_under_its_name(
    qtbot: QtBot, working: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposed: list[str] = []

    def answer(_parent: object, _title: str, name: str, *_: object) -> tuple[str, str]:
        proposed.append(name)
        return str(tmp_path / "mine.mkv"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    take = list(working.session.takes)[1]
    working.session.select(take)
    working.menus.trigger("export_take")
    idle(qtbot, working)
    assert (tmp_path / "mine.mkv").read_bytes() == take.file.read_bytes()
    assert proposed == ["HEVC__x265__CRF_45__preset_ultrafast.mkv"]
    assert not [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()]


def test_the_worst_frames_are_written_with_their_reference(
    qtbot: QtBot, working: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = working.session
    take = list(session.takes)[1]
    working.menus.trigger("panel_worst")
    panel = working.inspector_panel.worst
    panel.choice.setCurrentIndex(panel.choice.findData("psnr_db"))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *a, **k: str(tmp_path))
    panel.save.click()
    idle(qtbot, working)
    entries = panel.entries()
    assert len(list(tmp_path.glob("worst_psnr_*.png"))) == 2 * len(entries) > 2
    scores = session.scores.values(session.score_key(take), "psnr_db")
    assert entries[0].frame == int(np.argmin(scores))
    stem = f"worst_psnr_01_frame_{entries[0].frame:04d}"
    for shown, name in ((take, "hevc_x265_crf_45_preset_ultrafast"), (next(iter(session.takes)), "reference")):
        with Image.open(tmp_path / f"{stem}_{name}.png") as image:
            assert np.array_equal(np.asarray(image), to_rgb(shown.picture(entries[0].frame, session.seam_mode)))
    session.takes.set_visible(take, False)
    working.menus.trigger("save_worst")
    assert "No frame of the takes shown has been measured" in working.banner.text()


def test_no_export_replaces_a_file_in_use(
    qtbot: QtBot,
    window: MainWindow,
    shows: Opener,
    small_clip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    clip = folder / "clip.mp4"
    shutil.copy(small_clip, clip)
    theirs = folder / "theirs.mp4"
    shutil.copy(small_clip, theirs)
    shows(clip)
    takes, exports = window.context.takes, window.context.exports
    takes.imports.asked.disconnect()
    takes.imports.asked.connect(lambda question: takes.edits.added(takes.imports.accept(question, ImportDecision())))
    takes.imports.look_at(theirs)
    qtbot.waitUntil(lambda: len(window.session.takes) == 2, timeout=WAIT_MS)
    take = list(window.session.takes)[1]
    qtbot.waitUntil(lambda: take.status is Status.READY, timeout=WAIT_MS)
    proposed: list[str] = []
    names: list[str] = []

    def answer(_parent: object, _title: str, name: str, *_: object) -> tuple[str, str]:
        proposed.append(Path(name).name)
        return names.pop(0), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    before = clip.read_bytes(), theirs.read_bytes()
    # Under every suffix an export can have lies a file in use.
    links = {}
    for suffix in ("mp4", "mkv", "html", "csv", "svg", "png", "gop", "seamscope"):
        links[suffix] = folder / f"link.{suffix}"
        os.link(theirs if suffix in ("html", "png", "mkv") else clip, links[suffix])
    window._refresh_all()
    for name, target in (
        ("export_video", clip),
        ("export_video", links["mkv"]),
        ("export_page", links["html"]),
        ("export_charts", links["csv"]),
        ("export_charts", links["svg"]),
        ("save_view", links["png"]),
        ("save_project", links["seamscope"]),
        ("export_take", theirs),
        ("export_take", clip),
    ):
        names.append(str(target))
        window.show_message("")
        window.session.select(take)
        window._refresh_all()
        window.menus.trigger(name)
        for dialog in [w for w in QApplication.topLevelWidgets() if isinstance(w, VideoDialog) and w.isVisible()]:
            dialog.accept()
        qtbot.waitUntil(lambda: "being read; choose another output" in window.banner.text(), timeout=WAIT_MS)
        assert names == [], name
        assert (clip.read_bytes(), theirs.read_bytes()) == before, name
    assert proposed[0] == "clip_compare.mp4"
    # A take that can come back is in use, too.
    takes.edits.remove(take)
    window.show_message("")
    exports.export_charts(links["csv"])
    qtbot.waitUntil(lambda: "being read; choose another output" in window.banner.text(), timeout=WAIT_MS)
    assert theirs in window.engine.files_in_use and theirs.read_bytes() == before[1]
    assert sorted(p.name for p in folder.iterdir()) == sorted(
        ["clip.mp4", "theirs.mp4", *(link.name for link in links.values())]
    )


def test_a_name_that_gets_its_suffix_later_replaces_nothing_unasked(
    qtbot: QtBot, working: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "p.html").write_text("mine")
    answers = [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(tmp_path / "p"), "HTML page (*.html)"))
    monkeypatch.setattr(QMessageBox, "question", lambda *a, **k: answers.pop(0))
    working.menus.trigger("export_page")
    idle(qtbot, working)
    assert (tmp_path / "p.html").read_text() == "mine"
    working.menus.trigger("export_page")
    idle(qtbot, working)
    assert answers == [] and "<html" in (tmp_path / "p.html").read_text(encoding="utf-8")
