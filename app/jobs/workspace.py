"""The folder in which one running Seamscope keeps decoded pictures and encodes; gone when it ends.

It lies in the user's cache folder and not in the system's temporary one, which may be memory. What a crashed run left
behind is removed by the next one.
"""

import os
import shutil
import tempfile
from pathlib import Path

_PREFIX = "session-"


def cache_folder() -> Path:
    """$XDG_CACHE_HOME/seamscope, else ~/.cache/seamscope."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "seamscope"


def open_workspace() -> Path:
    """A new, empty folder of this process; in the system's temporary folder where the cache cannot be written."""
    parent = cache_folder()
    try:
        parent.mkdir(parents=True, exist_ok=True)
        _remove_left_behind(parent)
        return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent))
    except OSError:
        return Path(tempfile.mkdtemp(prefix="seamscope-"))


def close_workspace(folder: Path) -> None:
    """Remove it with all it holds."""
    shutil.rmtree(folder, ignore_errors=True)


def _remove_left_behind(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*-*"):
        owner = folder.name.removeprefix(_PREFIX).split("-")[0]
        if owner.isdigit() and not is_alive(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def is_alive(process: int) -> bool:
    """True while a process with this number runs."""
    if os.name != "posix":
        # Signal 0 would end the process there: its folder is left alone.
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        # It runs, under another user.
        return True
    return True
