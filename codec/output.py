"""The one place where files are written: never over a file that is being read, and whole or not at all.

A file is written under another name in its folder and then renamed. Everything that writes for a user goes through
`WholeFile` and says what it reads; `check_folder` is for commands that fill a folder.
"""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from codec.errors import OutputError
from codec.texts import JSON_ERRORS

NAME_BYTES = 255
"""Longest name of a file."""
_PREFIX = ".seamscope-"
"""Of a file being written. Its own name is not in it: it may be as long as the file system allows."""


def same_file(one: Path, other: Path) -> bool:
    """True when two paths lead to one file: by links, hard links, or another spelling; also when nothing is there."""
    try:
        if one.samefile(other):
            return True
    except (OSError, ValueError):
        # One of them is not there.
        return _real(one) == _real(other)
    return False


def read_by(source: object) -> tuple[Path, ...]:
    """What a source of pictures reads, as `inputs` of an output: the path of a clip; nothing of what has none."""
    path = getattr(source, "path", None)
    return (path,) if isinstance(path, Path) else ()


def check_output(target: Path, inputs: Iterable[Path]) -> None:
    """Refuse an output that is one of the inputs. An input may be a sequence, a folder of images or a pattern: its
    images count, those there are and those that the output would add. Raises OutputError."""
    for path in inputs:
        if same_file(target, path):
            which = "this file" if path == target else f"this is {path}, which"
            raise OutputError(f"{target}: {which} is being read; choose another output.")
        if _in_sequence(target, path):
            raise OutputError(f"{target}: this is, or would become, a picture of {path}; choose another output.")


def check_folder(folder: Path, inputs: Iterable[Path]) -> None:
    """Refuse a folder of results that is an input or holds one, at any depth: what is in it may be replaced. Raises
    OutputError."""
    for path in inputs:
        inside = (_real(path), *_real(path).parents)
        if any(same_file(folder, place) for place in inside):
            raise OutputError(f"{folder}: {path} is read from this folder; choose another one for the results.")


class WholeFile:
    """A file that appears under its name with `keep`, whole, or not at all with `drop`. As a context manager it gives
    the path to write to; it keeps the file when the block ends and drops it when the block raises."""

    def __init__(self, target: Path, inputs: Iterable[Path], *, suffix: str = "", beside: Path | None = None) -> None:
        """`inputs`: what is read while the file is made. `suffix` ends the name that is written to. `beside`: where to
        write first, on the same disk, by default the target's own folder.

        Raises OutputError when the target is an input, OSError when it cannot be written.
        """
        self.target, self._inputs = target, tuple(inputs)
        check_output(target, self._inputs)
        _check_kind(target)
        folder = (beside or target.parent).absolute()
        # Absolute: programs that are handed the path take it for nothing else.
        self.part = folder / f"{_PREFIX}{secrets.token_hex(6)}.part{suffix}"
        os.close(os.open(self.part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))

    def keep(self) -> None:
        """Give the file its name. Raises OutputError, OSError; the file is dropped then."""
        try:
            with self.part.open("rb+") as file:
                # A crash of the machine must leave the old file or the new one.
                os.fsync(file.fileno())
            # Links may have been made since.
            check_output(self.target, self._inputs)
            _check_kind(self.target)
            self.part.replace(self.target)
        except BaseException:
            self.drop()
            raise

    def drop(self) -> None:
        """Remove what was written; nothing when it was kept."""
        with contextlib.suppress(OSError):
            self.part.unlink(missing_ok=True)

    def __enter__(self) -> Path:
        return self.part

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.keep()
        else:
            self.drop()


def short_name(stem: str, ending: str) -> str:
    """A file name of a stem and its ending, the stem cut where the name would be longer than file systems allow."""
    room = NAME_BYTES - len(os.fsencode(ending))
    while len(os.fsencode(stem)) > room:
        stem = stem[:-1]
    return stem + ending


def write_text(target: Path, text: str, inputs: Iterable[Path] = (), *, beside: Path | None = None) -> None:
    """Write a text file as UTF-8 through `WholeFile`, halves of characters as escapes. Raises OutputError, OSError."""
    with WholeFile(target, inputs, beside=beside) as part:
        part.write_text(text, encoding="utf-8", errors=JSON_ERRORS, newline="")


def write_bytes(target: Path, data: bytes, inputs: Iterable[Path] = ()) -> None:
    """Write a file through `WholeFile`. Raises OutputError, OSError."""
    with WholeFile(target, inputs) as part:
        part.write_bytes(data)


def _check_kind(target: Path) -> None:
    """Raises OSError where a folder, a device or the like stands: renaming a file onto it would replace it."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EEXIST, "what is there is no regular file", str(target))


def _in_sequence(target: Path, path: Path) -> bool:
    from codec.media.sequence import holds, is_sequence

    try:
        if path.is_file() or not is_sequence(path):
            return False
        folder = path if path.is_dir() else path.parent
        if same_file(target.parent, folder) and holds(path, target.name):
            return True
        # A link to one of the images, from elsewhere.
        return target.exists() and any(
            holds(path, image.name) and same_file(target, image) for image in folder.iterdir()
        )
    except OSError:
        return False


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
