"""In place of the entropy coder, one that keeps what it is told and insists on hearing the same again.

A stream that it wrote is large, and proves something: its reader must ask for every symbol with the table index that
the writer had, or `Differs` is raised. It also stands in where CompressAI is not installed.
"""

import sys
from collections.abc import Callable
from types import ModuleType

import numpy as np

from codec.vae import rans

NAME = "compressai.ans"
Watch = Callable[[list[int], list[int], int], None]
"""Told of what is written: symbols, table indices, and how many tables there are."""
_PAIR = np.dtype([("index", "<i2"), ("symbol", "<i2")])


class Differs(Exception):
    """A symbol is read with another table than it was written with."""


class _Encoder:
    watch: Watch | None = None

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def encode_with_indexes(
        self, symbols: list[int], indexes: list[int], cdfs: list[list[int]], *others: list[int]
    ) -> None:
        del others
        if self.watch is not None:
            self.watch(symbols, indexes, len(cdfs))
        pairs = np.zeros(len(symbols), _PAIR)
        pairs["index"], pairs["symbol"] = indexes, symbols
        self._parts.append(pairs.tobytes())

    def flush(self) -> bytes:
        return b"".join(self._parts)


class _Decoder:
    def set_stream(self, string: bytes) -> None:
        self._string, self._place = string, 0

    def decode_stream(self, indexes: list[int], *tables: object) -> list[int]:
        del tables
        pairs = np.frombuffer(self._string, _PAIR, len(indexes), self._place)
        self._place += pairs.nbytes
        wrong = int((pairs["index"] != np.asarray(indexes)).sum())
        if wrong:
            raise Differs(f"{wrong} of {len(indexes)} symbols are read with another table than they were written with")
        return pairs["symbol"].tolist()


class _Module(ModuleType):
    RansDecoder = _Decoder

    def __init__(self, name: str, watch: Watch | None) -> None:
        super().__init__(name)
        self.BufferedRansEncoder = type("_Watched", (_Encoder,), {"watch": staticmethod(watch) if watch else None})


def install(watch: Watch | None = None) -> ModuleType | None:
    """From now on every string is recorded; returns the coder that `restore` puts back, None where there is none."""
    before = sys.modules.get(NAME)
    sys.modules[NAME] = _Module(NAME, watch)
    rans.coder.cache_clear()
    return before


def restore(before: ModuleType | None) -> None:
    """Undo `install`."""
    del sys.modules[NAME]
    if before is not None:
        sys.modules[NAME] = before
    rans.coder.cache_clear()
