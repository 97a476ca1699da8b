import threading
import time
from pathlib import Path

import pytest

from codec.bench.children import Children
from codec.bench.memory import ChildPeak, own_peak_bytes
from codec.errors import Cancelled, SeamscopeError
from codec.rivals.encode import packet_sizes
from tests.conftest import make_clip


def rival_task(clip: Path, output: Path, preset: str = "ultrafast") -> dict[str, object]:
    return {
        "codec": "hevc", "quality": 30, "preset": preset, "threads": 1, "clip": str(clip), "frames": 0,
        "output": str(output),
    }  # fmt: skip


def test_a_task_tells_its_result_and_its_progress(small_clip: Path, tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    output = tmp_path / "take.mkv"
    with Children() as children:
        found = children.run("encode-rival", rival_task(small_clip, output), lambda f, m: told.append((f, m)))
    assert found["size_bytes"] == sum(packet_sizes(output))
    assert "libx265" in found["command"]
    assert 2**20 < found["encode_memory_bytes"] < 2**31
    assert all(0 <= fraction <= 1 for fraction, _ in told)
    assert told


def test_errors_are_sentences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = rival_task(tmp_path / "absent.mkv", tmp_path / "take.mkv")
    with Children() as children:
        with pytest.raises(SeamscopeError, match=r"absent\.mkv"):
            children.run("encode-rival", task, lambda f, m: None)
        with pytest.raises(SeamscopeError, match=r"measure: the process ended with exit code 1 \(KeyError"):
            children.run("measure", {}, lambda f, m: None)
    with pytest.raises(Cancelled):
        children.run("encode-rival", task, lambda f, m: None)


def test_stopping_ends_what_runs_and_leaves_no_file(clips: Path, tmp_path: Path) -> None:
    clip = make_clip(clips / "long.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p", size="640x360", frames=60)
    running = threading.Event()
    outcome: list[BaseException] = []

    def work() -> None:
        try:
            children.run(
                "encode-rival", rival_task(clip, tmp_path / "take.mkv", "veryslow"), lambda f, m: running.set()
            )
        except BaseException as error:
            outcome.append(error)

    with Children() as children:
        thread = threading.Thread(target=work)
        thread.start()
        assert running.wait(30)
        began = time.monotonic()
        children.stop()
        thread.join(10)
    assert [type(error) for error in outcome] == [Cancelled]
    assert time.monotonic() - began < 10
    assert list(tmp_path.iterdir()) == []


def test_peak_memory_is_the_programs_own(tmp_path: Path) -> None:
    import subprocess
    import sys

    script = "import time; x = bytearray(80_000_000); x[::4096] = b'1' * len(x[::4096]); time.sleep(0.5)"
    with ChildPeak() as peak:
        subprocess.run([sys.executable, "-S", "-c", script], check=True)
    assert 80_000_000 < peak.peak_bytes < 160_000_000
    before = own_peak_bytes()
    block = bytearray(before + 50_000_000)
    block[::4096] = b"1" * len(block[::4096])
    assert own_peak_bytes() >= before + 50_000_000
