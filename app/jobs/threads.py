"""A thread that runs jobs one after another, and is left behind when one of them hangs.

A read from a disk that no longer answers cannot be stopped from outside. The thread is a daemon: neither the next job
nor the end of the program waits for it.
"""

import threading
from collections import deque
from collections.abc import Callable

Call = Callable[[], None]


class ThreadLane:
    """Jobs by number, in order, on one thread at a time. Calls are made from one thread, the jobs on another."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._condition = threading.Condition()
        self._waiting: deque[tuple[int, Call]] = deque()
        self._thread: threading.Thread | None = None
        self._current: int | None = None
        self._closed = False

    def submit(self, number: int, call: Call) -> None:
        """Queue a job."""
        with self._condition:
            self._waiting.append((number, call))
            self._condition.notify()
            self._start()

    def withdraw(self, number: int) -> bool:
        """Take a job off the queue; False when it has begun."""
        with self._condition:
            for entry in self._waiting:
                if entry[0] == number:
                    self._waiting.remove(entry)
                    return True
        return False

    def leave_behind(self, number: int) -> bool:
        """Go on with the next job on another thread if this one is still running; True when it was."""
        with self._condition:
            if self._current != number:
                return False
            self._current, self._thread = None, None
            if self._waiting:
                self._start()
        return True

    def close(self) -> None:
        """Begin nothing more."""
        with self._condition:
            self._closed = True
            self._waiting.clear()
            self._condition.notify_all()

    def join(self, patience_s: float) -> None:
        """Wait for the job at hand, not longer than asked."""
        thread = self._thread
        if thread is not None:
            thread.join(patience_s)

    def _start(self) -> None:
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()

    def _work(self) -> None:
        own = threading.current_thread()
        while True:
            with self._condition:
                while self._thread is own and not self._waiting and not self._closed:
                    self._condition.wait()
                if self._thread is not own or self._closed:
                    return
                self._current, call = self._waiting.popleft()
            call()
            with self._condition:
                if self._thread is own:
                    self._current = None
