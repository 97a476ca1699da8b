"""What the style sheet leaves of buttons that Qt draws: arrows beside numbers, pictures in the file dialog."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QApplication, QDoubleSpinBox, QStyle, QStyleOptionSpinBox, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from app.state.session import Session
from app.views import theme
from app.views.dialogs.open_dialog import OpenDialog
from app.views.panels.neural_controls import NeuralControls
from tests.gui.test_layouts import rgb


@pytest.fixture(params=sorted(theme.THEMES))
def styled(request: pytest.FixtureRequest) -> Iterator[None]:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    before = application.styleSheet()
    application.setStyleSheet(theme.style(theme.use(request.param)))
    yield
    theme.use("dark")
    application.setStyleSheet(before)


def drawn(widget: QDoubleSpinBox | QToolButton, place: QRect) -> int:
    """Pixels in the middle of a part that differ clearly from what is most of it."""
    part = rgb(widget.grab(place.adjusted(3, 3, -3, -3)).toImage()).astype(int).sum(axis=2)
    return int((np.abs(part - np.median(part)) > 60).sum())


def test_the_buttons_beside_a_number_have_arrows(qtbot: QtBot, styled: None, tmp_path: Path) -> None:
    controls = NeuralControls(Session(tmp_path / "settings.json"))
    qtbot.addWidget(controls)
    controls.show()
    number, option = controls.number, QStyleOptionSpinBox()
    number.initStyleOption(option)
    for part in (QStyle.SubControl.SC_SpinBoxUp, QStyle.SubControl.SC_SpinBoxDown):
        place = number.style().subControlRect(QStyle.ComplexControl.CC_SpinBox, option, part, number)
        assert drawn(number, place) >= 10


def test_the_buttons_of_the_file_dialog_have_pictures(qtbot: QtBot, styled: None, tmp_path: Path) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = OpenDialog("Open clip", str(tmp_path), "Video (*.mp4)", parent)
    dialog.show()
    for name in ("newFolderButton", "listModeButton", "detailModeButton"):
        button = dialog.findChild(QToolButton, name)
        assert button is not None and drawn(button, button.rect()) >= 40
