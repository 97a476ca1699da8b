"""Buttons for the ways of looking, in the free corner of the menu bar."""

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QMenuBar, QToolButton, QWidget

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

_MARGIN = 6
_MENU_PADDING = 17
"""Pixels that a menu bar puts around the name of a menu."""


class LookBar(QWidget):
    """Each button is an action of the registry: what it does, its state, its tooltip with the key come from there."""

    def __init__(self, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, _MARGIN, 0)
        # As high as the menus beside it.
        self.setStyleSheet("QToolButton { padding: 1px 8px; }")
        self._spacing = 2
        layout.setSpacing(self._spacing)
        layout.addStretch(1)
        self.buttons: dict[str, QToolButton] = {}
        self._parts: list[QWidget] = []
        """Buttons and the lines between their groups, from left to right."""
        for number, group in enumerate(_GROUPS):
            if number:
                line = QFrame()
                line.setFrameShape(QFrame.Shape.VLine)
                line.setStyleSheet("color: #6a6f78")
                layout.addWidget(line)
                self._parts.append(line)
            for name, text in group:
                button = self.buttons[name] = QToolButton()
                actions[name].setIconText(text)
                keys = actions[name].shortcut().toString()
                actions[name].setToolTip(plain_tip(f"{actions[name].text()} ({keys})"))
                button.setDefaultAction(actions[name])
                button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
                button.setAccessibleName(actions[name].text())
                layout.addWidget(button)
                self._parts.append(button)
        self.more = QToolButton()
        self.more.setText("»")
        self.more.setAccessibleName("More ways of looking")
        self.more.setToolTip("The buttons that have no room here")
        self.more.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setMenu(QMenu(self.more))
        layout.addWidget(self.more)
        self.more.hide()

    def fit(self, bar: QMenuBar, width: int) -> None:
        """Keep to the room that a bar's menus leave of `width`; buttons without room go to a menu at the end."""
        metrics = bar.fontMetrics()
        room = width - sum(metrics.horizontalAdvance(action.text()) + _MENU_PADDING for action in bar.actions())
        widths = [part.sizeHint().width() + self._spacing for part in self._parts]
        fitting, used = len(widths), _MARGIN
        if used + sum(widths) > room:
            fitting, used = 0, used + self.more.sizeHint().width()
            while used + widths[fitting] <= room:
                used += widths[fitting]
                fitting += 1
        for number, part in enumerate(self._parts):
            part.setVisible(number < fitting)
        menu = self.more.menu()
        menu.clear()
        for part in self._parts[fitting:]:
            if isinstance(part, QToolButton):
                menu.addAction(part.defaultAction())
        self.more.setVisible(fitting < len(self._parts))
        # A menu bar looks at the size of what stands in its corner only now.
        bar.setCornerWidget(self)

    def minimumSizeHint(self) -> QSize:
        """The window may be narrower than all buttons: there is a menu for them."""
        return QSize(self.more.sizeHint().width() + _MARGIN, super().minimumSizeHint().height())
