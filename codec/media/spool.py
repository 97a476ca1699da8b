"""Decoded pictures on disk, one fixed-size record a slot: written by one process, read by another.

Reads and writes go through the page cache without being mapped, so that memory stays flat however long the clip is.
A slot is whole when its last byte, a marker, is written.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from codec.errors import MediaError
from codec.media.picture import Colour, Picture

_READY = b"\x01"


@dataclass(frozen=True, slots=True)
class SpoolSpec:
    """Where a spool lies and what its pictures are; values only, so it can be sent to another process."""

    path: Path
    width: int
    height: int
    colour: Colour
    slots: int

    @property
    def picture_bytes(self) -> int:
        return self.width * self.height + 2 * ((self.width + 1) // 2) * ((self.height + 1) // 2)

    @property
    def record_bytes(self) -> int:
        return self.picture_bytes + 1


class FrameSpool:
    """A spool opened for reading and writing. Raises MediaError when the file cannot be opened or written."""

    def __init__(self, spec: SpoolSpec) -> None:
        self.spec = spec
        try:
            self._file = os.open(spec.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise MediaError(f"{spec.path}: decoded pictures cannot be kept here ({error.strerror}).") from error
        self._known: set[int] = set()

    def has(self, slot: int) -> bool:
        """True when the slot's picture is whole."""
        if slot in self._known:
            return True
        mark = os.pread(self._file, 1, slot * self.spec.record_bytes + self.spec.picture_bytes)
        if mark == _READY:
            self._known.add(slot)
        return mark == _READY

    def put(self, slot: int, picture: Picture) -> None:
        """Write a picture."""
        data = b"".join(plane.tobytes() for plane in (picture.y, picture.u, picture.v)) + _READY
        try:
            written = os.pwrite(self._file, data, slot * self.spec.record_bytes)
        except OSError as error:
            raise MediaError(f"{self.spec.path}: decoded pictures cannot be kept ({error.strerror}).") from error
        if written != len(data):
            raise MediaError(f"{self.spec.path}: decoded pictures cannot be kept (the disk is full).")

    def get(self, slot: int) -> Picture:
        """Read a picture. Raises MediaError when it is not there yet."""
        if not self.has(slot):
            raise MediaError(f"{self.spec.path}: picture {slot} is not decoded yet.")
        spec = self.spec
        data = np.frombuffer(os.pread(self._file, spec.picture_bytes, slot * spec.record_bytes), dtype=np.uint8)
        half = (spec.height + 1) // 2, (spec.width + 1) // 2
        luma, chroma = spec.width * spec.height, half[0] * half[1]
        return Picture(
            data[:luma].reshape(spec.height, spec.width),
            data[luma : luma + chroma].reshape(half),
            data[luma + chroma :].reshape(half),
            spec.colour,
        )

    def close(self, *, remove: bool = False) -> None:
        """Close; the owner also removes the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        if remove:
            self.spec.path.unlink(missing_ok=True)
