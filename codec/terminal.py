"""The terminal's side of a program: signals that end it, and text that its encoding cannot say."""

import contextlib
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType

ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Ctrl-C, a polite kill, and a terminal that was closed."""


class Ended(KeyboardInterrupt):
    """A signal asked the program to end; raised on the main thread, so that everything is cleaned up on the way out."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_code = 128 + number


def say_anything() -> None:
    """From now on standard output and error write characters that their encoding lacks as escapes: λ must not end the
    program in a terminal of Latin-1, nor a file name that is no text in one of UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextlib.contextmanager
def ending_raises(on_signal: Callable[[], None]) -> Iterator[None]:
    """Within this, an ending signal calls `on_signal` and raises Ended on the main thread. The first one counts: what
    comes while things are cleaned up is ignored. Signals that were ignored before (nohup) stay so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in ENDING}
    taken = [number for number in ENDING if before[number] not in (signal.SIG_IGN, None)]

    def end(number: int, _frame: FrameType | None) -> None:
        for each in taken:
            signal.signal(each, signal.SIG_IGN)
        on_signal()
        raise Ended(number)

    for number in taken:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, before[number])


def drop_output() -> None:
    """Nobody reads standard output any more: what is still held for it goes nowhere, instead of failing at the end."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
