"""Starting the processes of a benchmark, and ending them all when it stops."""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable

from codec.bench.cache import Json
from codec.bench.worker import GRACE_S, MARK
from codec.errors import Cancelled, SeamscopeError

_LAST_LINES = 20

Progress = Callable[[float, str], None]


class Children:
    """Runs tasks in processes of their own; `run` may be called from several threads. A context manager: leaving it
    ends what still runs."""

    def __init__(self, threads: int = 0) -> None:
        """`threads`: what a process may take of the processor for the metrics; 0 leaves the choice to torch."""
        self._environment = dict(os.environ)
        if threads:
            self._environment["OMP_NUM_THREADS"] = str(threads)
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def run(self, name: str, task: Json, progress: Progress) -> Json:
        """Do `task` (see `codec.bench.tasks`) and return its result.

        Raises SeamscopeError with the sentence the process told, or saying that it ended without one; Cancelled when
        the benchmark stops.
        """
        process = self._start()
        errors: deque[str] = deque(maxlen=_LAST_LINES)
        reader = threading.Thread(target=_drain, args=(process, errors), name="bench-errors", daemon=True)
        reader.start()
        answer: Json = {}
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(json.dumps({"name": name, "task": task}).encode() + b"\n")
                process.stdin.flush()
            for line in process.stdout:
                text = line.decode("utf-8", "replace")
                if not text.startswith(MARK):
                    continue
                message = json.loads(text[len(MARK) :])
                if "progress" in message:
                    progress(message["progress"], message["message"])
                else:
                    answer = message
            process.wait()
        finally:
            self._end(process)
            reader.join()
        if self._stopped:
            raise Cancelled
        if "error" in answer:
            raise SeamscopeError(answer["error"])
        if "result" not in answer:
            last = next((line.strip() for line in reversed(errors) if line.strip()), "no message")
            raise SeamscopeError(f"{name}: the process ended with exit code {process.returncode} ({last[:300]}).")
        return answer["result"]

    def stop(self) -> None:
        """Cancel everything that runs; every `run` under way raises Cancelled."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for process in running:
            self._close_input(process)

    def __enter__(self) -> "Children":
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._stopped:
                raise Cancelled
            # In a session of its own: an interrupt from the keyboard reaches us alone, and we tell the process.
            process = subprocess.Popen(
                [sys.executable, "-m", "codec.bench.worker"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                start_new_session=True, env=self._environment,
            )  # fmt: skip
            self._running.add(process)
            return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._running.discard(process)
        self._close_input(process)
        try:
            process.wait(GRACE_S + 2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()

    @staticmethod
    def _close_input(process: subprocess.Popen[bytes]) -> None:
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()


def _drain(process: subprocess.Popen[bytes], into: deque[str]) -> None:
    assert process.stderr is not None
    with contextlib.suppress(ValueError, OSError):
        for line in process.stderr:
            into.append(line.decode("utf-8", "replace"))
