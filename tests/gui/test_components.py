"""Single channels in the real window."""

import numpy as np
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.render.components import component_picture
from app.state.components import Component
from app.views.main_window import MainWindow
from codec.gop import SeamMode
from codec.media.colour import to_rgb
from tests.gui.test_layouts import Takes, rgb, settle


def test_one_channel_is_shown_in_all_panes_and_said(qtbot: QtBot, window: MainWindow, two_takes: Takes) -> None:
    window.session.playback.seek(9)
    texts = []
    for component in Component:
        qtbot.keyClick(window, Qt.Key.Key_Q)
        settle(qtbot, window)
        for take in two_takes:
            truth = component_picture(take.picture(9, SeamMode.BLENDED), component)
            pane = window.panes[take.id]
            assert np.array_equal(rgb(pane.canvas.image), to_rgb(truth))
            assert f" · {component.value}: " in pane.label.text()
            shown = rgb(pane.canvas.grab().toImage())[pane.canvas.height() // 2, pane.canvas.width() // 2]
            assert np.abs(shown.astype(int) - to_rgb(truth)[32, 48]).max() <= 2
        assert window.menus.actions[f"component_{component.name.lower()}"].isChecked()
        texts.append(window.panes[two_takes[1].id].label.text())
    assert len(set(texts)) == len(Component)
    qtbot.keyClick(window, Qt.Key.Key_Q)
    settle(qtbot, window)
    assert window.session.view.component is None
    picture = two_takes[1].picture(9, SeamMode.BLENDED)
    assert np.array_equal(rgb(window.panes[two_takes[1].id].canvas.image), to_rgb(picture))
