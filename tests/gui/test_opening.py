"""What can be opened in the real window, and that nothing which hangs holds it up."""

import json
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.jobs import tasks
from app.jobs.lane import GRACE_S
from app.views.dialogs.open_dialog import OpenDialog
from app.views.main_window import MainWindow
from tests.gui.conftest import WAIT_MS

Opener = Callable[[Path], None]


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Five images of 48x32, numbered from 0, among macOS's hidden ones."""
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(5):
        Image.new("RGB", (48, 32), (40 * number, 0, 0)).save(folder / f"name_{number:04d}.png")
        (folder / f"._name_{number:04d}.png").write_bytes(b"\x00\x05\x16\x07" + bytes(60))
    return folder


def drop(window: MainWindow, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    window.dropEvent(QDropEvent(QPointF(5, 5), copy, data, left, Qt.KeyboardModifier.NoModifier))


def asking(window: MainWindow) -> OpenDialog:
    window._refresh_all()
    window.menus.trigger("open")
    return next(d for d in window.findChildren(QFileDialog) if isinstance(d, OpenDialog) and d.isVisible())


def is_shown(qtbot: QtBot, window: MainWindow, path: Path) -> None:
    qtbot.waitUntil(
        lambda: window.session.clip is not None and window.session.clip.path == path and window.runner.active == 0,
        timeout=WAIT_MS,
    )
    assert window.session.clip.frame_count == 5


def test_folders_and_patterns_open_by_the_dialog_and_by_drop(qtbot: QtBot, window: MainWindow, images: Path) -> None:
    dialog = asking(window)
    dialog.setDirectory(str(images))
    dialog.folder_button.click()
    is_shown(qtbot, window, images)
    pattern = images / "name_%04d.png"
    dialog = asking(window)
    dialog.selectFile(str(pattern))
    dialog.accept()
    is_shown(qtbot, window, pattern)
    drop(window, images)
    is_shown(qtbot, window, images)


def test_a_pipe_is_refused_by_drop_and_the_window_goes_on(
    qtbot: QtBot, window: MainWindow, small_clip: Path, tmp_path: Path
) -> None:
    for name in ("pipe.mp4", "pipe.gop", "pipe.seamscope"):
        os.mkfifo(tmp_path / name)
        window.banner.hide()
        if name == "pipe.gop":
            window.engine.open(small_clip)
            qtbot.waitUntil(lambda: window.session.clip is not None, timeout=WAIT_MS)
        drop(window, tmp_path / name)
        qtbot.waitUntil(lambda: "named pipe" in window.banner.text() and not window.banner.isHidden(), timeout=WAIT_MS)


def test_a_project_that_names_devices_and_pipes_copies_nothing(
    qtbot: QtBot, window: MainWindow, small_clip: Path, tmp_path: Path
) -> None:
    clip = shutil.copy(small_clip, tmp_path / "clip.mp4")
    os.mkfifo(tmp_path / "pipe.mkv")
    takes = [
        {"kind": kind, "asked": "x", "recipe": recipe, "file": {"relative": "", "absolute": absolute, "content": ""}}
        for kind, absolute in (
            ("NEURAL", "/dev/zero"),
            ("HEVC", "/dev/zero"),
            ("HEVC", str(tmp_path / "pipe.mkv")),
            ("IMPORTED", "udp://127.0.0.1:9"),
        )
        for recipe in (True, False)
    ]
    project = {
        "seamscope": 1,
        "clip": {"relative": "", "absolute": str(clip), "content": ""},
        "stop": 20,
        "takes": takes,
    }
    file = tmp_path / "hostile.seamscope"
    file.write_text(json.dumps(project))
    drop(window, file)
    qtbot.waitUntil(lambda: len(window.session.takes) == 1 + len(takes), timeout=WAIT_MS)
    errors = [take.error for take in list(window.session.takes)[1:]]
    assert all("only regular files" in e or "not a stream" in e or "not opened" in e for e in errors), errors
    assert not any(f.name.startswith("restored") for f in window.engine.store.folder.iterdir())


def test_a_clip_that_does_not_open_is_given_up_and_another_opens(
    qtbot: QtBot, window: MainWindow, small_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, real = threading.Event(), tasks.open_clip

    def dead_disk(path: Path, **options: object) -> object:
        if path.name == "dead.mp4":
            stuck.wait(60)
        return real(path, **options)

    monkeypatch.setattr(tasks, "open_clip", dead_disk)
    try:
        window.engine.open(Path("dead.mp4"))
        qtbot.wait(100)
        window.engine.open(small_clip)
        qtbot.waitUntil(lambda: window.session.clip is not None, timeout=WAIT_MS)
        assert window.session.clip.path == small_clip
        window.engine.open(Path("dead.mp4"))
        qtbot.wait(100)
        began = time.monotonic()
        assert window.close()
        # Processes and threads are each given their grace, the stuck read no more than that.
        assert time.monotonic() - began < 5 * GRACE_S
    finally:
        stuck.set()
