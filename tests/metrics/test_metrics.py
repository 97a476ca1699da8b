from pathlib import Path

import numpy as np
import pytest
import torch

from codec.errors import SettingError
from codec.media import open_clip
from codec.media.picture import Picture
from codec.metrics.frames import PSNR_CAP_DB, FrameScorer, psnr_db, score_takes
from codec.metrics.lpips import shared


def test_lpips_gives_the_numbers_of_the_reference_implementation() -> None:
    torch.manual_seed(123)
    a, b = (torch.rand(4, 3, 96, 128) * 2 - 1 for _ in range(2))
    found = shared().distance(shared().features_of(a), shared().features_of(b))
    # Printed by the original implementation (AlexNet, version 0.1) on the same draws.
    assert found.tolist() == pytest.approx([0.14031, 0.14043, 0.16585, 0.15487], abs=2e-5)


class Dimmed:
    """The clip, darker: a take with a known error."""

    def __init__(self, clip) -> None:
        self._clip = clip
        self.frame_count, self.width, self.height = clip.frame_count, clip.width, clip.height

    def picture(self, index: int) -> Picture:
        p = self._clip.picture(index)
        return Picture((p.y * 0.8).astype(np.uint8), p.u, p.v, p.colour)


def test_an_identical_take_is_perfect_and_a_worse_one_is_not(small_clip: Path) -> None:
    with open_clip(small_clip) as clip:
        scores = list(score_takes(clip, {"same": clip, "dim": Dimmed(clip)}, shared(), frames=range(4)))
    same = [score for name, score in scores if name == "same"]
    dim = [score for name, score in scores if name == "dim"]
    assert [s.index for s in same] == [0, 1, 2, 3]
    assert same[0].tlp is None
    assert all(s.lpips == 0 and s.psnr_db == PSNR_CAP_DB for s in same)
    assert all(s.tlp == pytest.approx(0, abs=1e-6) for s in same[1:])
    assert all(s.lpips > 0.001 and s.psnr_db < 40 for s in dim)


def test_frames_score_the_same_in_any_order(small_clip: Path) -> None:
    with open_clip(small_clip) as clip:
        take = Dimmed(clip)
        forward = FrameScorer(clip, shared())
        jumping = FrameScorer(clip, shared(), limit_bytes=1)
        expected = [forward.score("t", take, i) for i in range(5)]
        for index in (4, 1, 3, 0, 2):
            found = jumping.score("t", take, index)
            assert found.lpips == pytest.approx(expected[index].lpips, abs=1e-6)
            assert found.tlp == (None if index == 0 else pytest.approx(expected[index].tlp, abs=1e-6))


def test_psnr_by_hand_and_sizes_that_do_not_fit(small_clip: Path) -> None:
    a = np.zeros((4, 4, 3), np.uint8)
    b = a.copy()
    b[0, 0, 0] = 48
    assert psnr_db(a, b) == pytest.approx(10 * np.log10(255**2 / (48**2 / 48)))
    with open_clip(small_clip) as clip:
        wrong = Dimmed(clip)
        wrong.width = 98
        with pytest.raises(SettingError, match="98x64"):
            FrameScorer(clip, shared()).score("w", wrong, 0)
