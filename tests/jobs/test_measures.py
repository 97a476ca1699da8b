"""What the metrics worker enters for every frame is what the metrics say of the pictures."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.jobs.engine import Engine
from app.jobs.immediate import ImmediateRunner
from app.jobs.parts import RecentPictures
from app.state.session import Session
from codec.gop import SeamMode
from codec.media import open_clip
from codec.media.picture import Picture
from codec.metrics.flow import flow, flow_distance
from codec.metrics.structure import ssim
from codec.rivals import RivalCodec


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = Engine(Session(tmp_path / "settings.json"), ImmediateRunner())
    yield made
    made.shutdown()


def test_ssim_and_tof_are_those_of_the_luma_planes(engine: Engine, small_clip: Path) -> None:
    engine.open(small_clip)
    take = engine.encode_rival(RivalCodec.HEVC, 35.0)
    assert take is not None
    scores, key = engine.session.scores, engine.session.score_key(take)
    similar, motion = scores.values(key, "ssim"), scores.values(key, "tof")
    assert similar is not None and motion is not None
    assert np.isfinite(similar).all() and np.isnan(motion[0]) and np.isfinite(motion[1:]).all()
    with open_clip(small_clip) as clip:
        for index in (1, 8, 13):
            ours = [clip.picture(i).y for i in (index - 1, index)]
            theirs = [take.picture(i, SeamMode.BLENDED).y for i in (index - 1, index)]
            assert similar[index] == pytest.approx(ssim(ours[1], theirs[1]), abs=1e-5)
            assert motion[index] == pytest.approx(flow_distance(flow(*theirs), flow(*ours)), abs=1e-4)


def test_recent_pictures_are_asked_for_once(small_clip: Path) -> None:
    asked: list[int] = []

    class Source:
        frame_count, width, height = 20, 96, 64

        def picture(self, index: int) -> Picture:
            asked.append(index)
            return clip.picture(index)

    with open_clip(small_clip) as clip:
        recent = RecentPictures(Source())  # pyright: ignore[reportArgumentType]
        for index in (0, 1, 0, 1, 2, 1, 3, 4, 5, 0):
            recent.picture(index)
    assert asked == [0, 1, 2, 3, 4, 5, 0]
