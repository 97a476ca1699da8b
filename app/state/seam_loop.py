"""A slow ping-pong over the frames around a GoP boundary."""

from collections.abc import Sequence

from psygnal import Signal

REACH = 4
"""Frames shown to either side of a boundary."""
RATES_FPS = (1.0, 2.0, 4.0, 6.0, 8.0, 12.0)


def nearest_boundary(frame: int, boundaries: Sequence[int]) -> int | None:
    """The boundary nearest to a frame (the later of two), or None when the clip has none."""
    return min(boundaries, key=lambda boundary: (abs(boundary - frame), -boundary), default=None)


def there_and_back(boundary: int, frame_count: int, reach: int = REACH) -> list[int]:
    """Frames from `reach` before a boundary to `reach` after it and back, without the ends twice."""
    first, last = max(0, boundary - reach), min(frame_count - 1, boundary + reach)
    there = list(range(first, last + 1))
    return there + there[-2:0:-1]


class SeamLoop:
    """Where the ping-pong is. Times are seconds of a monotonic clock that the caller passes in."""

    changed = Signal()
    """Began, ended, moved to another boundary, or changed its rate."""

    def __init__(self) -> None:
        self.boundary: int | None = None
        """The boundary in the middle; None: no ping-pong."""
        self.fps = 4.0
        self.frames: list[int] = []
        self._began_s = 0.0

    def start(self, boundary: int, frame_count: int, now_s: float) -> None:
        """Begin around a boundary."""
        self.boundary, self._began_s = boundary, now_s
        self.frames = there_and_back(boundary, frame_count)
        self.changed.emit()

    def stop(self) -> None:
        """End; harmless when there is none."""
        if self.boundary is not None:
            self.boundary, self.frames = None, []
            self.changed.emit()

    def step_rate(self, direction: int, now_s: float) -> None:
        """One notch faster (+1) or slower (-1), going on from the frame shown."""
        nearest = min(range(len(RATES_FPS)), key=lambda i: abs(RATES_FPS[i] - self.fps))
        position = (now_s - self._began_s) * self.fps
        self.fps = RATES_FPS[max(0, min(len(RATES_FPS) - 1, nearest + direction))]
        self._began_s = now_s - position / self.fps
        self.changed.emit()

    def frame_at(self, now_s: float) -> int | None:
        """The frame that belongs on the screen, or None without a ping-pong."""
        if not self.frames:
            return None
        return self.frames[int((now_s - self._began_s) * self.fps + 1e-6) % len(self.frames)]
