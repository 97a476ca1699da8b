"""Journals of blind tests on disk: one file a run, only ever added to, each line on the disk before the next picture.

They are the user's data, not a cache and not a setting: on Linux they lie in ~/.local/share/seamscope/blind,
$XDG_DATA_HOME is obeyed.
"""

import os
import re
from datetime import datetime
from pathlib import Path

import platformdirs

from app.state.blind.journal import LIMIT_BYTES, JournalError, Run, read_run
from app.state.blind.setup import Setup
from codec.context import WorkContext
from codec.errors import SeamscopeError
from codec.output import short_name

SUFFIX = ".jsonl"
_LINE_BYTES = 2**18
LISTED = 5000
"""Journals looked at, the newest first."""


class BlindError(SeamscopeError):
    """A blind test cannot be prepared, or its journal cannot be written."""


def journals_folder() -> Path:
    """Where journals lie. Not made here."""
    return platformdirs.user_data_path("seamscope", appauthor=False) / "blind"


def new_name(setup: Setup, now: datetime) -> str:
    """Of a run's file: "20260301-100000-250000-city-parity-ann-1a2b3c.jsonl". Names are in order of time, to the
    microsecond: runs are listed by them."""
    words = (Path(setup.clip).stem, setup.task.value, setup.viewing.observer)
    plain = "-".join(re.sub(r"[^0-9A-Za-z]+", "_", word).strip("_")[:40] for word in words)
    return short_name(f"{now:%Y%m%d-%H%M%S-%f}-{plain}-{setup.seed % 2**24:06x}", SUFFIX)


def begin(context: WorkContext, path: Path, first: str) -> None:
    """Make a journal, with its set-up. Raises BlindError; a file that is there is never touched."""
    context.check()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, first, os.O_CREAT | os.O_EXCL)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise _not_written(path, error) from error


def append(context: WorkContext, path: Path, lines: str) -> None:
    """Add lines; when it returns they are on the disk. Raises BlindError."""
    del context
    try:
        _write(path, lines, 0)
    except OSError as error:
        raise _not_written(path, error) from error


def _write(path: Path, text: str, how: int) -> None:
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | how, 0o600)
    try:
        data = text.encode("utf-8", "backslashreplace")
        while data:
            data = data[os.write(file, data) :]
        os.fsync(file)
    finally:
        os.close(file)


def _not_written(path: Path, error: OSError) -> BlindError:
    return BlindError(f"{path}: answers cannot be written down ({error.strerror or error}).")


def read_runs(context: WorkContext, content: str = "", folder: Path | None = None) -> tuple[Run, ...]:
    """The runs in a folder (by default the user's), oldest first: those of one clip, or with an empty `content` all.
    Files that are no journals are passed over."""
    try:
        names = sorted((folder or journals_folder()).glob(f"*{SUFFIX}"), reverse=True)[:LISTED]
    except OSError:
        return ()
    found = []
    for path in reversed(names):
        context.check()
        run = read_journal(path) if not content or _begins_with(path, content) else None
        if run is not None and content in ("", run.setup.content):
            # Its result is computed here, away from the thread that shows it, and remembered.
            _ = run.state
            found.append(run)
    return tuple(found)


def _begins_with(path: Path, content: str) -> bool:
    """True when a clip's hash stands in the first line; most journals are of other clips."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return content.encode() in file.readline(_LINE_BYTES)
    except OSError:
        return False


def read_journal(path: Path) -> Run | None:
    """A journal's run; None for what is none."""
    try:
        if not path.is_file() or path.stat().st_size > LIMIT_BYTES:
            return None
        return read_run(path.read_text("utf-8", "replace"), path.name)
    except (OSError, JournalError):
        return None
