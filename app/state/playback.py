"""Which frame is shown and when the next is due: an absolute due time for each frame, none of it in Qt."""

from bisect import bisect_left, bisect_right

from psygnal import Signal

from codec.media.picture import Timing

_TINY_S = 1e-6
_LONGEST_SKIP = 64
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
        self._origin = (0.0, 0.0)
        """Clock and clip seconds that playing is counted from."""
        self._origin_back = False
        """It goes back from there."""
        self._going_back = False
        """It goes back now: a loop to and fro has turned."""
        self.playing = False
        self.speed = 1.0
        self.loop = True
        self.backward = False
        self.to_and_fro = False
        """A loop turns back at its ends instead of beginning anew."""
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
        """Start from the current frame, from the range's other end when at its end."""
        if not self.in_point <= self._frame <= self.out_point or self._frame == self.last:
            self._show(self.out_point if self.backward else self.in_point)
        self.playing, self.skipped = True, 0
        self._depart(now_s)
        self.state_changed.emit()

    def pause(self) -> None:
        """Stop at the current frame."""
        if self.playing:
            self.playing = False
            self.state_changed.emit()

    @property
    def last(self) -> int:
        """The frame that playing without a loop ends at."""
        back = self._going_back if self.playing else self.backward
        return self.in_point if back else self.out_point

    def due(self, now_s: float) -> int:
        """The frame that belongs on the screen at `now_s`; wraps in a loop. Does not change anything."""
        if not self.playing:
            return self._frame
        position, backward, round_ended = self._at(now_s)
        if round_ended and not self.loop:
            return self.last
        return self._frame_at(position, backward)

    def next_due_s(self, now_s: float) -> float:
        """Seconds until the frame after the due one."""
        position, backward, _ = self._at(now_s)
        frame = self._frame_at(position, backward)
        edge = self._times[frame] if backward else self._end_of(frame)
        return max(0.0, abs(edge - position) / self.speed)

    def upcoming(self, count: int) -> list[int]:
        """The frame shown and those that follow it, for prefetching."""
        frames, step = [self._frame], -1 if self._going_back else 1
        for _ in range(count if self.playing else 0):
            following = frames[-1] + step
            if not self.in_point <= following <= self.out_point:
                if not self.loop:
                    break
                if self.to_and_fro:
                    step = -step
                    following = max(self.in_point, min(self.out_point, frames[-1] + step))
                else:
                    following = self.in_point if step > 0 else self.out_point
            frames.append(following)
        return list(dict.fromkeys(frames))

    def shown(self, frame: int, now_s: float) -> None:
        """Told by the presenter that `frame` is on the screen; counts what was skipped, stops at an unlooped end."""
        if self.playing:
            self._count_skipped(frame)
        self._show(frame)
        position, backward, round_ended = self._at(now_s)
        if round_ended and not self.loop:
            if self.playing and frame == self.last:
                self.pause()
            return
        self._going_back = backward
        if self.playing and round_ended:
            # Count from this round on, or a change of loop or range would be measured from the first round.
            self._origin, self._origin_back = (now_s, position), backward

    def _count_skipped(self, frame: int) -> None:
        if self.backward or self.to_and_fro:
            order = self.upcoming(_LONGEST_SKIP)
            self.skipped += max(0, order.index(frame) - 1) if frame in order else 0
            return
        jump = frame - self._frame
        if jump < 0 and self.loop:
            # Round the loop's end: frames up to the out point and from the in point on.
            jump += self.out_point - self.in_point + 1
        self.skipped += max(0, jump - 1)

    def _depart(self, now_s: float) -> None:
        """Begin at the current frame, at `now_s`: at its start, or going back at its end."""
        frame, back = self._frame, self.backward
        self._origin = now_s, self._end_of(frame) if back else self._times[frame]
        self._origin_back = self._going_back = back

    def _at(self, now_s: float) -> tuple[float, bool, bool]:
        """Clip seconds at `now_s`, whether it is going back then, and whether it has left the range at least once."""
        started, from_s = self._origin
        way = (now_s - started) * self.speed
        raw = from_s - way if self._origin_back else from_s + way
        first, end = self._times[self.in_point], self._range_end_s()
        left = raw <= first - _TINY_S if self._origin_back else raw >= end
        if not left:
            return raw, self._origin_back, False
        # A frame without a duration (one still picture) is shown for ever.
        length = max(1e-3, end - first)
        turns, rest = divmod(raw - first, length)
        if self.to_and_fro and turns % 2:
            return end - rest, not self._origin_back, True
        return first + rest, self._origin_back, True

    def _frame_at(self, position: float, backward: bool) -> int:
        if backward:
            # Going back a frame is left at its start: its end belongs to it.
            found = bisect_left(self._times, position - _TINY_S) - 1
        else:
            found = bisect_right(self._times, position + _TINY_S) - 1
        return max(self.in_point, min(self.out_point, found))

    def seek(self, frame: int, now_s: float = 0.0) -> None:
        """Go to `frame` (clamped to the clip); playing goes on from there."""
        frame = self._clamped(frame)
        moved, self._frame = frame != self._frame, frame
        self._depart(now_s)
        if moved:
            self._show(frame)

    def seek_seconds(self, delta_s: float, now_s: float = 0.0) -> None:
        """Move by clip time."""
        target = self._times[self._frame] + delta_s
        self.seek(bisect_right(self._times, target + 1e-6) - 1, now_s)

    def set_speed(self, speed: float, now_s: float) -> None:
        """Change the speed without a jump."""
        self._depart(now_s)
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

    def toggle_backward(self, now_s: float) -> None:
        """Play backwards, or forwards again, from the frame shown."""
        self.backward = not self.backward
        self._depart(now_s)
        self.state_changed.emit()

    def toggle_to_and_fro(self, now_s: float) -> None:
        """At the end of the range a loop turns back, or begins anew."""
        self.to_and_fro = not self.to_and_fro
        self._depart(now_s)
        self.state_changed.emit()

    def _clamped(self, frame: int) -> int:
        return max(0, min(len(self._times) - 1, frame))

    def _end_of(self, frame: int) -> float:
        return self._times[frame + 1] if frame + 1 < len(self._times) else self._end_s

    def _range_end_s(self) -> float:
        return self._end_of(self.out_point)

    def _show(self, frame: int) -> None:
        self._frame = frame
        self.frame_changed.emit(frame)
