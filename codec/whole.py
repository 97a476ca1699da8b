"""Writing a file so that it is there whole or as it was."""

import contextlib
import os
import tempfile
from pathlib import Path


def write_whole(path: Path, content: str | bytes, beside: Path | None = None) -> None:
    """Write a file, text as UTF-8, so that it is there whole or as it was. `beside`: where to write it first, on the
    same disk, by default its own folder. Raises OSError, and UnicodeEncodeError for text that is none."""
    data = content.encode() if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=beside or path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
