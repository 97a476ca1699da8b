"""Functions that tests send to worker processes."""

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


def names_of_modules(context: Any) -> list[str]:
    del context
    return sorted(sys.modules)


def mark(context: Any, folder: Path, name: str, seconds: float = 0.0) -> str:
    """Leave a file named after the start, then wait, listening for a cancel."""
    (folder / f"{time.monotonic_ns()}-{name}").touch()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        context.check()
        time.sleep(0.01)
    return name


def stuck(context: Any) -> None:
    """Never looks at its context."""
    context.emit("begun")
    time.sleep(60)


def die_once(context: Any, marker: Path) -> str:
    del context
    if not marker.exists():
        marker.touch()
        os._exit(9)
    return "alive"


def echo(context: Any, value: Any) -> Any:
    del context
    return value


def die(context: Any) -> None:
    del context
    os._exit(9)


def die_with_a_temporary_folder(context: Any) -> None:
    with tempfile.TemporaryDirectory(prefix="seamscope-test-") as folder:
        context.emit(folder)
        os._exit(9)
