"""All keys on a sheet over the window, grown from the action registry."""

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget

from app.actions.registry import ACTIONS
from app.views.widgets import Sheet
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


class KeySheet(Sheet):
    """Hidden until asked for."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setStyleSheet("background:#101216;color:#e6e6e6;border:1px solid #555")

    def open_keys(self) -> None:
        """Show it, in as many columns as there is room for."""
        self.open(*map(key_sheet, range(MOST_COLUMNS, 0, -1)))


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
