"""What a job is, and the face every runner shows."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Protocol


class Lane(Enum):
    """Where a job runs; jobs of one lane run one after another."""

    MEDIA = "media"
    RIVAL = "rival"
    CODEC = "codec"
    METRICS = "metrics"


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

    def deliver(self, kind: str, value: Any) -> bool:
        """Hand "progress", "event" or an outcome to its callback; True when it was the outcome, which comes once."""
        if self.finished:
            return False
        if kind == "progress":
            if self.on_progress is not None:
                self.on_progress(*value)
        elif kind == "event":
            # What a cancelled job still brings is stale.
            if self.on_event is not None and not self.cancelled.is_set():
                self.on_event(value)
        else:
            self.finished = True
            if self.on_done is not None:
                self.on_done(Outcome(kind), value)
        return self.finished


class Runner(Protocol):
    """Runs jobs; every callback comes on the thread that submits."""

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
        """Queue `work(context, *arguments)`; in a process lane `work` is a module-level function of values.

        A `background` job of a process lane runs when nothing else waits there; it gives way to work that comes and
        starts anew afterwards, so it must be repeatable.
        """
        ...

    def cancel(self, job: Job) -> None:
        """Ask a job to stop; its outcome still arrives. Harmless when it has ended."""
        ...

    def put_temporary_in(self, folder: Path) -> None:
        """Where worker processes started from here on keep what they need for a while; whoever owns it removes it."""
        ...

    def shutdown(self) -> None:
        """Stop everything and wait for it; no callback comes afterwards."""
        ...
