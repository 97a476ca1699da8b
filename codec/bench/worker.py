"""A process of a benchmark: one task, read as a line of JSON from standard input; progress and the result as lines.

    python -m codec.bench.worker

Standard input stays open as long as the answer is wanted: when it closes, because the benchmark was stopped or killed,
the task is cancelled, what it started is ended, and this process with it.
"""

import json
import os
import sys
import threading
import time

from codec.bench.cache import Json
from codec.bench.tasks import run_task
from codec.errors import Cancelled, sentence_of

MARK = "@bench "
"""Begins every line that is for the benchmark; libraries may print others."""
GRACE_S = 5.0
_REPORT_S = 0.2


class PipeContext:
    """Progress as lines; cancelled when standard input closes."""

    def __init__(self) -> None:
        self._unwanted = threading.Event()
        self._last = 0.0
        threading.Thread(target=self._watch, name="watch-parent", daemon=True).start()

    def report(self, fraction: float, message: str = "") -> None:
        now = time.monotonic()
        if now - self._last >= _REPORT_S:
            self._last = now
            say({"progress": fraction, "message": message})

    def check(self) -> None:
        if self._unwanted.is_set():
            raise Cancelled

    def _watch(self) -> None:
        while os.read(sys.stdin.fileno(), 1):
            pass
        self._unwanted.set()
        # Work that does not ask is ended all the same.
        time.sleep(GRACE_S)
        os._exit(1)


def say(message: Json) -> None:
    """One line to the benchmark."""
    print(MARK + json.dumps(message), flush=True)


def _read_line() -> bytes:
    """The first line, without reading on: what follows is another thread's."""
    line = b""
    while (byte := os.read(sys.stdin.fileno(), 1)) not in (b"", b"\n"):
        line += byte
    return line


def main() -> int:
    """Returns the exit code: 0 when a result or an error's sentence was told."""
    request = json.loads(_read_line())
    context = PipeContext()
    try:
        say({"result": run_task(request["name"], request["task"], context)})
    except (Cancelled, BrokenPipeError):
        return 1
    except Exception as error:
        sentence = sentence_of(error)
        if sentence is None:
            raise
        say({"error": sentence})
    return 0


if __name__ == "__main__":
    sys.exit(main())
