"""Exports under way and those that wait: for takes that are still being encoded, or for the work before them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psygnal import Signal

from app.jobs.job import Job, Lane, Outcome, Runner
from app.state.session import Session
from app.state.takes import Status, Take


@dataclass(slots=True, eq=False)
class Export:
    """One file (or folder) that is asked for."""

    lane: Lane
    work: Callable[..., Any]
    arguments: Callable[[bool], tuple[Any, ...]]
    """Given whether it waited for encodes; called when the work begins."""
    target: Path
    awaited: tuple[Take, ...]
    job: Job | None = None
    begun: bool = False
    share: float = 0.0


class ExportQueue:
    """Starts each export as soon as the takes it shows are encoded. One lane's work is done in the order asked for."""

    changed = Signal()
    """Exports came, went, began or got on."""

    def __init__(
        self,
        session: Session,
        runner: Runner,
        in_use: Callable[[], tuple[Path, ...]],
        written: Callable[[Path], None],
    ) -> None:
        """`in_use`: files that no export may replace, asked for when one begins."""
        self._session, self._runner, self._in_use, self._written = session, runner, in_use, written
        self.exports: list[Export] = []
        """Those not ended, in the order they were asked for."""
        session.takes.take_changed.connect(self._advance)
        session.takes.changed.connect(self._advance)

    def add(
        self,
        lane: Lane,
        work: Callable[..., Any],
        arguments: Callable[[bool], tuple[Any, ...]],
        target: Path,
        takes: tuple[Take, ...] = (),
    ) -> None:
        """Have `work(context, *arguments(waited), files in use)` done once none of `takes` is being encoded."""
        running = tuple(take for take in takes if take.status is Status.RUNNING)
        export = Export(lane, work, arguments, target, running)
        self.exports.append(export)
        if not running:
            self._start(export)
        self.changed.emit()

    def cancel(self) -> None:
        """Give up the export that is shown: the one being written, else the first that waits."""
        if self.exports:
            self.give_up(self.shown)

    def give_up(self, export: Export) -> None:
        """Stop an export or take it off the queue; nothing of it is left."""
        if export.job is not None:
            self._runner.cancel(export.job)
        elif export in self.exports:
            self.exports.remove(export)
            self.changed.emit()

    @property
    def shown(self) -> Export:
        """The one being written, else the first that waits; there must be one."""
        return next((each for each in self.exports if each.begun), self.exports[0])

    def _advance(self, _changed: object = None) -> None:
        for export in [each for each in self.exports if each.job is None]:
            there = [take for take in export.awaited if self._session.takes.by_id(take.id) is take]
            if export.awaited and not there:
                self.exports.remove(export)
                self._session.message.emit(f"{export.target.name} was not written: the takes it waited for are gone.")
                self.changed.emit()
            elif all(take.status is not Status.RUNNING for take in there):
                self._start(export)
                self.changed.emit()

    def _start(self, export: Export) -> None:
        def progressed(share: float, _text: str) -> None:
            export.begun, export.share = True, share
            self.changed.emit()

        def done(outcome: Outcome, value: Any) -> None:
            if export in self.exports:
                self.exports.remove(export)
            self.changed.emit()
            if outcome is Outcome.FAILED:
                self._session.message.emit(str(value))
            elif outcome is Outcome.SUCCEEDED:
                self._written(export.target)

        arguments = (*export.arguments(bool(export.awaited)), self._in_use())
        export.job = self._runner.submit(
            export.lane, _begun, (export.work, arguments), on_progress=progressed, on_done=done
        )

    def said(self, export: Export) -> str:
        """ "Writing a.mp4", or what it waits for."""
        if export.begun:
            return f"Writing {export.target.name}"
        names = [take.name for take in export.awaited if take.status is Status.RUNNING]
        return f"{export.target.name} waits" + (f" for {', '.join(names)}" if names and export.job is None else "")


def _begun(context: Any, work: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """The work, after telling that it begins: until then it waits behind other work of its lane."""
    context.report(0.0, "")
    return work(context, *arguments)
