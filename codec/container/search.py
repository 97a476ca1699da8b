"""Looking for the next record where a stream is damaged: in few passes over its bytes, and not for ever."""

import re
from typing import Protocol

from codec.context import WorkContext
from codec.gop import GOP_LENGTH

RECORD_SYNC = 0x47
MAX_FALSE_STARTS = 2**16
"""Places that look like the head of a record and are none. Bytes that mean nothing have one in four thousand; only a
file built for it has so many."""
_MOST_FLAGS = 2 * GOP_LENGTH - 1
_HEAD = re.compile(b"%c[\x80-\xff]{0,8}[\x00-\x7f][\x00-%c]" % (RECORD_SYNC, _MOST_FLAGS), re.DOTALL)
"""Sync, GoP number, flags."""
_HEAD_BYTES = 11
_WINDOW_BYTES = 2**12


class Bytes(Protocol):
    """What is used of `bytes`; a file read in parts has it too."""

    def __len__(self) -> int: ...
    def __getitem__(self, part: slice, /) -> bytes: ...
    def find(self, byte: int, start: int, /) -> int: ...


class RecordSearch:
    """Where records of one stream may begin."""

    def __init__(self, data: Bytes, context: WorkContext) -> None:
        self._data, self._context = data, context
        self._false_starts = 0

    def after(self, position: int) -> int | None:
        """The first place behind `position`, where no record began, that looks like the head of one; None when there
        is none, or too many were false. Raises Cancelled."""
        self._false_starts += 1
        if self._false_starts > MAX_FALSE_STARTS:
            return None
        position += 1
        while True:
            self._context.check()
            start = self._data.find(RECORD_SYNC, position)
            if start < 0:
                return None
            window = self._data[start : start + _WINDOW_BYTES]
            found = _HEAD.search(window)
            if found is not None:
                return start + found.start()
            if start + len(window) >= len(self._data):
                return None
            position = start + len(window) - _HEAD_BYTES
