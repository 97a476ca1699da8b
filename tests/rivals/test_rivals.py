import stat
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from codec.errors import Cancelled, RivalError, SettingError
from codec.media import open_clip
from codec.rivals import ConstantQuality, RivalCodec, RivalSettings, RivalSource, TargetBitrate, encode
from tests.conftest import make_clip

QUICK = {RivalCodec.HEVC: "ultrafast", RivalCodec.VVC: "faster", RivalCodec.AV1: "12"}


@pytest.mark.parametrize("codec", RivalCodec)
def test_a_rival_codes_every_frame_and_counts_its_bytes(small_clip: Path, tmp_path: Path, codec: RivalCodec) -> None:
    with open_clip(small_clip) as clip:
        made = encode(clip, clip.timing, RivalSettings(codec, ConstantQuality(30), QUICK[codec]), tmp_path / "r.mkv")
        source = RivalSource(made.path, clip.width, clip.height, clip.frame_count, clip.info.colour)
        error = np.abs(source.picture(11).y.astype(int) - clip.picture(11).y).mean()
        assert error < 15
        assert source.picture(0).colour == clip.info.colour
        source.close()
    assert made.size_bytes == (tmp_path / "r.mkv").stat().st_size
    assert made.kbps == pytest.approx(made.video_bytes * 8 / clip.timing.duration_s / 1000)
    assert len(made.frame_sizes) == 20
    assert sum(made.frame_sizes) == made.video_bytes < made.size_bytes
    assert "-crf" in made.command or "-qp" in made.command
    assert list(tmp_path.glob(".*")) == []


@pytest.mark.parametrize("codec", [RivalCodec.HEVC, RivalCodec.VVC])
def test_the_same_bitrate_is_met_within_two_percent(clips: Path, tmp_path: Path, codec: RivalCodec) -> None:
    path = clips / "texture.mkv"
    if not path.exists():
        make_clip(path, "-c:v", "ffv1", "-pix_fmt", "yuv420p", size="160x96", frames=60)
    with open_clip(path) as clip:
        settings = RivalSettings(codec, TargetBitrate(180.0), QUICK[codec])
        made = encode(clip, clip.timing, settings, tmp_path / "r.mkv")
    assert made.kbps == pytest.approx(180.0, rel=0.02), made.note
    assert made.within_tolerance


def test_a_rate_out_of_reach_is_said_so(small_clip: Path, tmp_path: Path) -> None:
    with open_clip(small_clip) as clip:
        settings = RivalSettings(RivalCodec.HEVC, TargetBitrate(1.0), "ultrafast")
        made = encode(clip, clip.timing, settings, tmp_path / "r.mkv")
    assert not made.within_tolerance
    assert "1.0 were asked for" in made.note
    with pytest.raises(SettingError, match="between 0 and 51"):
        RivalSettings(RivalCodec.HEVC, ConstantQuality(52))


def test_odd_and_tiny_pictures_come_back_at_their_size(clips: Path, tmp_path: Path) -> None:
    odd = make_clip(clips / "tiny.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p", size="35x19", frames=2)
    with open_clip(odd) as clip:
        for codec in (RivalCodec.HEVC, RivalCodec.VVC):
            settings = RivalSettings(codec, ConstantQuality(20), QUICK[codec])
            made = encode(clip, clip.timing, settings, tmp_path / f"{codec.value}.mkv")
            source = RivalSource(made.path, 35, 19, 2, clip.info.colour)
            assert source.picture(1).y.shape == (19, 35)
            assert source.picture(1).u.shape == (10, 18)
            source.close()


class StopSoon:
    """Cancelled once ffmpeg has been running for a moment."""

    def __init__(self) -> None:
        self.until = time.monotonic() + 0.3

    def report(self, fraction: float, message: str = "") -> None:
        assert 0 <= fraction <= 1

    def check(self) -> None:
        if time.monotonic() > self.until:
            raise Cancelled


def children() -> set[str]:
    """Process ids of everything this process started and that still runs."""
    found: set[str] = set()
    for task in Path("/proc/self/task").iterdir():
        found.update((task / "children").read_text().split())
    return found


def test_cancel_ends_ffmpeg_and_leaves_no_file(clips: Path, tmp_path: Path) -> None:
    path = make_clip(clips / "slow.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p", size="640x360", frames=40)
    before = children()
    with open_clip(path) as clip, pytest.raises(Cancelled):
        settings = RivalSettings(RivalCodec.HEVC, ConstantQuality(20), "veryslow")
        encode(clip, clip.timing, settings, tmp_path / "r.mkv", StopSoon())
    assert list(tmp_path.glob("*.mkv")) + list(tmp_path.glob(".*")) == []
    assert not [t for t in threading.enumerate() if t.name.startswith("ffmpeg")]
    assert children() == before


def test_a_failing_ffmpeg_is_one_sentence(small_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "ffmpeg"
    script.write_text("#!/bin/sh\nhead -c 20000 >/dev/null\necho 'the encoder gave up' >&2\nexit 7\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("SEAMSCOPE_FFMPEG", str(script))
    with open_clip(small_clip) as clip:
        settings = RivalSettings(RivalCodec.HEVC, ConstantQuality(20))
        with pytest.raises(RivalError, match=r"exit code 7 \(the encoder gave up\)"):
            encode(clip, clip.timing, settings, tmp_path / "r.mkv")
        with pytest.raises(RivalError, match="folder does not exist"):
            encode(clip, clip.timing, settings, tmp_path / "no" / "r.mkv")
        monkeypatch.setenv("SEAMSCOPE_FFMPEG", str(tmp_path / "absent"))
        with pytest.raises(RivalError, match="no ffmpeg program"):
            encode(clip, clip.timing, settings, tmp_path / "r.mkv")
    assert not (tmp_path / "r.mkv").exists()
