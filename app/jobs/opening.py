"""Opening clips: the newest request wins, and what was shown before can come back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.jobs import tasks
from app.jobs.job import Job, Lane, Outcome, Runner
from app.jobs.works import Works
from app.state.session import Session
from codec.media.clip import Clip


class Opening:
    """What is being opened: a clip, or a project with its clip."""

    def __init__(self, session: Session, runner: Runner, works: Works) -> None:
        self._session, self._runner, self._works = session, runner, works
        self.job: Job | None = None
        """The newest request."""

    @property
    def under_way(self) -> bool:
        """True while something is being opened that will be shown."""
        job = self.job
        return job is not None and not job.finished and not job.cancelled.is_set()

    def submit(
        self, work: Callable[..., Any], arguments: tuple[Any, ...], done: Callable[[bool, Outcome, Any], None]
    ) -> None:
        """Do work that opens something; `done` is told first whether a newer request has come since."""
        self.give_up()
        cell: list[Job] = []

        def finished(outcome: Outcome, value: Any) -> None:
            done(bool(cell) and cell[0].cancelled.is_set(), outcome, value)

        cell.append(self._runner.submit(Lane.MEDIA, work, arguments, on_done=finished))
        self.job = cell[0]

    def give_up(self) -> None:
        """Something newer is asked for: what is being opened will not be shown."""
        if self.job is not None:
            self._runner.cancel(self.job)

    def open(
        self, path: Path, start: int, stop: int | None, deinterlace: bool, then: Callable[[], None] | None
    ) -> None:
        """Open a clip; the one shown stays until the new one is there, `then` is called."""

        def done(stale: bool, outcome: Outcome, value: Any) -> None:
            if outcome is Outcome.SUCCEEDED and stale:
                value.close()
            elif outcome is Outcome.SUCCEEDED:
                self.show(value)
                if then is not None:
                    then()
            elif outcome is Outcome.FAILED and not stale:
                self._session.message.emit(str(value))

        self.submit(tasks.open_and_prime, (path, start, stop, deinterlace), done)

    def show(self, clip: Clip) -> None:
        """Show an open clip; the one before, with its takes and notes, comes back by undo."""
        before = self._works.leave()
        self._session.set_clip(clip)
        self._works.opened(before)
