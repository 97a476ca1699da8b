import time
from pathlib import Path

import numpy as np
import pytest

from app.state.curves import CURVES, decimate, difference, rate_over_a_second, series_of, statistics, values_of
from app.state.scores import FrameMeasures
from app.state.session import Session
from app.state.takes import Encoded, Kind, Rate, RateBasis, Status
from codec.media import open_clip

NAN = float("nan")


@pytest.fixture
def session(tmp_path: Path, small_clip: Path) -> Session:
    made = Session(tmp_path / "settings.json")
    with open_clip(small_clip) as clip:
        made.set_clip(clip)
    return made


def test_series_hold_what_is_known_of_every_take_with_a_pane(session: Session) -> None:
    first, second, hidden = (session.takes.add(Kind.HEVC, f"CRF {q}", status=Status.READY) for q in (20, 30, 40))
    rate = Rate(1000, 10.0, 0.01, RateBasis.STATED)
    session.takes.update(first, encoded=Encoded(rate=rate, frame_bits=[8.0] * 20))
    session.takes.set_visible(hidden, False)
    session.scores.add(session.score_key(second), [FrameMeasures(3, 30.0, 0.25, None, 0.9, None)])
    a, b = series_of(session)
    assert (a.title, a.look, a.kbps, a.bpp, a.rate_note) == ("2 · HEVC (x265) CRF 20", 0, 10.0, 0.01, "stated")
    assert set(a.values) == {"bits", "kbps"} and a.values["bits"].tolist() == [8.0] * 20
    # 8 bits a frame, 25 frames a second.
    assert a.values["kbps"].tolist() == pytest.approx([0.2] * 20)
    assert b.look == 1 and b.values["lpips"][3] == 0.25 and np.isnan(b.values["lpips"]).sum() == 19
    assert b.values["ssim"][3] == pytest.approx(0.9) and "tof" not in b.values
    assert len(series_of(session, hidden=True)) == 3


@pytest.mark.parametrize(("nudge", "wanted"), [(0, [1, 2, 3, NAN]), (1, [2, 3, NAN, NAN]), (-1, [NAN, 1, 2, 3])])
def test_bits_follow_a_shifted_take(session: Session, nudge: int, wanted: list[float]) -> None:
    take = session.takes.add(Kind.IMPORTED, "x")
    session.takes.update(take, encoded=Encoded(frame_bits=[1.0, 2.0, 3.0]))
    session.takes.set_nudge(take, nudge)
    values = values_of(session, take, "bits")
    assert values is not None and len(values) == 20
    np.testing.assert_array_equal(values[:4], wanted)


def test_the_rate_over_a_second_spreads_a_peak_over_its_second() -> None:
    bits = np.full(100, 1000.0)
    bits[50] += 25_000
    rate = rate_over_a_second(bits, 25.0)
    assert np.flatnonzero(rate > 25.5).tolist() == list(range(38, 63))
    assert rate[50] == pytest.approx(50.0) and rate[0] == rate[99] == pytest.approx(25.0)
    bits[40:60] = NAN
    rate = rate_over_a_second(bits, 25.0)
    assert np.isnan(rate[40:60]).all() and rate[39] == rate[60] == pytest.approx(25.0)
    assert rate_over_a_second(np.array([3000.0]), 30.0).tolist() == [90.0]


def test_statistics_name_the_worst_frames_by_the_metrics_direction() -> None:
    values = np.arange(100, dtype=float)
    values[7] = NAN
    down, up = statistics(values, CURVES["psnr_db"]), statistics(values, CURVES["lpips"])
    assert down is not None and up is not None
    assert down.count == 99 and down.mean == pytest.approx((4950 - 7) / 99)
    assert down.worst_frames == (0, 1, 2, 3, 4) and down.worst_mean == 2.0
    assert up.worst_frames == (99, 98, 97, 96, 95) and up.worst_mean == 97.0
    assert statistics(np.array([NAN]), CURVES["lpips"]) is None
    one = statistics(np.array([NAN, 3.0]), CURVES["bits"])
    assert one is not None and one.worst_frames == (1,)


def test_a_difference_is_signed_and_only_where_both_are_known() -> None:
    np.testing.assert_array_equal(difference(np.array([3.0, NAN, 5.0]), np.array([1.0, 2.0])), [2.0, NAN])


def test_decimation_keeps_every_peak_and_every_gap() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=100_000)
    values[43_210], values[77_777] = 50.0, -60.0
    values[20_000:30_000] = NAN
    x, y = decimate(values, 0, len(values), 500)
    assert len(x) == len(y) == 1000 and (np.diff(x) >= 0).all()
    assert np.nanmax(y) == 50.0 and np.nanmin(y) == -60.0
    assert abs(x[np.nanargmax(y)] - 43_210) <= 200
    gap = (x >= 20_000) & (x < 29_800)
    assert np.isnan(y[gap]).all() and np.isfinite(y[~gap & (x < 19_800)]).all()
    for column in range(0, 500, 37):
        part = values[column * 200 : (column + 1) * 200]
        if not np.isnan(part).all():
            assert {np.nanmin(part), np.nanmax(part)} == set(y[2 * column : 2 * column + 2])


def test_few_values_stay_as_they_are_with_one_neighbour_on_either_side() -> None:
    values = np.arange(50.0)
    x, y = decimate(values, 10, 20, 400)
    assert x.tolist() == y.tolist() == list(range(9, 22))
    assert [len(part) for part in decimate(values, 60, 70, 400)] == [0, 0]
    assert decimate(values, -5, 2, 400)[0].tolist() == [0, 1, 2, 3]


def test_decimating_a_long_clip_takes_milliseconds() -> None:
    values = np.random.default_rng(2).normal(size=100_000)
    decimate(values, 0, 100_000, 1000)
    began = time.perf_counter()
    for _ in range(10):
        decimate(values, 0, 100_000, 1000)
    assert (time.perf_counter() - began) / 10 < 0.02
