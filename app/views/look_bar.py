"""Buttons for the ways of looking, in the free corner of the menu bar."""

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from app.views.widgets import plain_tip

_GROUPS = (
    (("layout_grid", "Grid"), ("layout_row", "Row"), ("layout_split", "Split"), ("difference", "Difference")),
    (
        ("auto_blink", "Blink"),
        ("values", "Values"),
        ("magnifier", "Magnifier"),
        ("heat", "LPIPS map"),
        ("texture", "Texture"),
    ),
    (("panel_seams", "Seams"), ("panel_worst", "Worst"), ("panel_scopes", "Scopes")),
)


class LookBar(QWidget):
    """Each button is an action of the registry: what it does, its state, its tooltip with the key come from there."""

    def __init__(self, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 6, 0)
        # As high as the menus beside it.
        self.setStyleSheet("QToolButton { padding: 1px 8px; }")
        layout.setSpacing(2)
        self.buttons: dict[str, QToolButton] = {}
        for number, group in enumerate(_GROUPS):
            if number:
                line = QFrame()
                line.setFrameShape(QFrame.Shape.VLine)
                line.setStyleSheet("color: #6a6f78")
                layout.addWidget(line)
            for name, text in group:
                button = self.buttons[name] = QToolButton()
                actions[name].setIconText(text)
                keys = actions[name].shortcut().toString()
                actions[name].setToolTip(plain_tip(f"{actions[name].text()} ({keys})"))
                button.setDefaultAction(actions[name])
                button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
                button.setAccessibleName(actions[name].text())
                layout.addWidget(button)
