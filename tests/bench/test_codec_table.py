"""The table of both codecs beside rivals, by its command, on a clip made for it."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import make_clip
from tests.proofs.codecs import FAST, FULL, HYBRID, Point, bits_since, not_rising, page, rate_changes


def point(codec: str, setting: float, bpp: float, quality: float, clip: str = "a") -> Point:
    scores = {
        "lpips": quality,
        "lpips_vgg": quality,
        "dists": quality,
        "psnr": 40 - 30 * quality,
        "tlp": 0.0,
        "tof": 0.0,
    }
    return Point("val", clip, codec, setting, bpp, scores)


def ladder(codec: str, factor: float) -> list[Point]:
    return [point(codec, k, factor * 0.01 * 2**k, 0.5 / 2**k) for k in range(4)]


def test_half_the_bits_at_every_quality_is_minus_fifty_per_cent():
    found = [*ladder(FAST, 0.5), *ladder(HYBRID, 1.0)]
    for metric in ("lpips", "lpips_vgg", "dists", "psnr"):
        assert rate_changes(found, FAST, HYBRID, metric) == {"a": pytest.approx(-50.0, abs=0.1)}
    text = page(found, 17, 3)
    assert "| vae fast | hybrid | -50.0 | -50.0 | -50.0 | -50.0 | – | – |" in text
    assert "On every clip, with vae fast, at every step." in text
    assert text.count("| hybrid |") == 5


def test_bits_since_another_file_are_of_the_clips_that_both_have():
    found = [*ladder(FAST, 0.5), point(FAST, 1, 0.03, 0.3, "b")]
    assert bits_since(found, [*ladder(FAST, 1.0), *ladder(FULL, 3.0)], FAST)[2:] == [
        "| `val/` | -50.0 (1 of 2) | -50.0 (1 of 2) | -50.0 (1 of 2) | -50.0 (1 of 2) | – | – |"
    ]


def test_steps_that_do_not_rise_are_named():
    found = [point(FULL, 0.1, 0.02, 0.4), point(FULL, 0.2, 0.03, 0.41), point(FULL, 0.4, 0.025, 0.3)]
    assert not_rising(found) == ["vae full, a: from λ 0.1 to 0.2", "vae full, a: from λ 0.2 to 0.4"]


def test_the_fast_autoencoder_is_held_against_the_full_one():
    found = [point(FULL, k, k, 0.2, clip) for clip in "ab" for k in (0.1, 0.2)]
    found += [point(FAST, 0.1, 0.01, 0.22, "a"), point(FAST, 0.1, 0.01, 0.3, "b"), point(FAST, 0.1, 0.01, 0.3, "c")]
    text = page(found, 17, 3)
    assert "| 0.1 | -90 % | 2 | 1.30 | 1.50 | 1 | 0 | – | – | – |" in text
    # What the full one reaches at the same setting with half the bits it halves with as many.
    text = page([*ladder(FULL, 1.0), point(FAST, 1, 0.04, 0.25)], 17, 3)
    assert "| 1 | +100 % | 1 | 1.00 | 1.00 | 1 | 1 | 2.00 | 2.00 | 0 |" in text
    assert "## Fast beside full" not in page(ladder(FAST, 1.0), 17, 3)


def test_the_command_goes_on_where_it_was_stopped(tmp_path: Path, trunk_file: Path):
    folder, out = tmp_path / "val", tmp_path / "points.csv"
    folder.mkdir()
    make_clip(folder / "a.mp4", frames=5, size="96x64")
    command = [
        sys.executable,
        "-m",
        "tests.proofs.codecs",
        str(folder),
        "--out",
        str(out),
        "--vgg-trunk",
        str(trunk_file),
    ]
    command += ["--page", str(tmp_path / "page.md"), "--lambdas", "0.1", "1.6"]

    def rows(*codecs: str) -> list[dict[str, str]]:
        done = subprocess.run([*command, "--codecs", *codecs], capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr
        with out.open(encoding="utf-8") as file:
            return list(csv.DictReader(file))

    first = rows(HYBRID)
    assert {row["codec"] for row in first} == {HYBRID}
    both = rows(HYBRID, "x265 medium", FAST)
    assert both[: len(first)] == first
    assert [row["setting"] for row in both if row["codec"] == FAST] == ["0.1", "1.6"]
    assert [row["codec"] for row in both].count("x265 medium") >= 2
    assert rows(FAST) == both
    assert all(float(row["bpp"]) > 0 and float(row["lpips_vgg"]) > 0 for row in both)
    assert "### `val/`a" in (tmp_path / "page.md").read_text(encoding="utf-8")
