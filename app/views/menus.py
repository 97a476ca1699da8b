"""Menus and keys, grown from the action registry."""

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QMainWindow, QMenu

from app.actions.desk import TAKE_MENU
from app.actions.registry import ACTIONS, Context, open_recent
from app.actions.voting import allowed
from app.state.takes import Take
from app.views.widgets import plain_caption, plain_tip


class Menus:
    """Qt actions for every entry of the registry; `refresh` brings their state up to date."""

    def __init__(self, window: QMainWindow, context: Context) -> None:
        self._window, self._context = window, context
        self.actions: dict[str, QAction] = {}
        self._recent = QMenu("Open recent", window)
        self._listed: tuple[str, ...] = ()
        menus: dict[str, QMenu] = {}
        for spec in ACTIONS:
            menu = menus.get(spec.menu)
            if menu is None:
                menu = menus[spec.menu] = window.menuBar().addMenu(spec.menu)
            action = QAction(spec.text, window)
            action.setShortcuts([QKeySequence(key) for key in spec.keys])
            action.setCheckable(spec.checked_when is not None)
            action.triggered.connect(lambda _checked, run=spec.run: self._run(run))
            menu.addAction(action)
            # Keys must work in full screen too, where the menu bar is hidden.
            window.addAction(action)
            self.actions[spec.id] = action
            if spec.id == "open":
                menu.addMenu(self._recent)
        self.refresh()

    def show_for_take(self, take: Take, place: QPoint) -> None:
        """The menu of a take, at a place of the screen; what is chosen there means this take."""
        self._context.session.select(take)
        self.refresh()
        menu = QMenu(self._window)
        for name in TAKE_MENU:
            if name is None:
                menu.addSeparator()
            else:
                menu.addAction(self.actions[name])
        menu.popup(place)

    def trigger(self, name: str) -> None:
        """Do it, if it can be done now."""
        if self.actions[name].isEnabled():
            self.actions[name].trigger()

    def give(self, button: QAbstractButton, name: str) -> None:
        """Let a button trigger an action, and be as enabled as it is."""
        action = self.actions[name]
        button.clicked.connect(action.trigger)
        action.enabledChanged.connect(button.setEnabled)
        button.setEnabled(action.isEnabled())

    def _run(self, run) -> None:
        run(self._context)
        self.refresh()

    def refresh(self) -> None:
        """Enable, check, and list recent clips."""
        for spec in ACTIONS:
            action = self.actions[spec.id]
            action.setEnabled(spec.enabled_when(self._context) and allowed(self._context, spec))
            if spec.checked_when is not None:
                action.setChecked(spec.checked_when(self._context))
        recent = self._context.session.settings.recent
        if self._listed != recent:
            self._listed = recent
            self._recent.clear()
            for path in recent:
                action = self._recent.addAction(plain_caption(path), lambda p=path: open_recent(self._context, p))
                # Qt would take it from the caption, and guess whether that is HTML.
                action.setToolTip(plain_tip(path))
        self._recent.setEnabled(bool(recent))
