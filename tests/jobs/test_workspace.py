import os
import subprocess
import sys
from pathlib import Path

from app.jobs.workspace import cache_folder, close_workspace, open_workspace


def test_a_workspace_is_new_and_goes_with_all_it_holds() -> None:
    first, second = open_workspace(), open_workspace()
    assert first != second
    assert first.parent == cache_folder()
    (first / "a.yuv").write_bytes(b"1")
    close_workspace(first)
    assert not first.exists() and second.is_dir()


def test_what_a_crashed_run_left_is_removed_by_the_next() -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = cache_folder() / f"session-{dead.pid}-abc"
    left.mkdir(parents=True)
    (left / "take.yuv").write_bytes(b"1")
    running = cache_folder() / f"session-{os.getppid()}-abc"
    running.mkdir()
    foreign = cache_folder() / "notes"
    foreign.mkdir()
    open_workspace()
    assert not left.exists()
    assert running.exists() and foreign.exists()


def test_an_unwritable_cache_is_no_reason_not_to_start(tmp_path: Path, monkeypatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    folder = open_workspace()
    assert folder.is_dir()
    close_workspace(folder)
