"""A runner without threads, processes or Qt: `submit` returns when the work is done. For scripts and state tests."""

import itertools
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.jobs.failures import sentence_for
from app.jobs.job import Job, Lane, Outcome
from codec.errors import Cancelled


class _ImmediateContext:
    """Progress, events and cancel, delivered on the spot."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def report(self, fraction: float, message: str = "") -> None:
        self._job.deliver("progress", (fraction, message))

    def check(self) -> None:
        if self._job.cancelled.is_set():
            raise Cancelled

    def emit(self, value: Any) -> None:
        self._job.deliver("event", value)


class ImmediateRunner:
    """Same face as `JobRunner`. Work submitted from a callback runs after the job at hand, foreground first."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._waiting: deque[tuple[Job, Callable[..., Any], tuple[Any, ...]]] = deque()
        self._background: deque[tuple[Job, Callable[..., Any], tuple[Any, ...]]] = deque()
        self._busy = False
        self._closed = False

    def submit(
        self,
        lane: Lane,
        work: Callable[..., Any],
        arguments: tuple[Any, ...] = (),
        *,
        background: bool = False,
        on_progress: Callable[[float, str], None] | None = None,
        on_event: Callable[[Any], None] | None = None,
        on_done: Callable[[Outcome, Any], None] | None = None,
    ) -> Job:
        """Run `work` now, or after the work that is submitting it."""
        job = Job(next(self._numbers), lane, on_progress, on_event, on_done)
        (self._background if background else self._waiting).append((job, work, arguments))
        if not self._busy:
            self._busy = True
            try:
                self._drain()
            finally:
                self._busy = False
        return job

    def cancel(self, job: Job) -> None:
        """The job ends at its next check; one that waits never starts."""
        job.cancelled.set()

    def put_temporary_in(self, folder: Path) -> None:
        """Nothing: there are no worker processes."""

    def shutdown(self) -> None:
        """Forget what waits; later work is not run."""
        self._closed = True
        self._waiting.clear()
        self._background.clear()

    def _drain(self) -> None:
        while not self._closed and (self._waiting or self._background):
            job, work, arguments = (self._waiting or self._background).popleft()
            context = _ImmediateContext(job)
            try:
                context.check()
                outcome, value = "succeeded", work(context, *arguments)
            except Cancelled:
                outcome, value = "cancelled", None
            except Exception as error:
                outcome, value = "failed", sentence_for(error)
            if not self._closed:
                job.deliver(outcome, value)
