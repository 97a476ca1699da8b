"""Before what is open gives way to something else, or the window closes: save it, lose it, or stay."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from app.views.widgets import MessageBox

if TYPE_CHECKING:
    from app.views.main_window import MainWindow
    from app.views.takes_desk import Desk

QUIT = "quit"
"""What comes next, in words, when the program is to end."""
_TITLE = "Seamscope"


class Leaving:
    """Asks when something would be lost. Nothing is done before the answer; the window goes on meanwhile."""

    def __init__(self, window: "MainWindow", desk: "Desk") -> None:
        self._window, self._desk = window, desk
        self._let_go = False
        """The user gave up what is not saved, or it was saved: what comes next does not ask again."""
        self.box: MessageBox | None = None
        """The question, while it is open."""

    def then(self, text: str, go_on: Callable[[], None]) -> None:
        """Do `go_on` ("open NAME" in words), now or when the user has answered; not at all when they stay."""
        if self.agreed(text, go_on):
            go_on()

    def agreed(self, text: str, go_on: Callable[[], object]) -> bool:
        """True when nothing would be lost. Else ask, and do `go_on` when the user is willing; the newest one counts."""
        if self._let_go:
            return True
        projects = self._desk.projects
        if not projects.unsaved and not projects.unfinished and not self._exports(text):
            return True
        self._ask(text, go_on)
        return False

    def give_up(self) -> None:
        """Ask no more: what is not saved may be lost."""
        self._let_go = True

    def _ask(self, text: str, go_on: Callable[[], object]) -> None:
        if self.box is not None:
            self.box.done(0)
        box = self.box = MessageBox(self._window)
        box.setIcon(MessageBox.Icon.Question)
        box.setWindowTitle(_TITLE)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(self._question(text))
        kinds = MessageBox.StandardButton
        can_save = self._can_save
        box.setStandardButtons((kinds.Save if can_save else kinds.NoButton) | kinds.Discard | kinds.Cancel)
        box.setDefaultButton(kinds.Save if can_save else kinds.Cancel)
        box.setEscapeButton(kinds.Cancel)
        box.finished.connect(lambda answer: self._answered(box, MessageBox.StandardButton(answer), text, go_on))
        box.open()

    @property
    def _can_save(self) -> bool:
        projects = self._desk.projects
        return projects.unsaved or bool(projects.unfinished)

    def _exports(self, text: str) -> int:
        """Exports that would not be written. What is being written goes on beside another clip; what waits for encodes
        does not, and is counted among them."""
        return len(self._desk.exports.queue.exports) if text == QUIT else 0

    def _question(self, text: str) -> str:
        projects, clip = self._desk.projects, self._window.session.clip
        assert clip is not None
        name = clip.path.name if projects.path is None else projects.path.name
        lines = []
        if projects.unsaved:
            lines.append(f"Takes and notes of {name} are not saved.")
        running = len(projects.unfinished)
        if running:
            lines.append(f"{running} {'encode is' if running == 1 else 'encodes are'} under way and will be stopped.")
        exports = self._exports(text)
        if exports:
            lines.append(
                f"{exports} {'export is' if exports == 1 else 'exports are'} not written yet and will be lost."
            )
        asked = f"Save before you {text}?" if self._can_save else f"{text[0].upper()}{text[1:]} all the same?"
        return " ".join((*lines, asked))

    def _answered(
        self, box: MessageBox, answer: MessageBox.StandardButton, text: str, go_on: Callable[[], object]
    ) -> None:
        if box is not self.box:
            return
        self.box = None
        box.deleteLater()
        if answer is MessageBox.StandardButton.Discard:
            self._go(go_on)
        elif answer is MessageBox.StandardButton.Save:
            self._desk.save_project(lambda: self._saved(text, go_on))

    def _saved(self, text: str, go_on: Callable[[], object]) -> None:
        # More may have come while it was being written; what is under way was told of.
        if self._desk.projects.unsaved:
            self._ask(text, go_on)
        else:
            self._go(go_on)

    def _go(self, go_on: Callable[[], object]) -> None:
        self._let_go = True
        try:
            go_on()
        finally:
            self._let_go = False
