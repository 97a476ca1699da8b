"""A codec that another package brings, in the real window: chosen, coded, watched, saved, opened again."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QSpinBox
from pytestqt.qtbot import QtBot

from app.state.takes import Status
from app.views.main_window import MainWindow
from codec.container.stream import read_info
from codec.gop import SeamMode
from codec.media import open_clip
from tests.gui.conftest import WAIT_MS
from tests.toy_codec import Toy, toy

__all__ = ["toy"]


@pytest.fixture
def installed(toy: Toy, window: MainWindow) -> Iterator[MainWindow]:
    """The window, made when the codec was there already."""
    yield window


def test_it_is_chosen_coded_watched_saved_and_opened_again(
    qtbot: QtBot, installed: MainWindow, shows: Callable[[Path], None], small_clip: Path, tmp_path: Path
) -> None:
    window, controls = installed, installed.side.neural
    shows(small_clip)
    assert controls.codec.isVisible()
    controls.codec.setFocus()
    for _ in range(controls.codec.count() - 1):
        qtbot.keyClick(controls.codec, Qt.Key.Key_Down)
    assert controls.codec.currentText() == "Toy" and controls.number.text() == "2"
    effort, order, inverted = (controls.options[name] for name in ("effort", "order", "inverted"))
    assert isinstance(effort, QSpinBox) and isinstance(order, QComboBox) and isinstance(inverted, QCheckBox)
    assert (effort.minimum(), effort.maximum(), effort.toolTip()) == (1, 9, "How hard deflate tries")
    qtbot.keyClick(order, Qt.Key.Key_Down)
    qtbot.mouseClick(inverted, Qt.MouseButton.LeftButton, pos=QPoint(8, inverted.height() // 2))
    assert inverted.isChecked()
    window.session.draft.set_lmbda(8.0)
    qtbot.mouseClick(controls.encode, Qt.MouseButton.LeftButton)
    take = list(window.session.takes)[1]
    qtbot.waitUntil(lambda: take.status is not Status.RUNNING and take.disjoint.rate is not None, timeout=WAIT_MS)
    assert take.status is Status.READY, take.error
    assert (
        take.name == "Toy λ 8, order columns, inverted"
        and "--codec toy" in take.command
        and "--order columns --inverted" in take.command
    )
    assert take.file is not None and read_info(take.file).codec == "toy"
    with open_clip(small_clip) as clip:
        for mode in SeamMode:
            assert np.array_equal(take.picture(11, mode).y, 255 - clip.picture(11).y), mode
    qtbot.waitUntil(lambda: len(window.shown_set.images) == 2 and window.shown_set.complete, timeout=WAIT_MS)
    projects = window.context.files.projects
    projects.save(tmp_path / "kept")
    qtbot.waitUntil(lambda: projects.path is not None, timeout=WAIT_MS)
    projects.open(projects.path)
    qtbot.waitUntil(
        lambda: len(window.session.takes) == 2 and list(window.session.takes)[1] is not take, timeout=WAIT_MS
    )
    again = list(window.session.takes)[1]
    qtbot.waitUntil(lambda: again.rate is not None and again.source is not None, timeout=WAIT_MS)
    assert again.name == take.name and again.recipe == take.recipe
