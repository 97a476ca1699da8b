"""Inside a worker process: jobs one after another, cancel between their steps; no Qt here.

The process lowers its own priority, so that the window keeps its share of the machine, and ends when the window's end
of the pipe closes, however that came about.
"""

import os
import queue
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from codec.errors import Cancelled

NICENESS = 5


class _WorkerContext:
    """What a job's function is given: progress, cancel, and `emit` for values on the way."""

    def __init__(self, send: Callable[[Any], None], number: int, cancelled: set[int]) -> None:
        self._send, self._number, self._cancelled = send, number, cancelled

    def report(self, fraction: float, message: str = "") -> None:
        self._send((self._number, "progress", (fraction, message)))

    def check(self) -> None:
        if self._number in self._cancelled or -1 in self._cancelled:
            raise Cancelled

    def emit(self, value: Any) -> None:
        """Hand a value to the window before the job ends."""
        self._send((self._number, "event", value))


def main(connection: Connection, threads: int, grace_s: float, temporary: str = "") -> None:
    """Entry of the process; `threads` bounds the CPU threads of its networks, temporary files go to `temporary`.

    Told to quit (or left alone), it ends after the step at hand, at the latest after `grace_s` seconds.
    """
    # The window handles Ctrl-C and tells us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = str(threads)
    tempfile.tempdir = temporary or None
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    jobs: queue.SimpleQueue[tuple[Any, ...] | None] = queue.SimpleQueue()
    cancelled: set[int] = set()
    lock = threading.Lock()

    def send(message: Any) -> None:
        with lock:
            try:
                connection.send(message)
            except (BrokenPipeError, OSError):
                # The window is gone: nobody wants the work any more.
                cancelled.add(-1)

    threading.Thread(target=_listen, args=(connection, jobs, cancelled, grace_s), daemon=True).start()
    while (job := jobs.get()) is not None:
        _, number, work, arguments = job
        _run(number, work, arguments, send, cancelled)


def _listen(
    connection: Connection, jobs: "queue.SimpleQueue[tuple[Any, ...] | None]", cancelled: set[int], grace_s: float
) -> None:
    while True:
        try:
            message: tuple[Any, ...] = connection.recv()
        except (EOFError, OSError):
            message = ("quit",)
        if message[0] == "run":
            # A job that gave way comes again under its number.
            cancelled.discard(message[1])
            jobs.put(message)
        elif message[0] == "cancel":
            cancelled.add(message[1])
        else:
            cancelled.add(-1)
            jobs.put(None)
            # Reached only while the main thread is stuck in a step.
            time.sleep(grace_s)
            os._exit(1)


def _run(
    number: int, work: Callable[..., Any], arguments: tuple[Any, ...], send: Callable[[Any], None], cancelled: set[int]
) -> None:
    from app.jobs.failures import sentence_for

    context = _WorkerContext(send, number, cancelled)
    send((number, "started", None))
    try:
        context.check()
        send((number, "succeeded", work(context, *arguments)))
    except Cancelled:
        send((number, "cancelled", None))
    except Exception as error:
        send((number, "failed", sentence_for(error)))
