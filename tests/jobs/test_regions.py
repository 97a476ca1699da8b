"""Frame scores follow the region; VMAF of parts of a take is that of the whole."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.jobs.engine import Engine
from app.jobs.immediate import ImmediateRunner
from app.jobs.inspecting import region_score
from app.jobs.parts import CroppedSource
from app.jobs.scoring import Scoring
from app.state.inspection import Region
from app.state.session import Session
from app.state.takes import Take
from codec.context import QUIET
from codec.gop import SeamMode
from codec.media.clip import open_clip
from codec.metrics.vmaf import vmaf
from codec.rivals import RivalCodec, RivalSource


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = Engine(Session(tmp_path / "settings.json"), ImmediateRunner())
    yield made
    made.shutdown()


def values(engine: Engine, take: Take, metric: str) -> np.ndarray:
    found = engine.session.scores.values(engine.session.score_key(take), metric)
    assert found is not None
    return found


def test_vmaf_in_parts_is_that_of_the_whole_clip(
    engine: Engine, small_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.scoring.VMAF_FRAMES", 7)
    engine.open(small_clip)
    take = engine.encode_rival(RivalCodec.HEVC, 35.0)
    assert take is not None
    assert isinstance(take.source, RivalSource)
    with open_clip(small_clip) as clip:
        whole = vmaf(clip, take.source)
    assert np.ptp(whole) > 1
    assert values(engine, take, "vmaf") == pytest.approx(np.array(whole), abs=1e-3)


def test_scores_follow_the_region_and_come_back(engine: Engine, small_clip: Path) -> None:
    engine.open(small_clip)
    take = engine.encode_rival(RivalCodec.HEVC, 38.0)
    assert take is not None
    whole = {metric: values(engine, take, metric).copy() for metric in ("psnr_db", "lpips", "ssim", "vmaf")}
    inspection = engine.session.view.inspection
    inspection.set_region((33, 10, 81, 50), (96, 64))
    region = inspection.region
    assert region == Region(32, 10, 50, 40)
    assert isinstance(take.source, RivalSource)
    with open_clip(small_clip) as clip:
        for index in (0, 11):
            pictures = take.picture(index, SeamMode.BLENDED), clip.picture(index)
            truth = region_score(QUIET, *pictures, region)
            assert values(engine, take, "psnr_db")[index] == pytest.approx(truth.psnr_db, abs=1e-4)
            assert values(engine, take, "ssim")[index] == pytest.approx(truth.ssim, abs=1e-5)
            assert values(engine, take, "lpips")[index] == pytest.approx(truth.lpips, abs=1e-4)
        cropped = vmaf(CroppedSource(clip, region), CroppedSource(take.source, region))
    assert values(engine, take, "vmaf") == pytest.approx(np.array(cropped), abs=1e-3)
    assert np.all(np.isfinite(values(engine, take, "tlp")[1:]))
    assert not np.allclose(values(engine, take, "psnr_db"), whole["psnr_db"], atol=0.05)
    inspection.set_region(None, (96, 64))
    for metric, expected in whole.items():
        assert np.array_equal(values(engine, take, metric), expected)


def test_a_region_too_small_for_the_metrics_is_left_unscored(engine: Engine, small_clip: Path) -> None:
    engine.open(small_clip)
    take = engine.encode_rival(RivalCodec.HEVC, 38.0)
    assert take is not None
    told: list[str] = []
    engine.session.message.connect(told.append)
    engine.session.view.inspection.set_region((0, 0, 20, 40), (96, 64))
    assert engine.session.scores.values(engine.session.score_key(take), "psnr_db") is None
    assert told == []


def test_frames_a_stopped_job_did_not_reach_are_scored_later(engine: Engine, small_clip: Path) -> None:
    engine.open(small_clip)
    take = engine.encode_rival(RivalCodec.HEVC, 38.0)
    assert take is not None
    scoring: Scoring = engine.scoring
    key = engine.session.score_key(take)
    values(engine, take, "psnr_db")[4:8] = np.nan
    scoring._forget_unscored(key, list(range(2, 8)))
    assert scoring._next_frames(take) == [4, 5, 6, 7]
    scoring.refresh()
    assert np.all(np.isfinite(values(engine, take, "psnr_db")))
