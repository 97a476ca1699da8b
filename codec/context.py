"""What long work is given besides its input: a way to report progress and a way to be cancelled."""

from typing import Protocol


class WorkContext(Protocol):
    """Handed to every function that takes longer than 50 ms."""

    def report(self, fraction: float, message: str = "") -> None:
        """Tell how far the work is: `fraction` in [0, 1], `message` a short phrase such as "GoP 3 of 9"."""

    def check(self) -> None:
        """Raise `codec.errors.Cancelled` if the user asked to stop; call it at least every 100 ms of work."""


class QuietContext:
    """A context that shows nothing and is never cancelled (library use, tests)."""

    def report(self, fraction: float, message: str = "") -> None:
        del fraction, message

    def check(self) -> None:
        return


QUIET = QuietContext()


class Part:
    """A stretch of some longer work's progress, from `start` on, `span` of the whole; `label` goes before messages."""

    def __init__(self, context: WorkContext, start: float, span: float, label: str) -> None:
        self._context, self._start, self._span, self._label = context, start, span, label

    def report(self, fraction: float, message: str = "") -> None:
        self._context.report(self._start + self._span * fraction, f"{self._label}: {message}")

    def check(self) -> None:
        self._context.check()
