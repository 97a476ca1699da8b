import csv
from pathlib import Path

import pytest

from codec.bench.overlap import ALL_CLIPS, OverlapRequest, as_text, measure_overlap, write_csv
from codec.choosing import Choice
from codec.errors import SettingError
from codec.gop import SeamMode
from codec.hybrid.settings import LAMBDA_RANGE
from tests.conftest import make_clip
from tests.test_cli import seamscope


def test_three_ways_at_every_lambda_and_their_mean(clips: Path, tmp_path: Path) -> None:
    paths = [
        make_clip(clips / f"overlap{i}.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p", size="64x64", frames=18)
        for i in range(2)
    ]
    rows = measure_overlap(paths, OverlapRequest((0.05, 0.5), codec=Choice("hybrid", (("key_interval", 1),))))
    modes = list(SeamMode)
    assert [(r.clip, r.lmbda, r.mode) for r in rows] == [
        (clip, lmbda, mode) for clip in (*(p.name for p in paths), ALL_CLIPS) for lmbda in (0.05, 0.5) for mode in modes
    ]
    by = {(r.clip, r.lmbda, r.mode): r for r in rows}
    for lmbda in (0.05, 0.5):
        disjoint, cut, blended, wide = (by[paths[0].name, lmbda, mode] for mode in SeamMode)
        assert cut.bpp == blended.bpp == wide.bpp != disjoint.bpp
        # One stream shown in two ways: they differ in the shared frames alone, blending being the smaller error.
        assert blended.psnr_db > cut.psnr_db
        assert blended.tof != cut.tof
        assert wide.psnr_db != blended.psnr_db
        for row in (disjoint, cut, blended, wide):
            assert row.seam.low <= row.seam.ratio <= row.seam.high
            # 9 and 9 frames, or 9, 9 and 2 of which neighbours share one.
            assert row.seam.boundaries == (1 if row.mode is SeamMode.DISJOINT else 2)
            assert min(row.bpp, row.tof, row.tlp, row.lpips) > 0
            mean = by[ALL_CLIPS, lmbda, row.mode]
            # Both clips are the same.
            assert (mean.bpp, mean.tof, mean.seam.ratio) == pytest.approx((row.bpp, row.tof, row.seam.ratio))
            assert mean.seam.boundaries == 2 * row.seam.boundaries
    assert by[paths[0].name, 0.5, SeamMode.BLENDED].bpp > by[paths[0].name, 0.05, SeamMode.BLENDED].bpp
    text = as_text(rows).splitlines()
    assert len(text) == 1 + len(rows) + 1 + 2
    disjoint, blended = by[ALL_CLIPS, 0.5, SeamMode.DISJOINT], by[ALL_CLIPS, 0.5, SeamMode.BLENDED]
    assert f"tLP {100 * (blended.tlp / disjoint.tlp - 1):+.1f} %" in text[-1]
    assert "hard cut" in text[2]
    with write_csv(rows, tmp_path / "new" / "folder").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert len(table) == len(rows)
    assert float(table[0]["tof"]) == pytest.approx(rows[0].tof, abs=1e-5)


def test_in_a_chain_there_is_nothing_to_blend(small_clip: Path) -> None:
    disjoint, cut, blended, wide, *_ = measure_overlap([small_clip], OverlapRequest((0.3,)))
    for way in (blended, wide):
        assert (cut.psnr_db, cut.tof, cut.bpp) == (way.psnr_db, way.tof, way.bpp)
    assert disjoint.psnr_db != cut.psnr_db


def test_at_the_same_rate_overlap_is_coded_finer(small_clip: Path, tmp_path: Path) -> None:
    disjoint, _, blended, *_ = measure_overlap([small_clip], OverlapRequest((0.1,)))
    again, _, finer, *_ = measure_overlap([small_clip], OverlapRequest((0.1,), same_rate=True))
    assert (again.bpp, again.coded) == (disjoint.bpp, 0.1)
    assert blended.bpp < disjoint.bpp and blended.coded == 0.1
    assert 0.93 * disjoint.bpp < finer.bpp <= disjoint.bpp
    assert finer.coded > 0.1 and finer.psnr_db > blended.psnr_db
    done = seamscope("overlap", small_clip, "--lambdas", "0.1", "--same-rate", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "overlap.csv").open(encoding="utf-8") as file:
        lambdas = [float(row["coded_lambda"]) for row in csv.DictReader(file)]
    assert lambdas == pytest.approx([0.1, finer.coded, finer.coded, finer.coded], rel=1e-4)


@pytest.mark.parametrize("lmbda", LAMBDA_RANGE)
def test_the_same_rate_is_searched_within_the_range(small_clip: Path, lmbda: float) -> None:
    _, _, blended, *_ = measure_overlap([small_clip], OverlapRequest((lmbda,), same_rate=True))
    assert lmbda <= blended.coded <= LAMBDA_RANGE[1]


def test_the_command_refuses_clips_without_a_seam(small_clip: Path, tmp_path: Path) -> None:
    for arguments, reason in (
        ((small_clip, "--lambdas", "0.1", "--frames", "9"), "more than 10 frames, not 9"),
        ((small_clip, "--lambdas", "99"), "λ must lie between"),
        ((tmp_path / "absent.mkv", "--lambdas", "0.1"), "no such file"),
    ):
        done = seamscope("overlap", *arguments)
        assert done.returncode == 1
        assert reason in done.stderr
        assert done.stderr.strip().count("\n") == 0
    short = make_clip(tmp_path / "short.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p", size="64x64", frames=8)
    with pytest.raises(SettingError, match="8 frames are too few"):
        measure_overlap([short], OverlapRequest((0.1,)))
