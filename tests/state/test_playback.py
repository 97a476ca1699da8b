from fractions import Fraction

import pytest

from app.state.playback import SPEEDS, Playback
from codec.media.picture import Timing


def playback(pts: tuple[int, ...] = tuple(range(10)), base: Fraction = Fraction(1, 10), end: float = 1.0) -> Playback:
    made = Playback()
    made.set_timing(Timing(pts, base, Fraction(10), end))
    return made


def test_every_frame_is_due_at_its_own_time_after_play() -> None:
    clock = playback()
    clock.play(100.0)
    assert [clock.due(100.0 + t) for t in (0.0, 0.099, 0.1, 0.55, 0.95)] == [0, 0, 1, 5, 9]


def test_variable_frame_rate_follows_the_pts() -> None:
    clock = playback((0, 1, 5, 6), Fraction(1, 10), 0.7)
    clock.play(0.0)
    assert [clock.due(t) for t in (0.05, 0.1, 0.49, 0.5, 0.6)] == [0, 1, 1, 2, 3]
    assert clock.next_due_s(0.2) == pytest.approx(0.3)


@pytest.mark.parametrize("speed", [0.1, 0.5, 2.0, 4.0])
def test_speed_scales_due_times_and_the_wait(speed: float) -> None:
    clock = playback()
    clock.set_speed(speed, 0.0)
    clock.play(0.0)
    assert clock.due(0.25 / speed) == 2
    assert clock.next_due_s(0.25 / speed) == pytest.approx(0.05 / speed)


def test_speed_changes_without_a_jump() -> None:
    clock = playback()
    clock.play(0.0)
    clock.shown(clock.due(0.5), 0.5)
    clock.set_speed(2.0, 0.5)
    assert clock.due(0.5) == 5
    assert clock.due(0.6) == 7


def test_speed_stays_within_its_notches() -> None:
    clock = playback()
    for _ in SPEEDS:
        clock.step_speed(1, 0.0)
    assert clock.speed == 4.0
    clock.set_speed(0.0, 0.0)
    assert clock.speed == 0.1


def test_late_frames_are_skipped_and_counted() -> None:
    clock = playback()
    clock.play(0.0)
    clock.shown(clock.due(0.45), 0.45)
    assert (clock.frame, clock.skipped) == (4, 3)


def test_frames_skipped_round_the_loop_are_counted() -> None:
    clock = playback()
    clock.seek(8, 0.0)
    clock.play(0.0)
    clock.shown(clock.due(0.35), 0.35)
    assert (clock.frame, clock.skipped) == (1, 2)


def test_loop_stays_between_in_and_out() -> None:
    clock = playback()
    clock.set_in(2)
    clock.set_out(5)
    clock.play(0.0)
    seen = []
    for tick in range(12):
        seen.append(clock.due(tick * 0.1 + 0.001))
        clock.shown(seen[-1], tick * 0.1 + 0.001)
    assert seen == [2, 3, 4, 5] * 3
    assert clock.skipped == 0


def test_without_loop_it_stops_at_the_out_point_after_its_time() -> None:
    clock = playback()
    clock.toggle_loop()
    clock.play(0.0)
    clock.shown(clock.due(0.92), 0.92)
    assert clock.playing and clock.frame == 9
    clock.shown(clock.due(1.01), 1.01)
    assert not clock.playing


def test_switching_the_loop_off_after_many_rounds_does_not_jump() -> None:
    clock = playback()
    clock.play(0.0)
    for tick in range(35):
        clock.shown(clock.due(tick * 0.1 + 0.01), tick * 0.1 + 0.01)
    clock.toggle_loop()
    assert clock.due(3.52) == 5


def test_playing_from_the_end_begins_at_the_in_point() -> None:
    clock = playback()
    clock.set_in(3)
    clock.seek(9)
    clock.play(0.0)
    assert clock.frame == 3


def test_seek_clamps_and_playing_goes_on_from_there() -> None:
    clock = playback()
    clock.play(0.0)
    clock.seek(99, 5.0)
    assert clock.frame == 9
    clock.seek(-4, 5.0)
    assert clock.due(5.15) == 1


def test_seek_by_seconds_uses_clip_time() -> None:
    clock = playback((0, 1, 5, 6), Fraction(1, 10), 0.7)
    clock.seek_seconds(0.55)
    assert clock.frame == 2
    clock.seek_seconds(-10.0)
    assert clock.frame == 0


