"""Copying a file so that the copy is whole or not there. No Qt."""

from contextlib import suppress
from pathlib import Path

from codec.context import QUIET, WorkContext
from codec.media import place

_BLOCK_BYTES = 4 * 2**20


def copy_whole(source: Path, target: Path, context: WorkContext = QUIET) -> None:
    """Copy a regular file under another name, then give it its own. Raises MediaError for what is no file or no place
    for one, OSError, Cancelled."""
    place.regular_file(source)
    temporary = place.output_file(target).with_name(f".{target.name}.part")
    try:
        with source.open("rb") as read, temporary.open("wb") as write:
            while block := read.read(_BLOCK_BYTES):
                context.check()
                write.write(block)
        temporary.replace(target)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
