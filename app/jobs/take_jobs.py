"""The jobs that make takes: stopped when their take is, and entered only while it may come back."""

from typing import Any

from app.jobs.job import Job, Outcome, Runner
from app.state.session import Session
from app.state.takes import Status, Take
from codec.gop import Structure


class TakeJobs:
    """Every take's jobs, one a structure; rivals and imported files have one."""

    def __init__(self, session: Session, runner: Runner) -> None:
        self._session, self._runner = session, runner
        self._jobs: dict[tuple[int, Structure], Job] = {}
        self._discarded: set[int] = set()

    def track(self, take: Take, job: Job, structure: Structure = Structure.OVERLAP) -> None:
        """Let `cancel` reach a take's job."""
        self._jobs[take.id, structure] = job

    def finished(self, take: Take, structure: Structure) -> bool:
        """True when no job for a structure of the take is waiting or at work."""
        job = self._jobs.get((take.id, structure))
        return job is None or job.finished

    def cancel(self, take: Take) -> None:
        """Stop a take's jobs."""
        for structure in Structure:
            job = self._jobs.get((take.id, structure))
            if job is not None:
                self._runner.cancel(job)

    def discard(self, take: Take) -> bool:
        """Enter nothing for the take any more; False when that was so before."""
        if self.is_discarded(take):
            return False
        self._discarded.add(take.id)
        self.cancel(take)
        for structure in Structure:
            self._jobs.pop((take.id, structure), None)
        return True

    def is_discarded(self, take: Take) -> bool:
        """True when nothing may be entered for the take any more."""
        return take.id in self._discarded

    def ended(self, take: Take, outcome: Outcome, value: Any) -> None:
        """Enter that a take's work failed or was cancelled."""
        if self.is_discarded(take):
            return
        if outcome is Outcome.FAILED:
            self._session.takes.update(take, status=Status.FAILED, error=str(value), message="")
            self._session.message.emit(str(value))
        else:
            self._session.takes.update(take, status=Status.CANCELLED, message="")
