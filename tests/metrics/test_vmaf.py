import subprocess
from pathlib import Path

import numpy as np
import pytest

from codec.errors import RivalError, SettingError
from codec.ffmpeg import ffmpeg_program
from codec.media import open_clip
from codec.metrics.vmaf import vmaf
from tests.conftest import make_clip


def test_scores_are_those_of_ffmpeg_on_the_two_files(clips: Path, tmp_path: Path) -> None:
    options = ("-c:v", "ffv1", "-pix_fmt", "yuv420p")
    original = make_clip(clips / "vmaf.mkv", *options, size="160x96", frames=12)
    coded = tmp_path / "coded.mkv"
    command = [ffmpeg_program(), "-v", "error", "-i", str(original), "-c:v", "libx265", "-x265-params", "log-level=1"]
    subprocess.run([*command, "-crf", "40", str(coded)], check=True, capture_output=True)
    with open_clip(original) as reference, open_clip(coded) as take:
        found = vmaf(reference, take)
        same = vmaf(reference, reference)
    told = subprocess.run(
        [ffmpeg_program(), "-i", str(coded), "-i", str(original), "-lavfi", "libvmaf", "-f", "null", "-"],
        check=True, capture_output=True, text=True,
    ).stderr  # fmt: skip
    assert f"VMAF score: {np.mean(found):.6f}" in told
    assert len(found) == 12
    assert np.mean(found) < 90 < np.mean(same)


def test_odd_pictures_are_scored_and_misfits_refused(clips: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ("-c:v", "ffv1", "-pix_fmt", "yuv420p")
    odd = make_clip(clips / "vmaf_odd.mkv", *options, size="97x65", frames=3)
    tiny = make_clip(clips / "vmaf_tiny.mkv", *options, size="40x30", frames=3)
    with open_clip(odd) as a, open_clip(odd, stop=2) as shorter, open_clip(tiny) as b:
        assert len(vmaf(a, a)) == 3
        with pytest.raises(SettingError, match="97x65 of 2 frames"):
            vmaf(a, shorter)
        with pytest.raises(SettingError, match="40x30"):
            vmaf(a, b)
        with pytest.raises(SettingError, match="at least 32 pixels"):
            vmaf(b, b)
        monkeypatch.setenv("SEAMSCOPE_FFMPEG", "/bin/false")
        with pytest.raises(RivalError, match="exit code 1"):
            vmaf(a, a)
