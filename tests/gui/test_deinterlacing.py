"""An interlaced clip in the real window: said on its label, deinterlaced when asked for, in everything made of it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.state.takes import Status
from app.views.main_window import MainWindow
from codec.gop import SeamMode
from codec.media import open_clip
from codec.rivals.settings import RivalCodec
from tests.conftest import make_clip
from tests.gui.conftest import WAIT_MS

Opener = Callable[[Path], None]


@pytest.fixture(scope="module")
def combed(clips: Path) -> Path:
    """Two fields a frame of something that moves, coded interlaced."""
    options = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "4", "-flags", "+ildct+ilme")
    return make_clip(clips / "window-combed.mkv", *options, "-vf", "tinterlace=interleave_top", frames=9, rate="50")


def label(window: MainWindow) -> str:
    window._refresh_all()
    return next(iter(window.panes.values())).label.text()


def deinterlaced(window: MainWindow) -> bool:
    clip = window.session.clip
    return clip is not None and clip.info.deinterlaced


def test_the_clip_is_deinterlaced_by_a_key_and_its_label_says_so(
    qtbot: QtBot, window: MainWindow, shows: Opener, combed: Path
) -> None:
    shows(combed)
    assert "interlaced" in label(window) and "deinterlaced" not in label(window)
    assert not window.menus.actions["deinterlace"].isChecked()
    combs = window.session.clip.picture(3).y.copy()
    window.session.playback.seek(3)
    window.side.notes.setPlainText("tears at the edges")
    window.menus.trigger("deinterlace")
    qtbot.waitUntil(lambda: deinterlaced(window), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: window.shown_set is not None and window.shown_set.complete, timeout=WAIT_MS)
    assert "deinterlaced" in label(window) and window.menus.actions["deinterlace"].isChecked()
    assert window.session.playback.frame == 3 and window.session.notes == "tears at the edges"
    with open_clip(combed, deinterlace=True) as clip:
        shown = window.session.clip.picture(3).y
        assert np.array_equal(shown, clip.picture(3).y) and not np.array_equal(shown, combs)
    window.menus.trigger("deinterlace")
    qtbot.waitUntil(lambda: not deinterlaced(window), timeout=WAIT_MS)
    assert np.array_equal(window.session.clip.picture(3).y, combs)


def test_takes_and_projects_are_of_the_deinterlaced_clip(
    qtbot: QtBot, window: MainWindow, shows: Opener, combed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shows(combed)
    window.menus.trigger("deinterlace")
    qtbot.waitUntil(lambda: deinterlaced(window), timeout=WAIT_MS)
    take = window.engine.encode_rival(RivalCodec.HEVC, 1)
    qtbot.waitUntil(lambda: take.status is not Status.RUNNING, timeout=WAIT_MS)
    assert take.status is Status.READY, take.error
    coded = take.picture(3, SeamMode.BLENDED).y.astype(float)
    assert np.abs(coded - window.session.clip.picture(3).y).mean() < 1
    # What the takes are of does not change under them.
    window.menus.trigger("deinterlace")
    assert "Remove the takes first" in window.banner.text() and deinterlaced(window)
    target = tmp_path / "combed.seamscope"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(target), ""))
    window.menus.trigger("save_project")
    qtbot.waitUntil(lambda: window.context.files.projects.path == target, timeout=WAIT_MS)
    window.engine.open(combed)
    qtbot.waitUntil(lambda: not deinterlaced(window), timeout=WAIT_MS)
    window.context.files.open_paths([target])
    qtbot.waitUntil(lambda: deinterlaced(window) and len(window.session.takes) == 2, timeout=WAIT_MS)


def test_images_cannot_be_deinterlaced(window: MainWindow, shows: Opener, combed: Path, tmp_path: Path) -> None:
    make_clip(tmp_path / "f_%d.png", frames=2)
    shows(tmp_path / "f_%d.png")
    window._refresh_all()
    assert not window.menus.actions["deinterlace"].isEnabled()
