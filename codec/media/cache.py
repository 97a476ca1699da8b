"""Decoded pictures kept in memory, least recently used out first, never above a stated limit."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from codec.media.picture import Picture


class FrameCache:
    """Pictures by (source key, frame number) within `limit_bytes`. Thread-safe."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._held = 0
        self._entries: OrderedDict[tuple[Hashable, int], Picture] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def held_bytes(self) -> int:
        """Bytes of all pictures held now."""
        return self._held

    @property
    def limit_bytes(self) -> int:
        return self._limit

    def set_limit(self, limit_bytes: int) -> None:
        """Change the limit; pictures over it go at once."""
        with self._lock:
            self._limit = limit_bytes
            self._evict()

    def get(self, key: Hashable, index: int, make: Callable[[int], Picture]) -> Picture:
        """The picture from the cache, else `make(index)`, then kept. Raises what `make` raises."""
        with self._lock:
            entry = self._entries.get((key, index))
            if entry is not None:
                self._entries.move_to_end((key, index))
                return entry
        picture = make(index)
        self.put(key, index, picture)
        return picture

    def put(self, key: Hashable, index: int, picture: Picture) -> None:
        """Keep a picture, unless it alone is over the limit."""
        with self._lock:
            old = self._entries.pop((key, index), None)
            self._held -= old.size_bytes if old is not None else 0
            if picture.size_bytes > self._limit:
                return
            self._entries[key, index] = picture
            self._held += picture.size_bytes
            self._evict()

    def drop(self, key: Hashable) -> None:
        """Forget all pictures of a source."""
        with self._lock:
            for entry in [e for e in self._entries if e[0] == key]:
                self._held -= self._entries.pop(entry).size_bytes

    def __contains__(self, entry: tuple[Hashable, int]) -> bool:
        return entry in self._entries

    def _evict(self) -> None:
        while self._held > self._limit:
            _, picture = self._entries.popitem(last=False)
            self._held -= picture.size_bytes
