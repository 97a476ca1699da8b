import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from codec.bench.table import MEASURED_HERE
from codec.rivals.encode import packet_sizes
from tests.conftest import make_clip

ENOUGH = 4
"""Results that are there when the benchmark is killed: some encodes, none or some measurements."""


def command(folder: Path, out: Path) -> list[str]:
    options = (
        "--codecs",
        "hybrid",
        "--lambdas",
        "0.3",
        "--rivals",
        "hevc",
        "--preset",
        "ultrafast",
        "--metrics",
        "psnr",
        "tof",
    )
    return [sys.executable, "-m", "app", "bench", str(folder), "--out", str(out), *options]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One clip, and a file that is none."""
    folder = tmp_path_factory.mktemp("bench")
    make_clip(folder / "small.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p", size="64x64", frames=10)
    (folder / "notes.txt").write_text("not a clip")
    return folder


@pytest.fixture(scope="module")
def whole(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a benchmark that was not disturbed."""
    out = tmp_path_factory.mktemp("out") / "whole"
    done = subprocess.run(command(folder, out), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "notes.txt: this is not a video" in done.stdout
    assert str(out / "index.html") in done.stdout
    return out


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "points.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def lasting(out: Path) -> list[dict[str, str]]:
    """The columns that are the same in every run."""
    return [{key: value for key, value in row.items() if key not in MEASURED_HERE} for row in rows(out)]


def entries(out: Path) -> dict[str, float]:
    return {path.name: path.stat().st_mtime for path in (out / "cache" / "entries").glob("*.json")}


def family(process: int) -> set[int]:
    """The processes that `process` started, and theirs."""
    found: set[int] = set()
    for task in Path(f"/proc/{process}/task").iterdir():
        for child in (task / "children").read_text().split():
            found |= {int(child)} | family(int(child))
    return found


def alive(process: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


def test_rates_are_those_of_the_files_and_the_page_needs_nothing_beside_it(whole: Path) -> None:
    found = rows(whole)
    assert [row["codec"] for row in found].count("hybrid") == 1
    assert [row["codec"] for row in found].count("hevc") >= 4
    for row in found:
        take = whole / "cache" / "takes" / row["take"]
        # Of rivals what was coded counts, not the container.
        size = take.stat().st_size if row["codec"] == "hybrid" else sum(packet_sizes(take))
        assert int(row["size_bytes"]) == size
        assert float(row["bpp"]) == pytest.approx(size * 8 / (64 * 64 * 10), abs=1e-6)
        assert float(row["kbps"]) == pytest.approx(size * 8 / 0.4 / 1000, abs=1e-3)
        assert 10 < float(row["psnr"]) < 60
        assert float(row["tof"]) > 0
        for column in ("encode_fps", "decode_fps", "encode_memory_mb", "decode_memory_mb"):
            assert float(row[column]) > 1
    neural = next(float(row["bpp"]) for row in found if row["codec"] == "hybrid")
    rivals = [float(row["bpp"]) for row in found if row["codec"] == "hevc"]
    assert min(rivals) <= neural <= max(rivals)
    text = (whole / "index.html").read_text(encoding="utf-8")
    assert text.count("data:image/svg+xml;base64,") == 1
    assert not re.search(r"(?:src|href)=\"(?!data:)", text)
    assert "notes.txt" in text
    assert (whole / "plots" / "small.mkv.svg").read_text(encoding="utf-8").startswith("<?xml")
    with (whole / "bd_rates.csv").open(encoding="utf-8") as file:
        refused = {row["refused"] for row in csv.DictReader(file)}
    assert "The tested curve has 1 points; at least 4 are needed." in refused
    # The baseline may be refused first: on ten tiny frames a metric need not rise with the rate.
    assert all(re.fullmatch("The (tested|baseline) curve.*[.]", reason) for reason in refused)


def test_killed_and_started_again_it_goes_on_to_the_same_table(folder: Path, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = subprocess.Popen(command(folder, out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    began = time.monotonic()
    while len(entries(out)) < ENOUGH:
        assert process.poll() is None
        assert time.monotonic() - began < 90
        time.sleep(0.02)
    started = family(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = entries(out)
    assert len(before) < len(entries(whole))
    assert not (out / "index.html").exists()

    # What a failing disk might leave: an entry cut short, a take with one byte changed.
    takes = sorted((out / "cache" / "takes").iterdir())
    hurt_take, cut = takes[0], out / "cache" / "entries" / f"{takes[1].stem}.json"
    data = bytearray(hurt_take.read_bytes())
    data[len(data) // 2] ^= 1
    hurt_take.write_bytes(data)
    cut.write_text(cut.read_text()[:-20])

    again = subprocess.run(command(folder, out), capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert lasting(out) == lasting(whole)
    after = entries(out)
    kept = set(before) - {f"{hurt_take.stem}.json", cut.name}
    assert len(kept) >= ENOUGH - 2
    assert all(after[name] == before[name] for name in kept)
    assert list((out / "cache" / "work").iterdir()) == []
    assert not [child for child in started if alive(child)]


def test_a_finished_benchmark_makes_nothing_again(folder: Path, whole: Path) -> None:
    before = entries(whole)
    done = subprocess.run(command(folder, whole), capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert entries(whole) == before
    what = [json.loads((whole / "cache" / "entries" / name).read_text())["what"] for name in before]
    assert {entry["stage"] for entry in what} == {"encode", "measure"}
    assert all(entry["program"] and entry["clip"] for entry in what)


def test_mistakes_are_one_sentence(folder: Path, tmp_path: Path) -> None:
    full, empty = tmp_path / "full", tmp_path / "empty"
    for made in (full, empty):
        made.mkdir()
    (full / "mine.txt").write_text("keep")
    out = tmp_path / "out"
    cases = [
        ((empty, "--out", out), "there is no clip in this folder"),
        ((tmp_path / "absent", "--out", out), "cannot be read"),
        ((folder, "--out", full), "holds other files"),
        ((folder, "--out", out, "--clips", "nothing*"), "there is no clip 'nothing*'"),
        ((folder, "--out", out, "--lambdas", "99"), "λ must lie between"),
        ((folder, "--out", out, "--rivals", "h261"), "no rival 'h261'"),
        ((folder, "--out", out, "--vgg-trunk", tmp_path / "no.st"), "no such VGG16 trunk"),
        ((folder, "--out", out, "--frames", "0"), "at least one frame"),
        ((folder, "--out", out, "--codecs", "hybrid", "--weights", "codec_absent"), "no weights 'codec_absent'"),
    ]
    for arguments, reason in cases:
        texts = [sys.executable, "-m", "app", "bench", *(str(a) for a in arguments)]
        result = subprocess.run(texts, capture_output=True, text=True, check=False)
        assert result.returncode == 1, arguments
        assert reason in result.stderr, result.stderr
        assert result.stderr.strip().count("\n") == 0
        assert "Traceback" not in result.stderr
