"""Which frame is shown and when the next is due: an absolute due time for each frame, none of it in Qt."""

from bisect import bisect_right

from psygnal import Signal

from codec.media.picture import Timing

SPEEDS = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0)


class Playback:
    """A clock over a clip's frames. Times are seconds of a monotonic clock that the caller passes in."""

    frame_changed = Signal(int)
    state_changed = Signal()
    """Playing, speed, loop or range changed."""

    def __init__(self) -> None:
        self._times: list[float] = [0.0]
        self._end_s = 0.0
        self._frame = 0
        self._anchor = (0.0, 0.0)
        self.playing = False
        self.speed = 1.0
        self.loop = True
        self.in_point = 0
        self.out_point = 0
        """Last frame of the range, included."""
        self.skipped = 0
        """Frames whose time passed without their being shown, since playing began."""

    @property
    def frame(self) -> int:
        return self._frame

    @property
    def frame_count(self) -> int:
        return len(self._times)

    def time_of(self, frame: int) -> float:
        """Start of a frame in clip seconds."""
        return self._times[frame]

    def set_timing(self, timing: Timing) -> None:
        """A new clip: stop at its first frame, the whole clip in range."""
        base = float(timing.time_base)
        self._times = [pts * base for pts in timing.pts]
        self._end_s = timing.duration_s
        self.playing, self.in_point, self.out_point, self.skipped = False, 0, len(self._times) - 1, 0
        self._frame = 0
        self.state_changed.emit()
        self.frame_changed.emit(0)

    def play(self, now_s: float) -> None:
        """Start from the current frame (from the in point when at the end)."""
        if self._frame >= self.out_point or self._frame < self.in_point:
            self._show(self.in_point)
        self.playing, self.skipped = True, 0
        self._anchor = (now_s, self._times[self._frame])
        self.state_changed.emit()

    def pause(self) -> None:
        """Stop at the current frame."""
        if self.playing:
            self.playing = False
            self.state_changed.emit()

    def due(self, now_s: float) -> int:
        """The frame that belongs on the screen at `now_s`; wraps in a loop. Does not change anything."""
        if not self.playing:
            return self._frame
        started, origin = self._anchor
        position = origin + (now_s - started) * self.speed
        if position >= self._range_end_s():
            if not self.loop:
                return self.out_point
            position = self._wrapped(position)
        return max(self.in_point, min(self.out_point, bisect_right(self._times, position + 1e-6) - 1))

    def next_due_s(self, now_s: float) -> float:
        """Seconds until the frame after the due one."""
        started, origin = self._anchor
        position = origin + (now_s - started) * self.speed
        end = self._range_end_s()
        if position >= end:
            position = self._wrapped(position)
        following = bisect_right(self._times, position + 1e-6)
        target = self._times[following] if following <= self.out_point else end
        return max(0.0, (target - position) / self.speed)

    def upcoming(self, count: int) -> list[int]:
        """The frame shown and those that follow it, for prefetching."""
        frames = [self._frame]
        for _ in range(count if self.playing else 0):
            following = frames[-1] + 1
            if following > self.out_point:
                if not self.loop:
                    break
                following = self.in_point
            frames.append(following)
        return list(dict.fromkeys(frames))

    def shown(self, frame: int, now_s: float) -> None:
        """Told by the presenter that `frame` is on the screen; counts what was skipped, stops at an unlooped end."""
        if self.playing:
            jump = frame - self._frame
            if jump < 0 and self.loop:
                # Round the loop's end: frames up to the out point and from the in point on.
                jump += self.out_point - self.in_point + 1
            self.skipped += max(0, jump - 1)
        self._show(frame)
        started, origin = self._anchor
        position = origin + (now_s - started) * self.speed
        if not self.playing or position < self._range_end_s():
            return
        if self.loop:
            # Count from this round on, or a change of loop or range would be measured from the first round.
            self._anchor = (started, origin + self._wrapped(position) - position)
        elif frame == self.out_point:
            self.pause()

    def seek(self, frame: int, now_s: float = 0.0) -> None:
        """Go to `frame` (clamped to the clip); playing goes on from there."""
        frame = self._clamped(frame)
        self._anchor = (now_s, self._times[frame])
        if frame != self._frame:
            self._show(frame)

    def seek_seconds(self, delta_s: float, now_s: float = 0.0) -> None:
        """Move by clip time."""
        target = self._times[self._frame] + delta_s
        self.seek(bisect_right(self._times, target + 1e-6) - 1, now_s)

    def set_speed(self, speed: float, now_s: float) -> None:
        """Change the speed without a jump."""
        self._anchor = (now_s, self._times[self._frame])
        self.speed = min(SPEEDS[-1], max(SPEEDS[0], speed))
        self.state_changed.emit()

    def step_speed(self, direction: int, now_s: float) -> None:
        """One notch faster (+1) or slower (-1)."""
        nearest = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - self.speed))
        self.set_speed(SPEEDS[max(0, min(len(SPEEDS) - 1, nearest + direction))], now_s)

    def set_in(self, frame: int) -> None:
        """In point; pushes the out point along when it would lie before it."""
        frame = self._clamped(frame)
        self.in_point, self.out_point = frame, max(frame, self.out_point)
        self.state_changed.emit()

    def set_out(self, frame: int) -> None:
        """Out point, included."""
        frame = self._clamped(frame)
        self.out_point, self.in_point = frame, min(frame, self.in_point)
        self.state_changed.emit()

    def toggle_loop(self) -> None:
        """Loop the range, or stop at its end."""
        self.loop = not self.loop
        self.state_changed.emit()

    def _clamped(self, frame: int) -> int:
        return max(0, min(len(self._times) - 1, frame))

    def _wrapped(self, position: float) -> float:
        first = self._times[self.in_point]
        # A frame without a duration (one still picture) is shown for ever.
        return first + (position - first) % max(1e-3, self._range_end_s() - first)

    def _range_end_s(self) -> float:
        return self._times[self.out_point + 1] if self.out_point + 1 < len(self._times) else self._end_s

    def _show(self, frame: int) -> None:
        self._frame = frame
        self.frame_changed.emit(frame)