def test_in_and_out_push_each_other_and_stay_in_the_clip() -> None:
    clock = playback()
    clock.set_out(3)
    clock.set_in(6)
    assert (clock.in_point, clock.out_point) == (6, 6)
    clock.set_out(40)
    assert clock.out_point == 9
    clock.set_in(-3)
    assert clock.in_point == 0


def test_a_still_picture_plays_without_harm() -> None:
    clock = playback((0,), Fraction(1, 25), 0.0)
    clock.play(0.0)
    assert clock.due(10.0) == 0
    assert clock.next_due_s(10.0) >= 0.0
    assert clock.upcoming(8) == [0]


def test_upcoming_frames_wrap_in_a_loop() -> None:
    clock = playback()
    clock.set_out(4)
    clock.seek(3)
    assert clock.upcoming(4) == [3]
    clock.play(0.0)
    assert clock.upcoming(4) == [3, 4, 0, 1, 2]


def test_a_new_clip_starts_from_nothing() -> None:
    clock = playback()
    clock.set_in(4)
    clock.play(0.0)
    seen: list[int] = []
    clock.frame_changed.connect(seen.append)
    clock.set_timing(Timing((0, 1, 2), Fraction(1, 5), Fraction(5), 0.6))
    assert (clock.playing, clock.in_point, clock.out_point, seen) == (False, 0, 2, [0])


def shown_at(clock: Playback, times: list[float]) -> list[int]:
    """What a player that is never late shows."""
    seen = []
    for now in times:
        clock.shown(clock.due(now), now)
        seen.append(clock.frame)
    return seen


def test_backwards_every_frame_is_shown_for_its_time() -> None:
    clock = playback()
    clock.seek(3)
    clock.toggle_backward(0.0)
    clock.play(0.0)
    assert [clock.due(t) for t in (0.0, 0.05, 0.15, 0.25, 0.35)] == [3, 3, 2, 1, 0]
    assert clock.next_due_s(0.04) == pytest.approx(0.06)
    assert clock.upcoming(5) == [3, 2, 1, 0, 9, 8]
    # Round the start of a loop: from the end again.
    assert shown_at(clock, [0.05, 0.15, 0.25, 0.35, 0.45, 0.55]) == [3, 2, 1, 0, 9, 8]
    assert clock.skipped == 0
    clock.shown(clock.due(0.85), 0.85)
    assert clock.skipped == 2


def test_backwards_with_uneven_times_and_turning_round_without_a_jump() -> None:
    clock = playback((0, 1, 5, 6), Fraction(1, 10), 0.7)
    clock.toggle_backward(0.0)
    # At the first frame there is nothing before it: it begins at the end.
    clock.play(0.0)
    assert clock.frame == 3
    assert [clock.due(t) for t in (0.05, 0.15, 0.25, 0.55, 0.65)] == [3, 2, 1, 1, 0]
    clock.shown(clock.due(0.3), 0.3)
    clock.toggle_backward(0.3)
    assert clock.due(0.3) == 1
    assert clock.due(0.75) == 2


def test_backwards_without_a_loop_ends_at_the_in_point() -> None:
    clock = playback()
    clock.set_in(2)
    clock.toggle_loop()
    clock.toggle_backward(0.0)
    clock.seek(4)
    clock.play(0.0)
    assert clock.last == 2
    assert shown_at(clock, [0.05, 0.15, 0.25, 0.35]) == [4, 3, 2, 2]
    assert not clock.playing


def test_to_and_fro_turns_at_both_ends_and_skips_nothing() -> None:
    clock = playback()
    clock.set_in(2)
    clock.set_out(5)
    clock.toggle_to_and_fro(0.0)
    clock.seek(3)
    clock.play(0.0)
    assert clock.upcoming(6) == [3, 4, 5, 2]
    times = [0.05 + 0.1 * n for n in range(18)]
    # The frames at the ends are shown there and back: twice as long.
    assert shown_at(clock, times) == [3, 4, 5, 5, 4, 3, 2, 2, 3, 4, 5, 5, 4, 3, 2, 2, 3, 4]
    assert clock.skipped == 0


def test_turning_off_a_loop_on_the_way_back_goes_on_to_the_start() -> None:
    clock = playback()
    clock.set_out(3)
    clock.toggle_to_and_fro(0.0)
    clock.play(0.0)
    assert shown_at(clock, [0.05, 0.15, 0.25, 0.35, 0.45, 0.55]) == [0, 1, 2, 3, 3, 2]
    clock.toggle_loop()
    assert shown_at(clock, [0.65, 0.75, 0.85]) == [1, 0, 0]
    assert not clock.playing
