"""Folders that belong to one running program: others must see whether it still runs, from any container or machine.

The owner holds a lock on a file in its folder; the system gives it up when the process ends, however it ends. A process
number would say nothing to who cannot see the process. Where the disk knows no locks, the file says who the owner is,
and only who can look for that very process calls it gone.
"""

import json
import os
import platform
import tempfile
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:
    fcntl = None

LOCK_NAME = "owner"
_MAKING = ".making-"


class OwnedFolder:
    """A folder with its lock held, until `release` or the end of the process."""

    def __init__(self, parent: Path, prefix: str) -> None:
        """A new, empty folder in `parent`, which must be there. Raises OSError."""
        made = Path(tempfile.mkdtemp(prefix=_MAKING, dir=parent))
        # Locked before it has a name that others look for.
        self._lock = os.open(made / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        _try_lock(self._lock)
        os.write(self._lock, json.dumps(_myself()).encode())
        self.path = made.with_name(f"{prefix}{made.name.removeprefix(_MAKING)}")
        made.rename(self.path)

    def release(self) -> None:
        """The folder, if it is still there, belongs to nobody."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def is_left_behind(folder: Path) -> bool:
    """True when the owner of an `OwnedFolder` is known to run no more. A folder that is none is left alone."""
    try:
        file = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        locked = _try_lock(file)
        return _is_gone(os.read(file, 4096)) if locked is None else locked
    except OSError:
        return False
    finally:
        os.close(file)


def _try_lock(file: int) -> bool | None:
    """True when the lock is ours now, False when another holds it, None where there are no locks."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _myself() -> dict[str, str]:
    return {
        "host": platform.node(),
        "boot": _text("/proc/sys/kernel/random/boot_id"),
        "processes": _link("/proc/self/ns/pid"),
        "process": str(os.getpid()),
        "started": _started(os.getpid()),
    }


def _is_gone(record: bytes) -> bool:
    """True when the record names a process that this one could see if it still ran, and does not see."""
    try:
        owner = json.loads(record)
        me = _myself()
        if not me["boot"] or owner["host"] != me["host"]:
            return False
        if owner["boot"] != me["boot"]:
            # The machine has been started anew since.
            return True
        return owner["processes"] == me["processes"] and _started(int(owner["process"])) != owner["started"]
    except (ValueError, KeyError, TypeError):
        return False


def _started(process: int) -> str:
    """When a process was started, in ticks since the machine was; empty when there is none."""
    # The name of the program, in parentheses, may hold spaces.
    return (_text(f"/proc/{process}/stat").rpartition(")")[2].split() + [""] * 20)[19]


def _text(path: str) -> str:
    with suppress(OSError):
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    return ""


def _link(path: str) -> str:
    with suppress(OSError):
        return str(Path(path).readlink())
    return ""
