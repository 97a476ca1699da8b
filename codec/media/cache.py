"""Decoded pictures kept in memory, least recently used out first, never above a stated limit."""

import threading
from collections.abc import Callable, Hashable

from cachetools import LRUCache

from codec.media.picture import Picture

_Entries = LRUCache[tuple[Hashable, int], Picture]


class FrameCache:
    """Pictures by (source key, frame number) within `limit_bytes`. Thread-safe."""

    def __init__(self, limit_bytes: int) -> None:
        self._entries = _empty(limit_bytes)
        self._lock = threading.Lock()

    @property
    def held_bytes(self) -> int:
        """Bytes of all pictures held now."""
        return int(self._entries.currsize)

    @property
    def limit_bytes(self) -> int:
        return int(self._entries.maxsize)

    def set_limit(self, limit_bytes: int) -> None:
        """Change the limit; pictures over it go at once."""
        with self._lock:
            old = self._entries
            while old.currsize > limit_bytes:
                old.popitem()
            self._entries = _empty(limit_bytes)
            while old:
                entry, picture = old.popitem()
                self._entries[entry] = picture

    def get(self, key: Hashable, index: int, make: Callable[[int], Picture]) -> Picture:
        """The picture from the cache, else `make(index)`, then kept. Raises what `make` raises."""
        with self._lock:
            entry = self._entries.get((key, index))
            if entry is not None:
                return entry
        picture = make(index)
        self.put(key, index, picture)
        return picture

    def put(self, key: Hashable, index: int, picture: Picture) -> None:
        """Keep a picture, unless it alone is over the limit."""
        with self._lock:
            self._entries.pop((key, index), None)
            if picture.size_bytes <= self._entries.maxsize:
                self._entries[key, index] = picture

    def drop(self, key: Hashable) -> None:
        """Forget all pictures of a source."""
        with self._lock:
            for entry in [e for e in self._entries if e[0] == key]:
                del self._entries[entry]

    def __contains__(self, entry: tuple[Hashable, int]) -> bool:
        return entry in self._entries


def _empty(limit_bytes: int) -> _Entries:
    return LRUCache(limit_bytes, getsizeof=lambda picture: picture.size_bytes)
