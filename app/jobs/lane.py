"""A worker process seen from the window: given one job at a time, started when first needed, replaced when it dies."""

import contextlib
import multiprocessing
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any, Protocol

from app.jobs import worker
from app.jobs.failures import sentence_for
from codec import opencv

GRACE_S = 2.0
"""How long a worker may take to end a job or itself at its own pace before it is killed."""

Arrived = tuple[int, str, Any]
_OUTCOMES = frozenset({"succeeded", "failed", "cancelled"})
_LOST = "The worker process ended unexpectedly (is the memory full?); the work was not finished."


class Channel(Protocol):
    """What is used of a `multiprocessing` connection, whose class differs between systems."""

    def send(self, obj: Any) -> None: ...
    def recv(self) -> Any: ...
    def close(self) -> None: ...


@dataclass(slots=True, eq=False)
class _Entry:
    number: int
    work: Callable[..., Any]
    arguments: tuple[Any, ...]
    background: bool
    cancelled: bool = False
    giving_way: bool = False
    started: bool = False
    """The worker said so: a process that dies before has not died of this job."""
    lost: bool = False
    """A process died with it once."""


class ProcessLane:
    """One worker process and the thread that listens to it. `arrived` may be called from any thread.

    Jobs wait here, not in the worker: a cancel of a waiting job takes effect at once, a worker that dies takes one job
    with it, and background jobs give way to others. A job whose process dies before it began is sent once more; with
    `repeat` also one that was under way, whose work must then be repeatable.
    """

    def __init__(self, name: str, threads: int, arrived: Callable[[Arrived], None], *, repeat: bool = False) -> None:
        self._name, self._threads, self._arrived, self._repeat = name, threads, arrived, repeat
        self._lock = threading.RLock()
        self._waiting: deque[_Entry] = deque()
        self._background: deque[_Entry] = deque()
        self._current: _Entry | None = None
        self._process: BaseProcess | None = None
        self._connection: Channel | None = None
        self._listener: threading.Thread | None = None
        self._killer: threading.Timer | None = None
        self._closed = False
        self.temporary = ""
        """Folder of the process's temporary files; empty for the system's own."""

    def submit(self, number: int, work: Callable[..., Any], arguments: tuple[Any, ...], background: bool) -> None:
        """Queue a job; a background job that runs makes room for one that is not."""
        entry = _Entry(number, work, arguments, background)
        with self._lock:
            (self._background if background else self._waiting).append(entry)
            running = self._current
            if running is None:
                self._start_next()
            elif running.background and not background and not running.giving_way:
                running.giving_way = True
                self._stop(running)

    def cancel(self, number: int) -> None:
        """Take a waiting job off the queue, or ask the worker to stop; a worker that does not is killed."""
        with self._lock:
            if self._current is not None and self._current.number == number:
                if not self._current.cancelled:
                    self._current.cancelled = True
                    self._stop(self._current)
                return
            for entries in (self._waiting, self._background):
                for entry in entries:
                    if entry.number == number:
                        entries.remove(entry)
                        self._arrived((number, "cancelled", None))
                        return

    def ask_to_end(self) -> None:
        """Tell the process to end; `close` waits for it."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
            self._background.clear()
            self._send(("quit",))

    def close(self) -> None:
        """End the process, kindly, then not; join the threads."""
        self.ask_to_end()
        with self._lock:
            listener, killer = self._listener, self._killer
        if killer is not None:
            killer.cancel()
            killer.join()
        if listener is None:
            return
        listener.join(GRACE_S)
        if listener.is_alive():
            with self._lock:
                if self._process is not None:
                    self._process.kill()
            # A process stuck in a read of a dead disk does not even hear that.
            listener.join(GRACE_S)

    def _start_next(self) -> None:
        if self._closed:
            return
        waiting = self._waiting or self._background
        if not waiting:
            return
        entry = self._current = waiting.popleft()
        entry.giving_way, entry.started = False, False
        try:
            if self._process is None:
                self._start_process()
            self._send(("run", entry.number, entry.work, entry.arguments))
        except Exception as error:
            # No process can be had, or the arguments are not values.
            self._ended((entry.number, "failed", sentence_for(error)))

    def _start_process(self) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=worker.main,
            args=(theirs, self._threads, GRACE_S, self.temporary),
            name=f"seamscope-{self._name}",
            daemon=True,
        )
        with opencv.LOADING:
            process.start()
        theirs.close()
        self._process, self._connection = process, ours
        self._listener = threading.Thread(
            target=self._listen, args=(process, ours), name=f"{self._name}-listener", daemon=True
        )
        self._listener.start()

    def _stop(self, entry: _Entry) -> None:
        self._send(("cancel", entry.number))
        if self._killer is None and self._process is not None:
            self._killer = threading.Timer(GRACE_S, self._kill, (entry,))
            self._killer.name = f"{self._name}-killer"
            self._killer.daemon = True
            self._killer.start()

    def _kill(self, entry: _Entry) -> None:
        with self._lock:
            if self._current is entry and self._process is not None:
                self._process.kill()

    def _send(self, message: tuple[Any, ...]) -> None:
        # When the process has died the listener tells the job.
        if self._connection is not None:
            with contextlib.suppress(BrokenPipeError, OSError):
                self._connection.send(message)

    def _listen(self, process: BaseProcess, connection: Channel) -> None:
        while True:
            try:
                arrived: Arrived = connection.recv()
            except (EOFError, OSError):
                break
            if arrived[1] == "started":
                self._mark_started(arrived[0])
            elif arrived[1] in _OUTCOMES:
                self._ended(arrived)
            else:
                self._arrived(arrived)
        wait([process.sentinel])
        with self._lock:
            connection.close()
            self._process, self._connection = None, None
            entry = self._current
            if entry is not None:
                self._lost(entry)
        # Whoever starts or lists processes in another thread may be asking for the exit code at the same time, and
        # only one of the two is told.
        while process.exitcode is None:
            time.sleep(0.005)
        process.join()
        process.close()

    def _mark_started(self, number: int) -> None:
        with self._lock:
            if self._current is not None and self._current.number == number:
                self._current.started = True

    def _lost(self, entry: _Entry) -> None:
        if entry.cancelled or entry.giving_way:
            self._ended((entry.number, "cancelled", None))
        elif not entry.lost and (self._repeat or not entry.started) and not self._closed:
            self._current, entry.lost = None, True
            (self._background if entry.background else self._waiting).appendleft(entry)
            self._start_next()
        else:
            self._ended((entry.number, "failed", _LOST))

    def _ended(self, arrived: Arrived) -> None:
        with self._lock:
            entry = self._current
            if entry is None or entry.number != arrived[0]:
                return
            self._current = None
            if self._killer is not None:
                self._killer.cancel()
                self._killer = None
            again = entry.giving_way and not entry.cancelled and arrived[1] == "cancelled"
            if again:
                self._background.appendleft(entry)
            self._start_next()
        if not again:
            self._arrived(arrived)
