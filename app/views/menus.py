"""Menus and keys, grown from the action registry."""

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QMainWindow, QMenu

from app.actions.registry import ACTIONS, Context, open_recent
from app.views.widgets import plain_caption, plain_tip
from codec.texts import in_html

MOST_COLUMNS = 3
"""Of the key sheet."""
_SPECIAL_ROWS = {
    "take_1": ("1 … 9", "That take alone, again for all; in a split the take compared"),
    "source": ("hold S", "Source alone (hold S)"),
}
_MOUSE = (
    ("wheel", "zoom under the cursor, all panes"),
    ("drag", "pan"),
    ("Shift+drag", "zoom to a box"),
    ("Ctrl+drag", "mark a region, click to give it up"),
    ("drag the line", "move the split"),
    ("double-click", "full screen"),
    ("click in a chart", "seek"),
)


class Menus:
    """Qt actions for every entry of the registry; `refresh` brings their state up to date."""

    def __init__(self, window: QMainWindow, context: Context) -> None:
        self._context = context
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
            action.setEnabled(spec.enabled_when(self._context))
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


def key_sheet(columns_wanted: int = MOST_COLUMNS) -> str:
    """All keys as HTML in columns of about the same height, in the order of the menus."""
    blocks: dict[str, list[str]] = {}
    for spec in ACTIONS:
        if spec.id.startswith("take_") and spec.id.removeprefix("take_").isdigit() and spec.id != "take_1":
            continue
        keys = " or ".join(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in spec.keys)
        keys, text = _SPECIAL_ROWS.get(spec.id, (keys or "menu", spec.text))
        blocks.setdefault(spec.menu, []).append(_row(keys, text))
    blocks["Mouse"] = [_row(key, text) for key, text in _MOUSE]
    height = -(-sum(len(rows) + 1 for rows in blocks.values()) // columns_wanted)
    columns, used = [""], 0
    for menu, rows in blocks.items():
        # A menu stays whole; one that would reach far below the others begins a column.
        if used and used + len(rows) / 2 > height and len(columns) < columns_wanted:
            columns, used = [*columns, ""], 0
        columns[-1] += f"<tr><td colspan=2><b>{in_html(menu)}</b></td></tr>{''.join(rows)}"
        used += len(rows) + 1
    cells = "".join(f"<td style='padding-right:28px'><table>{column}</table></td>" for column in columns)
    return f"<table style='font-size:11px'><tr>{cells}</tr></table>"


def _row(keys: str, text: str) -> str:
    return f"<tr><td style='padding-right:14px'>{in_html(keys)}</td><td>{in_html(text)}</td></tr>"
