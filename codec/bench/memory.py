"""Peak resident memory of this process, and of the programs it starts."""

import contextlib
import resource
import sys
import threading
from pathlib import Path
from types import TracebackType

_POLL_S = 0.02


def own_peak_bytes() -> int:
    """The most memory this process ever held. Linux's high-water mark of the process itself where there is one: the
    portable figure counts what the parent held when it started us."""
    return _high_water(Path("/proc/self/status")) or _portable(resource.RUSAGE_SELF)


class ChildPeak:
    """While entered, watches the programs started; `peak_bytes` is the most that one of them held.

    Looked at 50 times a second, so that what a program takes in its last moment can be missed.
    """

    def __init__(self) -> None:
        self._peak = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="child-memory", daemon=True)

    @property
    def peak_bytes(self) -> int:
        return self._peak or _portable(resource.RUSAGE_CHILDREN)

    def __enter__(self) -> "ChildPeak":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(_POLL_S):
            for process in _children():
                self._peak = max(self._peak, _high_water(Path(f"/proc/{process}/status")))


def _children() -> set[str]:
    found: set[str] = set()
    with contextlib.suppress(OSError):
        for task in Path("/proc/self/task").iterdir():
            with contextlib.suppress(OSError):
                found.update((task / "children").read_text().split())
    return found


def _high_water(status: Path) -> int:
    """VmHWM of a process in bytes; 0 where it cannot be read or the process has ended."""
    with contextlib.suppress(OSError, ValueError):
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def _portable(who: int) -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(who).ru_maxrss * unit
