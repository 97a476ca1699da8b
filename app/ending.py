"""Ctrl-C, SIGTERM and a closed terminal reach a window whose thread sits in Qt's event loop."""

import contextlib
import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, QSocketNotifier

from codec.terminal import ENDING


class EndingSignals(QObject):
    """Calls `end` on the GUI thread when the first of these signals comes; later ones are ignored."""

    def __init__(self, end: Callable[[], None]) -> None:
        super().__init__()
        self._end = end
        self.exit_code = 0
        """128 + the signal's number, once one came."""
        self._ours, self._theirs = socket.socketpair()
        for end_of_pair in (self._ours, self._theirs):
            end_of_pair.setblocking(False)
        self._notifier = QSocketNotifier(self._ours.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._arrived)
        # Python's own handlers run only when Python runs; this wakes it.
        self._woken = signal.set_wakeup_fd(self._theirs.fileno(), warn_on_full_buffer=False)
        self._before = {number: signal.getsignal(number) for number in ENDING}
        for number, handler in self._before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, lambda _number, _frame: None)

    def _arrived(self) -> None:
        with contextlib.suppress(BlockingIOError):
            for number in self._ours.recv(64):
                if number in self._before and self.exit_code == 0:
                    self.exit_code = 128 + number
                    self._end()

    def close(self) -> None:
        """Signals do again what they did before."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._woken)
        for number, handler in self._before.items():
            if handler is not None:
                signal.signal(number, handler)
        self._ours.close()
        self._theirs.close()


def leave(code: int) -> int:
    """The exit code, unless something that hangs would hold up the end of the process: then it ends here."""
    stuck = [t for t in threading.enumerate() if t is not threading.main_thread() and not t.daemon]
    if stuck or multiprocessing.active_children():
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(code)
    return code
