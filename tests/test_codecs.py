"""A codec that another package brings appears everywhere by being registered."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from codec import registry
from codec.container.stream import read_info
from codec.errors import SettingError, StreamError
from codec.media import open_clip
from codec.stream import decode_stream, encode_clip
from codec.stream.matching import encode_at_rate
from codec.stream.source import StreamSource
from tests.toy_codec import Toy, ToySettings, toy

__all__ = ["toy"]


def seamscope(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app", *(str(a) for a in arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_line_codes_decodes_and_tells(toy: Toy, small_clip: Path, tmp_path: Path) -> None:
    stream, copy = tmp_path / "a.gop", tmp_path / "a.mkv"
    asked = ("--codec", "toy", "--lambda", 8, "--order", "columns", "--effort", 9)
    made = seamscope("encode", small_clip, "-o", stream, *asked)
    assert made.returncode == 0, made.stderr
    assert "codec toy, λ 8" in seamscope("info", stream).stdout
    done = seamscope("decode", stream, "-o", copy)
    assert done.returncode == 0, done.stderr
    with open_clip(small_clip) as clip, open_clip(copy) as decoded:
        for index in range(clip.frame_count):
            assert np.array_equal(decoded.picture(index).y, clip.picture(index).y), index


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (("--codec", "toy", "--lambda", 9), "λ must lie between 0.5 and 8.0"),
        (("--codec", "toy", "--lambda", 2, "--effort", 12), "The effort must lie between 1 and 9, not 12."),
        (("--codec", "toy", "--lambda", 2, "--key-interval", 3), "--key-interval: toy does not have this."),
        (("--codec", "absent", "--lambda", 2), "There is no codec 'absent'; there are hybrid, vae, toy."),
        (("--lambda", 0.3, "--inverted"), "--inverted: hybrid does not have this."),
    ],
)
def test_what_a_codec_does_not_have_is_one_sentence(
    toy: Toy, small_clip: Path, tmp_path: Path, asked: tuple[object, ...], reason: str
) -> None:
    done = seamscope("encode", small_clip, "-o", tmp_path / "a.gop", *asked)
    assert done.returncode == 1
    assert reason in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "a.gop").exists()


def test_a_stream_of_a_codec_that_is_not_there_is_told(toy: Toy, small_clip: Path, tmp_path: Path) -> None:
    stream = tmp_path / "a.gop"
    with open_clip(small_clip) as clip:
        encode_clip(clip, clip.timing, clip.info.sample_aspect, stream, ToySettings(2.0))
    registry.codecs.cache_clear()
    sys.path[:] = [entry for entry in sys.path if not entry.endswith("site")]
    assert read_info(stream).codec == "toy"
    with pytest.raises(StreamError, match="made by the codec 'toy', which is not installed"):
        next(decode_stream(stream))
    with pytest.raises(SettingError, match="no codec 'toy'"):
        registry.named("toy")


def test_frames_of_its_streams_are_had_by_number(toy: Toy, small_clip: Path, tmp_path: Path) -> None:
    stream = tmp_path / "a.gop"
    with open_clip(small_clip) as clip:
        encode_clip(clip, clip.timing, clip.info.sample_aspect, stream, ToySettings(8.0, first_gop=1))
        source = StreamSource(stream)
        for index in (19, 0, 8):
            assert np.array_equal(source.picture(index).u, clip.picture(index).u)


def test_it_meets_a_bitrate_by_its_lambda(toy: Toy, small_clip: Path, tmp_path: Path) -> None:
    with open_clip(small_clip) as clip:
        work = clip, clip.timing, clip.info.sample_aspect, tmp_path / "a.gop"
        rates = {lmbda: encode_clip(*work, ToySettings(lmbda)).kbps for lmbda in (0.5, 2.0, 8.0)}
        assert rates[0.5] < rates[2.0] < rates[8.0]
        info, made = encode_at_rate(*work, ToySettings(2.0, order="columns"), rates[2.0])
        assert info.kbps == pytest.approx(rates[2.0], rel=0.1)
        assert info.kbps == read_info(tmp_path / "a.gop").kbps
        assert isinstance(made, ToySettings) and made.order == "columns"
        # Beyond what it can, the nearest end.
        most, _ = encode_at_rate(*work, ToySettings(2.0), 100 * rates[8.0])
        assert most.kbps == pytest.approx(rates[8.0], rel=0.02)


def test_study_and_report_have_it(toy: Toy, small_clip: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.mp4").symlink_to(small_clip)
    few = ("--metrics", "psnr", "--frames", "9", "--rivals", "hevc", "--preset", "ultrafast")
    done = seamscope("bench", tmp_path / "in", "--out", tmp_path / "out", "--codecs", "toy", *few)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "out" / "points.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["codec"] == "toy"]
    assert [float(row["value"]) for row in rows] == [0.5, 0.871, 1.52, 2.64, 4.59, 8]
    assert [float(row["psnr"]) for row in rows] == sorted(float(row["psnr"]) for row in rows)
    assert "bits of Toy for equal quality" in (tmp_path / "out" / "index.html").read_text()

    words = ("compare", small_clip, "--codec", "toy", "--lambda", "2", "--out-point", "9", "--against", "hevc")
    done = seamscope(*words, "--preset", "ultrafast", "--report", tmp_path / "report")
    assert done.returncode == 0, done.stderr
    summary = json.loads((tmp_path / "report" / "summary.json").read_text())
    assert [take["codec"] for take in summary["takes"]] == ["toy", "hevc"]
    assert "--codec toy" in summary["takes"][0]["command"]
