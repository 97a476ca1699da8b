"""One door for everything that takes longer than 50 ms.

    job = runner.submit(Lane.CODEC, function, arguments, on_progress=..., on_event=..., on_done=...)

Exactly one outcome arrives for every job, on the GUI thread: succeeded, failed (with a sentence), or cancelled. Torch
work runs in worker processes (`worker.py`), ffmpeg and file work in threads. Only values cross the border.
"""

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from app.jobs.failures import sentence_for
from app.jobs.lane import ProcessLane
from codec.errors import Cancelled


class Lane(Enum):
    """Where a job runs; jobs of one lane run one after another."""

    MEDIA = "media"
    RIVAL = "rival"
    CODEC = "codec"
    METRICS = "metrics"


PROCESS_LANES = {Lane.CODEC: 2, Lane.METRICS: 1}
"""Worker processes and their CPU threads."""


class Outcome(Enum):
    """How a job ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(slots=True, eq=False)
class Job:
    """One piece of work under way."""

    number: int
    lane: Lane
    on_progress: Callable[[float, str], None] | None
    on_event: Callable[[Any], None] | None
    on_done: Callable[[Outcome, Any], None] | None
    cancelled: threading.Event = field(default_factory=threading.Event)
    finished: bool = False


class _ThreadContext:
    """Progress and cancel of a job in a thread; an event is any value the work wants to hand over early."""

    def __init__(self, runner: "JobRunner", job: Job) -> None:
        self._runner, self._job = runner, job

    def report(self, fraction: float, message: str = "") -> None:
        self._runner.post(self._job, "progress", (fraction, message))

    def check(self) -> None:
        if self._job.cancelled.is_set():
            raise Cancelled


class JobRunner(QObject):
    """Runs jobs and delivers what they say on the thread it lives on."""

    _arrived = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._numbers = itertools.count(1)
        self._jobs: dict[int, Job] = {}
        self._threads = {lane: ThreadPoolExecutor(1, f"{lane.value}-lane") for lane in (Lane.MEDIA, Lane.RIVAL)}
        self._processes = {
            lane: ProcessLane(lane.value, threads, self._arrived.emit) for lane, threads in PROCESS_LANES.items()
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
        on_progress: Callable[[float, str], None] | None = None,
        on_event: Callable[[Any], None] | None = None,
        on_done: Callable[[Outcome, Any], None] | None = None,
    ) -> Job:
        """Queue `work(context, *arguments)`; in a process lane `work` is a module-level function of values."""
        job = Job(next(self._numbers), lane, on_progress, on_event, on_done)
        self._jobs[job.number] = job
        if self._closed:
            self.post(job, "cancelled", None)
        elif lane in self._processes:
            self._processes[lane].submit(job.number, work, arguments)
        else:
            self._threads[lane].submit(self._run, job, work, arguments)
        return job

    def cancel(self, job: Job) -> None:
        """Ask a job to stop; its outcome still arrives. Harmless when it has ended."""
        job.cancelled.set()
        if job.lane in self._processes and not job.finished:
            self._processes[job.lane].cancel(job.number)

    def shutdown(self) -> None:
        """Stop everything and wait for it: no process, no thread is left."""
        self._closed = True
        for job in list(self._jobs.values()):
            self.cancel(job)
        for lane in self._processes.values():
            lane.close()
        for pool in self._threads.values():
            pool.shutdown(wait=True, cancel_futures=True)
        self._jobs.clear()

    def post(self, job: Job, kind: str, value: Any) -> None:
        """Hand something to the GUI thread; callable from any thread."""
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
        if kind == "progress":
            if job.on_progress is not None:
                job.on_progress(*value)
        elif kind == "event":
            if job.on_event is not None and not job.cancelled.is_set():
                job.on_event(value)
        else:
            job.finished = True
            del self._jobs[number]
            if job.on_done is not None:
                job.on_done(Outcome(kind), value)
