"""A file's bytes, read in parts: however large a file is said to be, little of it is in memory at a time."""

import os
from typing import BinaryIO

_BLOCK_BYTES = 2**20


class FileBytes:
    """What is used of `bytes`, over a file opened for reading. A slice is as short as what can be read; searches skip
    the holes of a sparse file. Raises OSError."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file.fileno()
        self._size = os.fstat(self._file).st_size
        self._start, self._block = 0, b""

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _ = part.indices(self._size)
        if self._start <= start and stop <= self._start + len(self._block):
            return self._block[start - self._start : stop - self._start]
        if stop - start >= _BLOCK_BYTES:
            return self._read(start, stop - start)
        self._start, self._block = start, self._read(start, _BLOCK_BYTES)
        return self._block[: stop - start]

    def find(self, byte: int, start: int) -> int:
        """The first place from `start` on where `byte`, not 0, stands; -1 when there is none."""
        while start < self._size:
            start = self._after_hole(start)
            # Brings the block there into memory, and is no copy of it: this is called for every false start.
            if not self[start : start + 1]:
                return -1
            found = self._block.find(byte, start - self._start)
            if found >= 0:
                return self._start + found
            start = self._start + len(self._block)
        return -1

    def _after_hole(self, start: int) -> int:
        if not hasattr(os, "SEEK_DATA"):
            return start
        try:
            return os.lseek(self._file, start, os.SEEK_DATA)
        except OSError:
            # Nothing but a hole follows.
            return self._size

    def _read(self, start: int, count: int) -> bytes:
        parts: list[bytes] = []
        while count > 0 and (part := os.pread(self._file, min(count, 2**30), start)):
            parts.append(part)
            start, count = start + len(part), count - len(part)
        return b"".join(parts)
