"""Undo and redo: what was done, as pairs of functions that undo it and do it again."""

from collections.abc import Callable
from dataclasses import dataclass

from psygnal import Signal

LIMIT = 50
"""Changes remembered; what an older one kept alive is given back."""


def _nothing() -> None:
    return


@dataclass(frozen=True, slots=True)
class Change:
    """One thing a user did, after it was done."""

    text: str
    """As in a menu: "Remove HEVC CRF 32"."""
    undo: Callable[[], None]
    redo: Callable[[], None]
    drop_done: Callable[[], None] = _nothing
    """Called when the change is forgotten while it is in force: gives back what only `undo` needed."""
    drop_undone: Callable[[], None] = _nothing
    """Called when the change is forgotten after it was undone: gives back what only `redo` needed."""


class History:
    """Changes in the order they were made; a new change after an undo drops what could have been done again."""

    changed = Signal()

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._done: list[Change] = []
        self._undone: list[Change] = []

    @property
    def undo_text(self) -> str:
        """What `undo` would undo; empty when there is nothing."""
        return self._done[-1].text if self._done else ""

    @property
    def redo_text(self) -> str:
        """What `redo` would do again; empty when there is nothing."""
        return self._undone[-1].text if self._undone else ""

    def push(self, change: Change) -> None:
        """Remember something that has just been done."""
        self._drop_undone()
        self._done.append(change)
        if len(self._done) > self._limit:
            self._done.pop(0).drop_done()
        self.changed.emit()

    def undo(self) -> None:
        """Undo the last change; nothing when there is none."""
        if self._done:
            change = self._done.pop()
            self._undone.append(change)
            change.undo()
            self.changed.emit()

    def redo(self) -> None:
        """Do the last undone change again; nothing when there is none."""
        if self._undone:
            change = self._undone.pop()
            self._done.append(change)
            change.redo()
            self.changed.emit()

    def shorten(self) -> bool:
        """Forget the oldest change that could be undone; False when there is none but the last."""
        if len(self._done) < 2:
            return False
        self._done.pop(0).drop_done()
        self.changed.emit()
        return True

    def clear(self) -> None:
        """Forget everything: another clip, or the end."""
        self._drop_undone()
        done, self._done = self._done, []
        for change in done:
            change.drop_done()
        self.changed.emit()

    def _drop_undone(self) -> None:
        undone, self._undone = self._undone, []
        for change in undone:
            change.drop_undone()
