"""What has been encoded and measured, on disk: an entry a result, found again by everything that decides the result.

An entry's name is the SHA-256 of its `what`: content hashes, every setting, model id, program versions. Entries and
takes are written under another name and then renamed, and a take counts only with the size and hash its entry states:
whatever moment the program is killed at, what is found afterwards is whole.
"""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from codec.errors import SettingError
from codec.output import WholeFile, write_text
from codec.texts import JSON_ERRORS

Json = dict[str, Any]
_BLOCK = 2**20


def file_hash(path: Path) -> str:
    """SHA-256 of a file's content, or of a folder's files with their names, in name order. Raises OSError."""
    digest = hashlib.sha256()
    files = sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]
    for file in files:
        if path.is_dir():
            digest.update(f"{file.name}\0{file.stat().st_size}\0".encode("utf-8", JSON_ERRORS))
        with file.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()


def key_of(what: Mapping[str, Any]) -> str:
    """The name of an entry: SHA-256 of `what` as JSON with sorted keys."""
    return hashlib.sha256(_canonical(what).encode("utf-8", JSON_ERRORS)).hexdigest()


@dataclass(frozen=True, slots=True)
class Entry:
    """A result and, for an encode, its file."""

    key: str
    result: Json
    take: Path | None


class BenchCache:
    """The folder of one benchmark; a context manager that holds it for one process at a time.

    Layout: `entries/KEY.json`, `takes/KEY.SUFFIX`, `work/` for what is being encoded, emptied when the cache is opened.
    """

    def __init__(self, folder: Path) -> None:
        """Raises SettingError when `folder` cannot be written or is in use."""
        self._entries, self._takes, self._work = folder / "entries", folder / "takes", folder / "work"
        try:
            for part in (self._entries, self._takes, self._work):
                part.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SettingError(f"{folder}: the folder cannot be written ({error.strerror or error}).") from error
        try:
            # Released by the system when the process ends, however it ends.
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise SettingError(f"{folder}: another benchmark is running here.") from error
        for left in self._work.iterdir():
            shutil.rmtree(left, ignore_errors=True)

    def __enter__(self) -> "BenchCache":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._lock)

    def workplace(self) -> Path:
        """A new folder for one task; what is left in it when the cache is next opened is removed."""
        return Path(tempfile.mkdtemp(dir=self._work))

    def load(self, what: Mapping[str, Any]) -> Entry | None:
        """The entry of `what`; None when there is none or it is not whole."""
        key = key_of(what)
        try:
            stored = json.loads((self._entries / f"{key}.json").read_text(encoding="utf-8"))
            if _canonical(stored["what"]) != _canonical(what):
                return None
            result, take = stored["result"], None
            if "take" in stored:
                take = self._takes / str(stored["take"]["name"])
                if take.stat().st_size != stored["take"]["size_bytes"] or file_hash(take) != stored["take"]["sha256"]:
                    return None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return Entry(key, result, take)

    def store(self, what: Mapping[str, Any], result: Json, made: Path | None = None) -> Entry:
        """Keep a result; `made`, a file in a workplace, becomes its take. Raises SettingError when the disk refuses."""
        key = key_of(what)
        stored: Json = {"what": dict(what), "result": result}
        take = None
        try:
            if made is not None:
                take = self._takes / f"{key}{made.suffix}"
                size, digest = made.stat().st_size, file_hash(made)
                with WholeFile(take, ()) as part:
                    # On the same disk: nothing is copied.
                    made.replace(part)
                stored["take"] = {"name": take.name, "size_bytes": size, "sha256": digest}
            text = json.dumps(stored, indent=1, ensure_ascii=False)
            write_text(self._entries / f"{key}.json", text, beside=self._work)
        except OSError as error:
            raise SettingError(f"{self._entries}: the result cannot be kept ({error.strerror or error}).") from error
        return Entry(key, result, take)


def _canonical(what: Any) -> str:
    return json.dumps(what, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
