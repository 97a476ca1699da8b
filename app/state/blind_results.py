"""Blind tests of the clip at hand, as far as they may be seen: for charts, tables and pages."""

from collections.abc import Sequence

from psygnal import Signal

from app.state.blind.journal import Run, State


class BlindResults:
    """Runs of the session's clip, oldest first. Of those that are not complete nothing is told but that they are there:
    `Run.result` refuses."""

    changed = Signal()

    def __init__(self) -> None:
        self.runs: tuple[Run, ...] = ()

    @property
    def complete(self) -> tuple[Run, ...]:
        """Runs with a result."""
        return tuple(run for run in self.runs if run.state is State.COMPLETE)

    def alike(self, run: Run) -> tuple[Run, ...]:
        """Runs that asked the same question, that one included."""
        return tuple(each for each in self.runs if each.setup.question == run.setup.question)

    def set(self, runs: Sequence[Run]) -> None:
        """Another clip, or another run."""
        if self.runs != tuple(runs):
            self.runs = tuple(runs)
            self.changed.emit()
