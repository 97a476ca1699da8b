from collections.abc import Iterator

import numpy as np
import pytest

from codec.errors import SettingError
from codec.gop import SeamMode
from codec.media.picture import Colour, Picture
from codec.metrics.seams import crossing_frames, error_changes, pooled_seam_ratio, seam_ratio


class Levels:
    """A clip of flat pictures of the given grey levels."""

    width, height = 16, 8

    def __init__(self, levels: list[int]) -> None:
        self._levels, self.frame_count = levels, len(levels)

    def picture(self, index: int) -> Picture:
        grey = np.full((4, 8), 128, np.uint8)
        return Picture(np.full((8, 16), self._levels[index], np.uint8), grey, grey, Colour())

    def pictures(self, start: int, stop: int) -> Iterator[Picture]:
        return (self.picture(i) for i in range(start, stop))


def test_which_pairs_cross_a_boundary() -> None:
    assert crossing_frames(20, SeamMode.DISJOINT) == [[9], [18]]
    assert crossing_frames(20, SeamMode.HARD_CUT) == [[9], [17]]
    assert crossing_frames(20, SeamMode.BLENDED) == [[8, 9], [16, 17]]
    # The last frame begins a GoP of its own.
    assert crossing_frames(19, SeamMode.DISJOINT) == [[9], [18]]
    assert crossing_frames(9, SeamMode.BLENDED) == []


def test_the_clips_own_changes_do_not_count() -> None:
    reference = Levels([10, 60, 20, 90])
    take = Levels([12, 62, 17, 90])
    assert error_changes(reference, take) == [0, 5, 3]
    with pytest.raises(SettingError, match="3 frames"):
        error_changes(reference, Levels([1, 2, 3]))


def test_a_step_at_every_boundary_is_its_multiple_of_the_interior_change() -> None:
    frames = 46
    for mode in SeamMode:
        seams = {t for pair in crossing_frames(frames, mode) for t in pair}
        changes = [6.0 if t in seams else 2.0 for t in range(1, frames)]
        found = seam_ratio(changes, mode)
        assert (found.ratio, found.low, found.high) == pytest.approx((3, 3, 3))
        assert found.boundaries == len(crossing_frames(frames, mode))


def test_the_interval_holds_the_ratio_and_repeats() -> None:
    rng = np.random.default_rng(1)
    changes = list(rng.gamma(4.0, 0.5, 127))
    found = seam_ratio(changes, SeamMode.DISJOINT)
    assert found.low < found.ratio < found.high
    assert found.low < 1 < found.high
    assert seam_ratio(changes, SeamMode.DISJOINT) == found
    louder = [c * (4 if t % 9 == 0 else 1) for t, c in enumerate(changes, start=1)]
    assert seam_ratio(louder, SeamMode.DISJOINT).low > 1


def test_clips_that_have_no_ratio_are_refused() -> None:
    with pytest.raises(SettingError, match="9 frames has no GoP boundary"):
        seam_ratio([1.0] * 8, SeamMode.DISJOINT)
    with pytest.raises(SettingError, match="does not change inside"):
        seam_ratio([0.0] * 20, SeamMode.BLENDED)


def test_clips_count_alike_when_pooled() -> None:
    quiet = [3.0 if t % 9 == 0 else 1.0 for t in range(1, 40)]
    loud = [100.0] * 39
    found = pooled_seam_ratio([quiet, loud], SeamMode.DISJOINT)
    assert found.ratio == pytest.approx(2)
    assert found.boundaries == 8
    assert found.low < 2 < found.high
