import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from codec.bench.measure import MeasureSettings, absent, measure, measure_takes
from codec.bench.request import BenchRequest, default_lambdas, find_clips
from codec.bench.spool import reopened, spooled
from codec.choosing import Choice
from codec.errors import MediaError, SettingError
from codec.hybrid.settings import LAMBDA_RANGE
from codec.media import open_clip
from codec.media.picture import Picture
from codec.metrics.kinds import METRICS
from codec.rivals.settings import RivalCodec
from tests.conftest import make_clip


@pytest.fixture(scope="module")
def textured(clips: Path) -> Path:
    """Large enough for every metric, MS-SSIM the most demanding."""
    path = clips / "measured.mkv"
    return make_clip(path, "-c:v", "ffv1", "-pix_fmt", "yuv420p", size="176x164", frames=4)


class Dimmed:
    """The clip with darker luma."""

    def __init__(self, clip, share: float) -> None:
        self._clip, self._share = clip, share
        self.frame_count, self.width, self.height = clip.frame_count, clip.width, clip.height

    def picture(self, index: int) -> Picture:
        p = self._clip.picture(index)
        return Picture((p.y * self._share).astype(np.uint8), p.u, p.v, p.colour)

    def pictures(self, start: int, stop: int):
        return (self.picture(i) for i in range(start, stop))


def test_every_metric_tells_a_worse_take_from_a_better_one(textured: Path, trunk_file: Path) -> None:
    settings = MeasureSettings(tuple(METRICS), "cpu", trunk_file, vgg_every=3)
    with open_clip(textured) as clip:
        same, near, far = (measure(clip, Dimmed(clip, share), settings) for share in (1.0, 0.9, 0.6))
    assert list(same) == list(METRICS)
    for key, kind in METRICS.items():
        sign = 1 if kind.higher_is_better else -1
        assert sign * near[key] > sign * far[key], key
        assert sign * same[key] >= sign * near[key], key
    assert same["psnr"] == 100
    assert same["ms_ssim"] == pytest.approx(1)
    assert [same[key] for key in ("lpips", "lpips_vgg", "tlp", "tof")] == pytest.approx([0] * 4, abs=1e-6)


def test_takes_measured_together_score_as_alone(textured: Path, trunk_file: Path) -> None:
    settings = MeasureSettings(tuple(METRICS), "cpu", trunk_file, vgg_every=3)
    with open_clip(textured) as clip:
        takes = [Dimmed(clip, share) for share in (0.9, 0.6)]
        together = measure_takes(clip, takes, settings)
        assert together == [measure(clip, take, settings) for take in takes]


def test_vgg_metrics_are_means_of_the_frames_asked_for(textured: Path, trunk_file: Path) -> None:
    with open_clip(textured) as clip, open_clip(textured, stop=1) as first:
        every_fourth = measure(clip, Dimmed(clip, 0.8), MeasureSettings(("dists",), "cpu", trunk_file, vgg_every=4))
        alone = measure(first, Dimmed(first, 0.8), MeasureSettings(("dists", "tof"), "cpu", trunk_file))
    assert every_fourth["dists"] == pytest.approx(alone["dists"], abs=1e-7)
    assert "tof" not in alone


def test_what_cannot_be_had_is_left_out_with_a_reason(small_clip: Path) -> None:
    settings = MeasureSettings(("psnr", "ms_ssim", "dists", "lpips"), "cpu")
    reasons = absent(settings, 96, 64)
    assert list(reasons) == ["ms_ssim", "dists"]
    assert "161 pixels a side, not 96x64" in reasons["ms_ssim"]
    assert "--vgg-trunk" in reasons["dists"]
    assert "lpips" in absent(settings, 30, 200)
    with open_clip(small_clip, stop=2) as clip, open_clip(small_clip, stop=3) as longer:
        assert list(measure(clip, clip, settings)) == ["psnr", "lpips"]
        with pytest.raises(SettingError, match="3 frames cannot be scored against 2"):
            measure(clip, longer, settings)
    with pytest.raises(SettingError, match="no metric 'ssim2'"):
        MeasureSettings(("ssim2",))
    with pytest.raises(SettingError, match="every n-th, not 0"):
        MeasureSettings(("psnr",), vgg_every=0)


def test_spooled_pictures_are_the_sources(small_clip: Path, tmp_path: Path) -> None:
    with open_clip(small_clip) as clip:
        held = spooled(clip.pictures(0, 5), 5, tmp_path / "s")
        for index in (4, 0, 2):
            assert (held.picture(index).y == clip.picture(index).y).all()
        assert len(list(held.pictures(1, 4))) == 3
        assert held.seconds > 0
        held.close()
        assert not (tmp_path / "s").exists()
        with pytest.raises(MediaError, match="5 frames were decoded where 6"):
            spooled(clip.pictures(0, 5), 6, tmp_path / "short")


def test_spooled_pictures_can_be_left_to_another_process(small_clip: Path, tmp_path: Path) -> None:
    with open_clip(small_clip) as clip:
        held = spooled(clip.pictures(0, 3), 3, tmp_path / "s")
        place = json.loads(json.dumps(held.place))
        held.close(remove=False)
        again = reopened(place)
        assert (again.frame_count, again.width, again.height) == (3, clip.width, clip.height)
        assert (again.picture(2).v == clip.picture(2).v).all()
        assert again.picture(0).colour == clip.picture(0).colour
        again.close()
        assert not (tmp_path / "s").exists()


def test_clips_are_found_by_name_and_the_rest_is_told(small_clip: Path, tmp_path: Path) -> None:
    for name in ("b.mp4", "a.mp4", ".hidden.mp4"):
        (tmp_path / name).write_bytes(small_clip.read_bytes())
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "frames").mkdir()
    for path in (tmp_path / "frames" / "f_1.png", tmp_path / "frames" / "f_2.png", tmp_path / "thumbnail.png"):
        Image.new("RGB", (32, 16)).save(path)
    request = BenchRequest((0.1,), frames=7)
    found, left_out = find_clips(tmp_path, request)
    assert [(c.name, c.frame_count, c.width, c.frame_rate) for c in found] == [
        ("a.mp4", 7, 96, "25"),
        ("b.mp4", 7, 96, "25"),
        ("frames", 2, 32, "25"),
    ]
    assert len(left_out) == 1
    assert "notes.txt" in left_out[0]
    only, none = find_clips(tmp_path, BenchRequest((0.1,), clips=("b",)))
    assert [c.name for c in only] == ["b.mp4"]
    assert none == []


def test_defaults_and_limits_of_a_request() -> None:
    lambdas = default_lambdas(Choice())
    assert len(lambdas) >= 6
    assert (lambdas[0], lambdas[-1]) == LAMBDA_RANGE
    request = BenchRequest(lambdas)
    assert [request.preset_of(codec) for codec in RivalCodec] == ["medium", "medium", "8"]
    for wrong, reason in (
        ({"codecs": ()}, "at least one codec"),
        ({"codecs": (Choice(), Choice("vae")), "weights": "codec_s"}, "name that codec alone"),
        ({"codecs": (Choice("vae"),), "lambdas": (0.002,)}, "λ must lie between"),
        ({"lambdas": (0.1, 0.1)}, "named twice"),
        ({"jobs": 0}, "not 0"),
        ({"window": (0.03, 0.004)}, "must rise"),
    ):
        with pytest.raises(SettingError, match=reason):
            BenchRequest(**{"lambdas": (0.1,), **wrong})
