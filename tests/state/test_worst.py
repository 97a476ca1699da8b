import numpy as np
import pytest

from app.state.scores import METRICS
from app.state.worst import APART, Worst, worst_frames, worst_of_all

NAN = float("nan")


def test_worst_frames_are_apart_and_in_order() -> None:
    values = np.array([0.1, 0.9, 0.8, 0.2, 0.3, 0.7, NAN, 0.1, 0.1, 0.6], np.float32)
    assert worst_frames(values, "lpips", 3) == [1, 5, 9]
    assert APART == 4
    assert worst_frames(values, "lpips", 1) == [1]


@pytest.mark.parametrize("metric", ["psnr_db", "ssim", "vmaf"])
def test_low_is_bad_where_high_is_good(metric: str) -> None:
    values = np.array([30.0, 28.0, 40.0, 41.0, 42.0, 20.0], np.float32)
    assert worst_frames(values, metric, 2) == [5, 1]
    assert [entry.value for entry in worst_of_all({1: values}, metric, 2)] == [20.0, 28.0]


def test_every_metric_that_is_scored_can_be_listed() -> None:
    values = np.array([1.0, 2.0])
    for metric in METRICS:
        assert worst_frames(values, metric, 1) == [0 if metric in ("psnr_db", "ssim", "vmaf") else 1]


def test_frames_without_a_value_are_never_listed() -> None:
    assert worst_frames(np.full(9, NAN, np.float32), "lpips", 5) == []
    assert worst_frames(np.array([NAN, 1.0, NAN], np.float32), "psnr_db", 5) == [1]


def test_takes_share_one_list() -> None:
    values = {3: np.array([0.1, 0.2, 0.3, 0.2, 0.5]), 4: np.array([0.4, 0.1, 0.1, 0.1, 0.1])}
    assert worst_of_all(values, "lpips", 3) == [Worst(3, 4, 0.5), Worst(4, 0, 0.4), Worst(3, 0, 0.1)]
    assert [entry.value for entry in worst_of_all(values, "ssim", 2)] == [0.1, 0.1]
