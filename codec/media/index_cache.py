"""Indexes of tracks that had to be decoded to be counted: kept, so that every reader of a clip does not decode it anew.

In memory for this process; those that took long also in the user's cache folder for the workers beside it. What is read
from there is believed only as far as the file's packets: pictures are checked against it when they are decoded.
"""

import json
import os
import threading
from contextlib import suppress
from dataclasses import asdict, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

import av
from cachetools import LRUCache

from codec.folders import cache_folder
from codec.media.index import FrameIndex

_LONG_S = 0.5
_KEPT = 32
_FILES = 64
_Key = tuple[str, int, int]
_known: LRUCache[_Key, FrameIndex] = LRUCache(_KEPT)
_lock = threading.Lock()
"""Of what is known: clips are opened on several threads."""
_distrusted: set[_Key] = set()


def find(path: Path) -> FrameIndex | None:
    """The file's index, if its pictures have been counted."""
    key = _key(path)
    if key is None:
        return None
    with _lock:
        found = _known.get(key)
    if found is None and (found := _read(_file(key))) is not None:
        _remember(key, found)
    return found


def keep(path: Path, index: FrameIndex, *, seconds: float) -> None:
    """Keep an index that took so long to make. One that the packets contradict is kept for other processes too."""
    key = _key(path)
    if key is None:
        return
    _remember(key, index)
    if seconds > _LONG_S or key in _distrusted:
        _write(_file(key), index)


def _remember(key: _Key, index: FrameIndex) -> None:
    with _lock:
        _known[key] = index


def distrust(path: Path) -> None:
    """A picture that the file's packets promised does not decode: next time its pictures are counted."""
    key = _key(path)
    if key is not None:
        _distrusted.add(key)


def doubt_of(path: Path) -> str:
    """Why the file's packets are not relied on, as far as reading it has shown; empty when nothing has."""
    return "a picture did not decode" if _key(path) in _distrusted else ""


def _key(path: Path) -> _Key | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return str(path.absolute()), state.st_size, state.st_mtime_ns


def _file(key: _Key) -> Path:
    # Another decoder may deliver other pictures.
    text = json.dumps([*key, av.library_versions], default=str)
    return cache_folder() / "indexes" / f"{sha256(text.encode(errors='surrogateescape')).hexdigest()[:32]}.json"


def _write(file: Path, index: FrameIndex) -> None:
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    # A cache that cannot be written costs time, nothing else.
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(asdict(index)), encoding="utf-8")
        part.replace(file)
        held = sorted(file.parent.glob("*.json"), key=lambda other: other.stat().st_mtime)
        for old in held[:-_FILES]:
            old.unlink(missing_ok=True)


def _read(file: Path) -> FrameIndex | None:
    try:
        told: Any = json.loads(file.read_text(encoding="utf-8"))
        return FrameIndex(**{field.name: _tuples(told[field.name]) for field in fields(FrameIndex)})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _tuples(value: Any) -> Any:
    return tuple(_tuples(entry) for entry in value) if isinstance(value, list) else value
