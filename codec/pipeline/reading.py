"""A clip's pictures for GoPs that are worked on side by side."""

import threading

from codec.media.picture import FrameSource, Picture


class GopReader:
    """Reads GoPs whole, one at a time, and keeps the picture that the next one begins with: where GoPs take turns by
    the picture, or read a shared one again, a file's reader goes back to the last key frame each time and decodes
    everything since."""

    def __init__(self, clip: FrameSource) -> None:
        self._clip, self._lock = clip, threading.Lock()
        self._last: tuple[int, Picture] | None = None

    def read(self, start: int, stop: int) -> list[Picture]:
        """Frames [start, stop), at least one. Raises MediaError."""
        with self._lock:
            pictures = [self._picture(index) for index in range(start, stop)]
            self._last = stop - 1, pictures[-1]
        return pictures

    def _picture(self, index: int) -> Picture:
        if self._last is not None and self._last[0] == index:
            return self._last[1]
        return self._clip.picture(index)
