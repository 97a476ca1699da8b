"""Asking where something is to be written."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from app.views.widgets import MessageBox


def ask_target(parent: QWidget, title: str, proposed: Path | str, kinds: str, suffixes: Sequence[str]) -> Path | None:
    """Where to write, under a name with one of `suffixes` (with dots; the first belongs to the first kind and so on);
    None when the user gave up. A file that is there is replaced only when the user said so."""
    name, kind = QFileDialog.getSaveFileName(parent, title, str(proposed), kinds)
    if not name:
        return None
    target = Path(name)
    if target.suffix.lower() in suffixes:
        return target
    wanted = next((suffix for suffix in suffixes if f"*{suffix}" in kind), suffixes[0])
    target = target.with_name(target.name + wanted)
    # The dialog asked about the name without its suffix.
    return target if not target.exists() or _may_replace(parent, target) else None


def _may_replace(parent: QWidget, target: Path) -> bool:
    box = MessageBox.StandardButton
    text = f"{target.name} is there already. Replace it?"
    return MessageBox.question(parent, "Seamscope", text, box.Yes | box.No) == box.Yes
