"""Before what is open gives way to something else, or the window closes: save it, lose it, or stay."""

from collections.abc import Callable

from app.controllers.export_queue import ExportQueue
from app.controllers.person import Answer, Person, Question
from app.jobs.projects import Projects

QUIT = "quit"
"""What comes next, in words, when the program is to end."""


class Leaving:
    """Asks when something would be lost. Nothing is done before the answer; the window goes on meanwhile."""

    def __init__(
        self, projects: Projects, queue: ExportQueue, person: Person, save: Callable[[Callable[[], None]], None]
    ) -> None:
        """`save`: saves the project, asking where if need be, and calls what it is given when that is done."""
        self._projects, self._queue, self._person, self._save = projects, queue, person, save
        self._let_go = False
        """The user gave up what is not saved, or it was saved: what comes next does not ask again."""
        self.box: Question | None = None
        """The question, while it is open."""

    def then(self, text: str, go_on: Callable[[], None]) -> None:
        """Do `go_on` ("open NAME" in words), now or when the user has answered; not at all when they stay."""
        if self.agreed(text, go_on):
            go_on()

    def agreed(self, text: str, go_on: Callable[[], object]) -> bool:
        """True when nothing would be lost. Else ask, and do `go_on` when the user is willing; the newest one counts."""
        if self._let_go:
            return True
        if not self._projects.unsaved and not self._projects.unfinished and not self._exports(text):
            return True
        self._ask(text, go_on)
        return False

    def give_up(self) -> None:
        """Ask no more: what is not saved may be lost."""
        self._let_go = True

    def _ask(self, text: str, go_on: Callable[[], object]) -> None:
        before, self.box = self.box, None
        if before is not None:
            before.take_back()
        self.box = self._person.ask_to_save(
            self._question(text), self._can_save, lambda answer: self._answered(answer, text, go_on)
        )

    @property
    def _can_save(self) -> bool:
        return self._projects.unsaved or bool(self._projects.unfinished)

    def _exports(self, text: str) -> int:
        """Exports that would not be written. What is being written goes on beside another clip; what waits for encodes
        does not, and is counted among them."""
        return len(self._queue.exports) if text == QUIT else 0

    def _question(self, text: str) -> str:
        projects, clip = self._projects, self._projects.session.clip
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

    def _answered(self, answer: Answer, text: str, go_on: Callable[[], object]) -> None:
        self.box = None
        if answer is Answer.DISCARD:
            self._go(go_on)
        elif answer is Answer.SAVE:
            self._save(lambda: self._saved(text, go_on))

    def _saved(self, text: str, go_on: Callable[[], object]) -> None:
        # More may have come while it was being written; what is under way was told of.
        if self._projects.unsaved:
            self._ask(text, go_on)
        else:
            self._go(go_on)

    def _go(self, go_on: Callable[[], object]) -> None:
        self._let_go = True
        try:
            go_on()
        finally:
            self._let_go = False
