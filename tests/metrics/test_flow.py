import cv2
import numpy as np
import pytest

from codec.errors import SettingError
from codec.media.picture import Colour, Picture
from codec.metrics.flow import FlowScorer, flow, flow_distance


class Moving:
    """Smooth texture sliding right by `speed` pixels a frame, out of a wider picture."""

    def __init__(self, speed: int, *, height: int = 96, width: int = 128, frames: int = 4) -> None:
        self.width, self.height, self.frame_count, self._speed = width, height, frames, speed
        texture = np.random.default_rng(0).integers(0, 256, (height, width + 32)).astype(np.float32)
        smooth = cv2.GaussianBlur(texture, (0, 0), 2.5)
        self._texture = cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
        self._grey = np.full(((height + 1) // 2, (width + 1) // 2), 128, np.uint8)

    def picture(self, index: int) -> Picture:
        luma = np.ascontiguousarray(self._texture[:, 32 - self._speed * index :][:, : self.width])
        return Picture(luma, self._grey, self._grey, Colour())


def test_flow_finds_the_motion() -> None:
    clip = Moving(3)
    found = flow(clip.picture(0).y, clip.picture(1).y)
    assert found.shape == (96, 128, 2)
    assert np.median(found[..., 0]) == pytest.approx(3, abs=0.1)
    assert np.median(found[..., 1]) == pytest.approx(0, abs=0.1)


def test_the_norm_is_the_mean_length_of_the_difference() -> None:
    a, b = np.zeros((4, 5, 2), np.float32), np.zeros((4, 5, 2), np.float32)
    b[..., 0], b[..., 1] = 3, 4
    b[0] = 0
    assert flow_distance(a, b) == pytest.approx(5 * 3 / 4)


def test_a_take_that_moves_otherwise_scores_the_difference_in_pixels() -> None:
    clip, slow = Moving(3), Moving(2)
    scorer = FlowScorer(clip)
    assert scorer.score("same", clip, 0) is None
    assert scorer.score("same", clip, 1) == 0
    ordered = [scorer.score("slow", slow, i) for i in range(4)]
    assert ordered[0] is None
    assert ordered[2] == pytest.approx(1, abs=0.25)
    jumping = FlowScorer(clip)
    assert [jumping.score("slow", slow, i) for i in (3, 1, 2)] == [ordered[3], ordered[1], ordered[2]]
    with pytest.raises(SettingError, match="130x96"):
        scorer.score("wide", Moving(3, width=130), 1)


def test_pictures_smaller_than_a_patch_have_a_flow() -> None:
    clip = Moving(1, height=6, width=9)
    assert flow(clip.picture(0).y, clip.picture(1).y).shape == (6, 9, 2)
