"""What a file holds, in a short text: to notice that another file stands under a name, and to name it in evidence.

Files up to FULL_LIMIT_BYTES are hashed whole ("sha256:..."). Of larger ones the size and SAMPLES blocks from the first
to the last are hashed ("sha256-sampled:..."): a clip of many gigabytes must not hold up saving. An image sequence is
the hash of its files' names and hashes in order ("sha256-files:...").
"""

import hashlib
from pathlib import Path

from codec.context import QUIET, WorkContext
from codec.errors import MediaError
from codec.media import place
from codec.media.sequence import is_sequence, list_images

FULL_LIMIT_BYTES = 512 * 2**20
BLOCK_BYTES = 2**20
SAMPLES = 64
_KNOWN_LIMIT = 4096
_known: dict[tuple[Path, int, int], str] = {}
"""Hashes by path, size and time of change."""


def content_of(path: Path, context: WorkContext = QUIET) -> str:
    """`algorithm:hex` of a file or image sequence; remembered while size and time of change stay. Raises MediaError."""
    try:
        if not is_sequence(path) or path.is_file():
            return _file(path, context)
        digest = hashlib.sha256()
        for image in list_images(path):
            digest.update(f"{image.name} {_file(image, context)}\n".encode("utf-8", "surrogateescape"))
        return f"sha256-files:{digest.hexdigest()}"
    except OSError as error:
        raise MediaError(f"{path}: the file cannot be read ({error.strerror or error}).") from error


def _file(path: Path, context: WorkContext) -> str:
    state = place.regular_file(path).stat()
    key = path.absolute(), state.st_size, state.st_mtime_ns
    if key not in _known:
        if len(_known) >= _KNOWN_LIMIT:
            _known.clear()
        _known[key] = _hash(path, state.st_size, context)
    return _known[key]


def _hash(path: Path, size: int, context: WorkContext) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        if size <= FULL_LIMIT_BYTES:
            while block := file.read(BLOCK_BYTES):
                context.check()
                digest.update(block)
            return f"sha256:{digest.hexdigest()}"
        digest.update(size.to_bytes(8, "little"))
        for number in range(SAMPLES):
            context.check()
            file.seek((size - BLOCK_BYTES) * number // (SAMPLES - 1))
            digest.update(file.read(BLOCK_BYTES))
    return f"sha256-sampled:{digest.hexdigest()}"
