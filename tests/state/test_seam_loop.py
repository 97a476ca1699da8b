import pytest

from app.state.seam_loop import RATES_FPS, SeamLoop, nearest_boundary, there_and_back


@pytest.mark.parametrize(("frame", "nearest"), [(0, 8), (8, 8), (11, 8), (12, 16), (13, 16), (40, 24)])
def test_the_nearest_boundary_is_found(frame: int, nearest: int) -> None:
    assert nearest_boundary(frame, [8, 16, 24]) == nearest
    assert nearest_boundary(frame, []) is None


def test_frames_go_there_and_back_without_resting_at_the_ends() -> None:
    assert there_and_back(8, 30) == [4, 5, 6, 7, 8, 9, 10, 11, 12, 11, 10, 9, 8, 7, 6, 5]
    assert there_and_back(2, 5, reach=4) == [0, 1, 2, 3, 4, 3, 2, 1]
    assert there_and_back(0, 1) == [0]


def test_the_frame_follows_the_clock_at_the_rate() -> None:
    loop, changes = SeamLoop(), []
    loop.changed.connect(lambda: changes.append(loop.boundary))
    assert loop.frame_at(3.0) is None
    loop.start(8, 30, now_s=100.0)
    shown = [loop.frame_at(100.0 + n / loop.fps) for n in range(18)]
    assert shown == [*loop.frames, 4, 5]
    assert loop.frame_at(100.0 + 1.9 / loop.fps) == 5
    before = loop.frame_at(101.3)
    loop.step_rate(1, 101.3)
    assert loop.fps == 6.0
    assert loop.frame_at(101.3) == before
    for _ in range(9):
        loop.step_rate(-1, 101.3)
    assert loop.fps == RATES_FPS[0]
    loop.stop()
    loop.stop()
    assert loop.frame_at(102.0) is None
    assert changes[0] == 8
    assert changes.count(None) == 1
