import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from codec.rivals.encode import packet_sizes
from tests.conftest import make_clip


def seamscope(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app", *(str(a) for a in arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_encode_info_decode(small_clip: Path, tmp_path: Path) -> None:
    stream = tmp_path / "x.gop"
    made = seamscope("encode", small_clip, "-o", stream, "--lambda", "0.2", "--in", "2", "--out-point", "14")
    assert made.returncode == 0, made.stderr
    assert f"{stream.stat().st_size} bytes" in made.stdout
    told = seamscope("info", stream)
    assert "96x64, 12 frames" in told.stdout
    assert "GoPs: 2" in told.stdout
    done = seamscope("decode", stream, "-o", tmp_path / "y.mkv")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "y.mkv").exists()
    hurt = tmp_path / "hurt.gop"
    hurt.write_bytes(stream.read_bytes()[:-9])
    refused = seamscope("decode", hurt, "-o", tmp_path / "z.mkv")
    assert refused.returncode == 1
    assert "1 of 2 GoPs are missing or damaged" in refused.stderr
    assert not (tmp_path / "z.mkv").exists()
    kept = seamscope("decode", hurt, "-o", tmp_path / "z.mkv", "--keep-undamaged")
    assert "repeats" in kept.stdout
    assert (tmp_path / "z.mkv").exists()


def test_compare_writes_a_report_whose_bitrates_are_those_of_its_files(clips: Path, tmp_path: Path) -> None:
    clip = make_clip(clips / "compare.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p", size="160x96", frames=25)
    # A name of signs that mean something elsewhere, and of a byte that is no UTF-8.
    clip = clip.rename(clip.with_name("$a$ <b>\n=" + os.fsdecode(b"\xe9.mkv")))
    folder = tmp_path / "report"
    done = seamscope("compare", clip, "--lambda", "0.05", "0.5", "--preset", "faster", "--report", folder)
    assert done.returncode == 0, done.stderr
    assert str(folder / "index.html") in done.stdout
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["clip"]["file"] == str(clip)
    assert "<h1>$a$ &lt;b&gt;\\n=\\xe9.mkv</h1>" in (folder / "index.html").read_text(encoding="utf-8")
    assert [take["codec"] for take in summary["takes"]] == ["hybrid", "hevc", "vvc"] * 2
    for take in summary["takes"]:
        coded = folder / take["file"]
        # Of rivals what was coded counts, not the container.
        size = coded.stat().st_size if take["codec"] == "hybrid" else sum(packet_sizes(coded))
        assert take["size_bytes"] == size
        assert take["kbps"] == pytest.approx(size * 8 / summary["clip"]["duration_s"] / 1000)
        assert take["bpp"] == pytest.approx(size * 8 / (160 * 96 * 25))
        assert 0 < take["lpips"] < 1.5
    with (folder / "frames.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6 * 25
    assert {(row["take"].split()[0], row["bits_are"]) for row in rows} == {
        ("Hybrid", "GoP mean"),
        ("HEVC", "of the frame"),
        ("VVC", "of the frame"),
    }
    neural = [float(row["bits"]) for row in rows if row["take"] == "Hybrid λ 0.05"]
    assert sum(neural) == pytest.approx(8 * summary["takes"][0]["size_bytes"], rel=0.2)
    for name in ("lpips", "tlp", "psnr_db", "bits", "rate", "crops"):
        assert (folder / f"{name}.png").stat().st_size > 2000


def test_mistakes_are_one_line_and_an_exit_code(small_clip: Path, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("nothing")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("keep")
    out = tmp_path / "o.gop"
    cases = [
        (("encode", tmp_path / "absent.mp4", "-o", out, "--lambda", "0.2"), "no such file"),
        (("encode", tmp_path / "text.mp4", "-o", out, "--lambda", "0.2"), "not a video"),
        (("encode", small_clip, "-o", out, "--lambda", "9"), "λ must lie between"),
        (("encode", small_clip, "-o", tmp_path / "no" / "o.gop", "--lambda", "0.2"), "folder does not exist"),
        (("encode", small_clip, "-o", out, "--codec", "vae", "--lambda", "0.2", "--device", "cuda"), "cuda"),
        (("info", small_clip), "not a Seamscope"),
        (("compare", small_clip, "--lambda", "0.2", "--against", "h261", "--report", tmp_path / "r"), "h261"),
        (("compare", small_clip, "--lambda", "0.2", "--report", tmp_path / "full"), "holds other files"),
    ]
    for arguments, reason in cases:
        result = seamscope(*arguments)
        assert result.returncode == 1, arguments
        assert reason in result.stderr
        assert result.stderr.strip().count("\n") == 0
        assert "Traceback" not in result.stderr
    assert seamscope("encode").returncode == 2
    assert not out.exists()
    assert (tmp_path / "full" / "mine.txt").read_text() == "keep"


def test_names_are_told_without_what_a_terminal_would_obey(tmp_path: Path) -> None:
    absent = tmp_path / f"\x1b[31mred\n{os.fsdecode(bytes([0xE9]))}.gop"
    done = seamscope("info", absent)
    assert done.returncode == 1
    assert "\\x1b[31mred\\n\\xe9.gop: there is no such file" in done.stderr
    assert "\x1b" not in done.stderr and done.stderr.count("\n") == 1
