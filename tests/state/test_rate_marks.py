"""Rates found by eye, as charts have them: operating point, thresholds with intervals, bounds, doubtful runs."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.state.blind.journal import Run, read_run
from app.state.blind.observers import MIN_OBSERVERS
from app.state.choice import Choice
from app.state.rate_marks import marks_of
from app.state.rates import RateUnit
from codec.media import open_clip
from tests.state.blind.test_journal import complete

CHOICE = Choice(1, "Hybrid", "Hybrid", "λ 0.1", 400.0, 0.02, "")


def run_of(observer: str, seed: int = 7, threshold: float = 10.3) -> Run:
    return read_run(complete(observer, seed, threshold)[0])


def test_a_threshold_stands_with_its_interval_in_both_units(small_clip: Path) -> None:
    run = run_of("Ann")
    with open_clip(small_clip) as clip:
        chosen, found = marks_of(CHOICE, [run, replace(run, ended="aborted")], clip)
        assert marks_of(None, [replace(run, ended="")], clip) == ()
        assert marks_of(CHOICE, [run], None) == (chosen,)
        samples = clip.width * clip.height
    at = run.result().threshold
    assert chosen.text == "★ Hybrid" and not chosen.has_interval and chosen.rate(RateUnit.BPP) == 0.02
    assert found.text == "Parity x265, Ann" and found.kbps == at.median
    assert (found.kbps * found.low, found.kbps * found.high) == (pytest.approx(at.low), pytest.approx(at.high))
    assert chosen.said(RateUnit.KBPS) == "★ Hybrid · 400 kbps"
    assert found.said(RateUnit.KBPS) == f"Parity x265, Ann · {at.median:.4g} kbps ({at.low:.3g} to {at.high:.3g})"
    assert found.ends(RateUnit.KBPS) == (pytest.approx(at.low), pytest.approx(at.high))
    # 125 frames in 5 s.
    assert found.bpp == pytest.approx(at.median * 1000 / 25 / samples)


def test_several_observers_are_apart_below_six_and_one_mean_from_six_on(small_clip: Path) -> None:
    runs = [run_of(f"V{n}", n, 9.5 + n / 5) for n in range(MIN_OBSERVERS)]
    with open_clip(small_clip) as clip:
        apart, together = marks_of(None, runs[:-1], clip), marks_of(None, runs, clip)
    assert [mark.text for mark in apart] == [f"Parity x265, V{n}" for n in range(MIN_OBSERVERS - 1)]
    (mean,) = together
    assert mean.text == "Parity x265, mean of 6 observers" and mean.low < 1 < mean.high
    assert min(m.kbps for m in apart) < mean.kbps < runs[-1].result().threshold.median


def test_a_threshold_beyond_the_rates_is_a_bound_without_an_interval(small_clip: Path) -> None:
    run = run_of("Low", 3, 6.0)
    with open_clip(small_clip) as clip:
        (mark,) = marks_of(None, [run], clip)
    assert mark.text.startswith("Parity x265, Low") and mark.text.endswith("<") and not mark.has_interval
