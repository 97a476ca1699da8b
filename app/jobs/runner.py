"""One door for everything that takes longer than 50 ms.

    job = runner.submit(Lane.CODEC, function, arguments, on_progress=..., on_event=..., on_done=...)

Exactly one outcome arrives for every job, on the GUI thread: succeeded, failed (with a sentence), or cancelled. Torch
work runs in worker processes (`worker.py`), ffmpeg and file work in threads. Only values cross the border.
"""

import contextlib
import itertools
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.jobs.failures import sentence_for
from app.jobs.job import Job, Lane, Outcome
from app.jobs.lane import GRACE_S, ProcessLane
from app.jobs.threads import ThreadLane
from codec.errors import Cancelled


def process_lanes(cores: int) -> dict[Lane, int]:
    """CPU threads of each worker process on a machine with `cores`: the codec first, metrics beside it."""
    return {Lane.CODEC: max(2, min(8, cores - 1)), Lane.METRICS: max(1, min(4, cores // 2))}


class _ThreadContext:
    """Progress, events and cancel of a job in a thread."""

    def __init__(self, runner: "JobRunner", job: Job) -> None:
        self._runner, self._job = runner, job

    def report(self, fraction: float, message: str = "") -> None:
        self._runner.post(self._job, "progress", (fraction, message))

    def check(self) -> None:
        if self._job.cancelled.is_set():
            raise Cancelled

    def emit(self, value: Any) -> None:
        self._runner.post(self._job, "event", value)


class JobRunner(QObject):
    """Runs jobs and delivers what they say on the thread it lives on."""

    _arrived = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._numbers = itertools.count(1)
        self._jobs: dict[int, Job] = {}
        self._threads = {lane: ThreadLane(f"{lane.value}-lane") for lane in (Lane.MEDIA, Lane.RIVAL)}
        self._processes = {
            # What measures only looks: it can be done again. An encode that filled the memory would fill it again.
            lane: ProcessLane(lane.value, threads, self._arrived.emit, repeat=lane is Lane.METRICS)
            for lane, threads in process_lanes(os.cpu_count() or 2).items()
        }
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._closed = False

    @property
    def active(self) -> int:
        """Jobs submitted whose outcome has not arrived."""
        return len(self._jobs)

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
        """Queue `work(context, *arguments)`; see `Runner.submit`."""
        job = Job(next(self._numbers), lane, on_progress, on_event, on_done)
        self._jobs[job.number] = job
        if self._closed:
            self.post(job, "cancelled", None)
        elif lane in self._processes:
            self._processes[lane].submit(job.number, work, arguments, background)
        else:
            self._threads[lane].submit(job.number, partial(self._run, job, work, arguments))
        return job

    def cancel(self, job: Job) -> None:
        """Ask a job to stop; its outcome still arrives, and soon: one that does not stop, because a disk no longer
        answers, is left behind. Harmless when it has ended."""
        job.cancelled.set()
        if job.finished:
            return
        if job.lane in self._processes:
            self._processes[job.lane].cancel(job.number)
        elif self._threads[job.lane].withdraw(job.number):
            # It waited behind another and will not start any more.
            self.post(job, "cancelled", None)
        else:
            QTimer.singleShot(round(1000 * GRACE_S), self, lambda: self._give_up(job))

    def _give_up(self, job: Job) -> None:
        if not job.finished and not self._closed and self._threads[job.lane].leave_behind(job.number):
            self.post(job, "cancelled", None)

    def put_temporary_in(self, folder: Path) -> None:
        """Where worker processes started from here on keep what they need for a while; whoever owns it removes it."""
        for lane in self._processes.values():
            lane.temporary = str(folder)

    def shutdown(self) -> None:
        """Stop everything and wait for it: no callback comes any more; no process and no thread is left but one that is
        stuck in a read."""
        self._closed = True
        for job in list(self._jobs.values()):
            job.cancelled.set()
        for lane in self._threads.values():
            lane.close()
        for lane in self._processes.values():
            lane.ask_to_end()
        for lane in self._processes.values():
            lane.close()
        for lane in self._threads.values():
            lane.join(GRACE_S)
        self._jobs.clear()

    def post(self, job: Job, kind: str, value: Any) -> None:
        """Hand something to the GUI thread; callable from any thread."""
        # A job that was left behind may speak when the window is gone.
        with contextlib.suppress(RuntimeError):
            self._arrived.emit((job.number, kind, value))

    def _run(self, job: Job, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        context = _ThreadContext(self, job)
        try:
            context.check()
            self.post(job, "succeeded", work(context, *arguments))
        except Cancelled:
            self.post(job, "cancelled", None)
        except Exception as error:
            self.post(job, "failed", sentence_for(error))

    def _deliver(self, arrived: tuple[int, str, Any]) -> None:
        number, kind, value = arrived
        job = self._jobs.get(number)
        if job is None or self._closed:
            return
        if kind in ("progress", "event"):
            job.deliver(kind, value)
        else:
            # First: a callback may look at `active`.
            del self._jobs[number]
            job.deliver(kind, value)
