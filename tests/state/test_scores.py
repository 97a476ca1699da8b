import numpy as np
import pytest

from app.state.scores import Key, Scores
from codec.metrics.scores import FrameScore

KEY: Key = (1, "blended 0.5")
OTHER: Key = (1, "hard cut")


def filled() -> Scores:
    scores = Scores()
    scores.reset(4)
    scores.add(KEY, [FrameScore(0, 30.0, 0.2, None), FrameScore(2, 40.0, 0.4, 0.01)])
    return scores


def mean(scores: Scores, metric: str) -> float:
    values = scores.values(KEY, metric)
    assert values is not None
    return float(np.nanmean(values))


def test_frames_not_computed_are_nan() -> None:
    scores = filled()
    lpips = scores.values(KEY, "lpips")
    assert lpips is not None and lpips.dtype == np.float32
    assert np.isnan(lpips).tolist() == [False, True, False, True]
    assert mean(scores, "lpips") == pytest.approx(0.3)
    assert mean(scores, "tlp") == pytest.approx(0.01)
    assert scores.values(OTHER, "lpips") is None


def test_a_score_beyond_the_clip_is_ignored() -> None:
    scores = filled()
    scores.add(KEY, [FrameScore(9, 1.0, 1.0, 1.0)])
    assert mean(scores, "psnr_db") == pytest.approx(35.0)


def test_copied_frames_alone_appear_under_the_other_key() -> None:
    scores = filled()
    scores.copy(KEY, OTHER, {2, 3})
    psnr = scores.values(OTHER, "psnr_db")
    assert psnr is not None
    assert np.isnan(psnr).tolist() == [True, True, False, True]


def test_changes_are_told_with_their_key() -> None:
    scores = Scores()
    scores.reset(2)
    told: list[object] = []
    scores.changed.connect(told.append)
    scores.add(KEY, [FrameScore(0, 30.0, 0.2, None)])
    scores.forget(1)
    assert told == [KEY, None]
    assert scores.values(KEY, "lpips") is None
