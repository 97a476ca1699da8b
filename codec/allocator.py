"""What the GNU C library's allocator does with freed memory, set once for a process. Other allocators have no such
setting."""

import ctypes
import sys
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_FREE_KEPT = 256 << 20
_LARGEST_KEPT = 64 << 20
_LARGEST_MIXED = 256 << 10


@cache
def keep_freed() -> None:
    """For a process that encodes or decodes: a GoP at 640x360 takes pieces of up to 40 MB again and again, and getting
    them from the system anew cost 6 % of the encoder's speed."""
    _set(_FREE_KEPT, _LARGEST_KEPT)


@cache
def give_back_pictures() -> None:
    """For the window's process: pictures come and go in any order. Left to itself the allocator soon mixes them with
    small pieces that stay, and cannot give their memory back: with a limit of 1 MiB, under which chroma of 1920x1080
    lies, resident memory grew by 40 MiB a minute of random looking."""
    _set(_FREE_KEPT // 4, _LARGEST_MIXED)


def _set(free_kept: int, largest: int) -> None:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_TRIM_THRESHOLD, free_kept)
        mallopt(_MMAP_THRESHOLD, largest)
