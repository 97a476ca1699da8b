"""Copying a file so that the copy is whole or not there. No Qt."""

from collections.abc import Iterable
from pathlib import Path

from codec.context import QUIET, WorkContext
from codec.media import place
from codec.output import WholeFile

_BLOCK_BYTES = 4 * 2**20


def copy_whole(source: Path, target: Path, context: WorkContext = QUIET, inputs: Iterable[Path] = ()) -> None:
    """Copy a regular file under another name, then give it its own. `inputs`: further files in use. Raises MediaError
    for what is no file or no place for one, OutputError, OSError, Cancelled."""
    place.regular_file(source)
    place.output_file(target)
    with WholeFile(target, (source, *inputs)) as part, source.open("rb") as read, part.open("wb") as write:
        while block := read.read(_BLOCK_BYTES):
            context.check()
            write.write(block)
