"""A worker process seen from the window: started when first needed, replaced when it dies."""

import multiprocessing
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from app.jobs import worker

GRACE_S = 2.0
"""How long a worker may take to end at its own pace before it is killed."""

Arrived = tuple[int, str, Any]


class ProcessLane:
    """One worker process and the thread that listens to it. `arrived` is called from that thread."""

    def __init__(self, name: str, threads: int, arrived: Callable[[Arrived], None]) -> None:
        self._name, self._threads, self._arrived = name, threads, arrived
        self._lock = threading.Lock()
        self._process: multiprocessing.process.BaseProcess | None = None
        self._connection: Connection | None = None
        self._listener: threading.Thread | None = None
        self._pending: set[int] = set()
        self._closed = False

    def submit(self, number: int, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        """Send a job; starts the process when there is none."""
        with self._lock:
            self._pending.add(number)
            if self._process is None or not self._process.is_alive():
                self._start()
            self._send(("run", number, work, arguments))

    def cancel(self, number: int) -> None:
        """Ask the worker to stop a job."""
        with self._lock:
            self._send(("cancel", number))

    def close(self) -> None:
        """End the process, kindly, then not; join the listener."""
        with self._lock:
            self._closed = True
            self._send(("quit",))
            process, listener = self._process, self._listener
        if process is not None:
            process.join(GRACE_S)
            if process.is_alive():
                process.kill()
                process.join()
        if listener is not None:
            listener.join()
        if self._connection is not None:
            self._connection.close()
        if process is not None:
            process.close()
            self._process = None

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(
            target=worker.main, args=(theirs, self._threads), name=f"seamscope-{self._name}", daemon=True
        )
        self._process.start()
        theirs.close()
        self._connection = ours
        self._listener = threading.Thread(target=self._listen, args=(ours,), name=f"{self._name}-listener", daemon=True)
        self._listener.start()

    def _send(self, message: tuple[Any, ...]) -> None:
        if self._connection is None:
            return
        try:
            self._connection.send(message)
        except (BrokenPipeError, OSError):
            # The process died; the listener tells the jobs.
            return

    def _listen(self, connection: Connection) -> None:
        while True:
            try:
                arrived: Arrived = connection.recv()
            except (EOFError, OSError):
                break
            if arrived[1] in ("succeeded", "failed", "cancelled"):
                with self._lock:
                    self._pending.discard(arrived[0])
            self._arrived(arrived)
        with self._lock:
            lost, self._pending = self._pending, set()
            closed = self._closed
        if not closed:
            for number in lost:
                self._arrived((number, "failed", "The worker process ended unexpectedly; the work was not finished."))
