"""A run's folder in the cache: its own while it runs, whoever looks; removed by the next when it has ended."""

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.jobs.ownership import LOCK_NAME, OwnedFolder, is_left_behind
from app.jobs.workspace import Workspace
from codec.folders import cache_folder

RUN = """
import sys
from app.jobs.workspace import Workspace
made = Workspace()
(made.path / "take.yuv").write_bytes(b"1")
print(made.path, flush=True)
sys.stdin.read()
"""


@contextmanager
def running(*before: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another run, as long as the block."""
    command = [*before, sys.executable, "-c", RUN]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def test_a_workspace_is_new_and_goes_with_all_it_holds() -> None:
    first, second = Workspace(), Workspace()
    assert first.path != second.path
    assert first.path.parent.parent == cache_folder() and list(first.path.iterdir()) == []
    (first.path / "a.yuv").write_bytes(b"1")
    first.close()
    assert not first.path.parent.exists() and second.path.is_dir()
    second.close()


def test_what_a_crashed_run_left_is_removed_by_the_next_and_what_runs_stays() -> None:
    foreign = cache_folder() / "session-notes"
    with running() as (process, folder), running() as (_, alive):
        foreign.mkdir()
        process.send_signal(signal.SIGKILL)
        process.wait()
        made = Workspace()
        assert not folder.parent.exists()
        assert (alive / "take.yuv").exists() and foreign.exists()
    made.close()


def test_a_run_that_cannot_be_seen_keeps_its_folder() -> None:
    """A container has process numbers of its own: there the run is number 1, and none of ours."""
    apart = ("unshare", "--pid", "--fork", "--map-root-user", "--kill-child")
    if subprocess.run([*apart, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no process numbers of one's own can be had here")
    with running(*apart) as (_, folder):
        made = Workspace()
        assert (folder / "take.yuv").exists()
    made.close()


def test_without_locks_only_who_can_look_calls_a_run_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", none)
    own = OwnedFolder(tmp_path, "session-")
    record = json.loads((own.path / LOCK_NAME).read_text())
    assert record["process"] == str(os.getpid()) and not is_left_behind(own.path)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    gone = {"process": str(dead.pid)}, {"boot": "another"}, {"started": "1"}
    unknown = {"host": "another", "process": str(dead.pid)}, {"processes": "pid:[1]", "process": str(dead.pid)}
    for changes, left in (*((c, True) for c in gone), *((c, False) for c in unknown)):
        (own.path / LOCK_NAME).write_text(json.dumps(record | changes))
        assert is_left_behind(own.path) is left, changes
    for damaged in ("", "{", "[]", '{"host": 1}'):
        (own.path / LOCK_NAME).write_text(damaged)
        assert not is_left_behind(own.path)
    own.release()


def test_an_unwritable_cache_is_no_reason_not_to_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    made = Workspace()
    assert made.path.is_dir()
    made.close()
    assert not made.path.exists()
