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
