import importlib.util
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.jobs.lane import Arrived, ProcessLane
from codec import opencv
from tests.jobs import lane_work

pytestmark = pytest.mark.spawns
WAIT_S = 30.0


class Box:
    """What arrived of a lane, with a way to wait for it."""

    def __init__(self) -> None:
        self.arrived: list[Arrived] = []

    def until(self, condition: Callable[["Box"], bool]) -> None:
        end = time.monotonic() + WAIT_S
        while not condition(self):
            assert time.monotonic() < end, self.arrived
            time.sleep(0.005)

    def outcome(self, number: int) -> tuple[str, Any]:
        self.until(lambda box: any(a[0] == number and a[1] in OUTCOMES for a in box.arrived))
        found = [a for a in self.arrived if a[0] == number and a[1] in OUTCOMES]
        assert len(found) == 1
        return found[0][1], found[0][2]


OUTCOMES = ("succeeded", "failed", "cancelled")


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def lane(box: Box) -> Iterator[ProcessLane]:
    made = ProcessLane("test", 1, box.arrived.append)
    yield made
    made.close()
    assert multiprocessing.active_children() == []


def test_the_worker_loads_neither_qt_nor_torch_by_itself(lane: ProcessLane, box: Box) -> None:
    lane.submit(1, lane_work.names_of_modules, (), False)
    kind, names = box.outcome(1)
    assert kind == "succeeded"
    assert not {"PySide6", "torch", "psygnal", "app.state"} & set(names)


def test_a_worker_started_while_opencv_is_being_loaded_comes_up(lane: ProcessLane, box: Box) -> None:
    spec = importlib.util.find_spec("cv2")
    assert spec is not None and spec.submodule_search_locations
    folder = spec.submodule_search_locations[0]
    loading = threading.Event()

    def load() -> None:
        with opencv.LOADING:
            sys.path.insert(0, folder)  # as OpenCV does, whose own `typing` then hides Python's
            loading.set()
            time.sleep(3.0)  # longer than the attempts at a start take
            sys.path.remove(folder)

    thread = threading.Thread(target=load)
    thread.start()
    loading.wait()
    lane.submit(1, lane_work.echo, (3,), False)
    assert box.outcome(1) == ("succeeded", 3)
    thread.join()


def test_a_waiting_job_is_cancelled_at_once_and_never_runs(lane: ProcessLane, box: Box, tmp_path: Path) -> None:
    lane.submit(1, lane_work.mark, (tmp_path, "long", 20.0), False)
    lane.submit(2, lane_work.mark, (tmp_path, "next"), False)
    lane.cancel(2)
    assert box.arrived == [(2, "cancelled", None)]
    box.until(lambda _: any(tmp_path.iterdir()))
    lane.cancel(1)
    assert box.outcome(1) == ("cancelled", None)
    assert [p.name.split("-")[1] for p in tmp_path.iterdir()] == ["long"]


def test_background_work_gives_way_and_starts_anew(lane: ProcessLane, box: Box, tmp_path: Path) -> None:
    lane.submit(1, lane_work.mark, (tmp_path, "companion", 1.0), True)
    box.until(lambda _: any(tmp_path.iterdir()))
    lane.submit(2, lane_work.mark, (tmp_path, "wanted"), False)
    assert box.outcome(2) == ("succeeded", "wanted")
    assert box.outcome(1) == ("succeeded", "companion")
    order = [p.name.split("-")[1] for p in sorted(tmp_path.iterdir(), key=lambda p: int(p.name.split("-")[0]))]
    assert order == ["companion", "wanted", "companion"]


def test_cancelled_background_work_does_not_come_back(lane: ProcessLane, box: Box, tmp_path: Path) -> None:
    lane.submit(1, lane_work.mark, (tmp_path, "companion", 20.0), True)
    box.until(lambda _: any(tmp_path.iterdir()))
    lane.submit(2, lane_work.mark, (tmp_path, "wanted"), False)
    lane.cancel(1)
    assert box.outcome(1) == ("cancelled", None)
    assert box.outcome(2) == ("succeeded", "wanted")


def test_work_that_does_not_listen_is_killed_and_the_next_job_runs(lane: ProcessLane, box: Box) -> None:
    lane.submit(1, lane_work.stuck, (), False)
    lane.submit(2, lane_work.echo, (7,), False)
    box.until(lambda b: (1, "event", "begun") in b.arrived)
    began = time.monotonic()
    lane.cancel(1)
    assert box.outcome(1) == ("cancelled", None)
    assert time.monotonic() - began < 5
    assert box.outcome(2) == ("succeeded", 7)


def test_a_killed_worker_fails_its_job_alone(lane: ProcessLane, box: Box, tmp_path: Path) -> None:
    marker = tmp_path / "died"
    lane.submit(1, lane_work.die_once, (marker,), False)
    lane.submit(2, lane_work.die_once, (marker,), False)
    kind, sentence = box.outcome(1)
    assert kind == "failed"
    assert sentence.startswith("The worker process ended unexpectedly")
    assert box.outcome(2) == ("succeeded", "alive")


def test_work_that_can_be_repeated_survives_one_death_of_its_worker(box: Box, tmp_path: Path) -> None:
    lane = ProcessLane("test", 1, box.arrived.append, repeat=True)
    lane.submit(1, lane_work.die_once, (tmp_path / "died",), False)
    assert box.outcome(1) == ("succeeded", "alive")
    lane.submit(2, lane_work.die, (), False)
    kind, sentence = box.outcome(2)
    assert kind == "failed" and sentence.startswith("The worker process ended unexpectedly")
    lane.submit(3, lane_work.echo, (3,), False)
    assert box.outcome(3) == ("succeeded", 3)
    lane.close()
    assert multiprocessing.active_children() == []


def test_a_worker_killed_while_idle_is_replaced_unnoticed(lane: ProcessLane, box: Box) -> None:
    lane.submit(1, lane_work.echo, (1,), False)
    box.outcome(1)
    (process,) = multiprocessing.active_children()
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    lane.submit(2, lane_work.echo, (2,), False)
    assert box.outcome(2) == ("succeeded", 2)


def test_arguments_that_are_no_values_fail_their_job_alone(lane: ProcessLane, box: Box) -> None:
    lane.submit(1, lane_work.echo, (lambda: None,), False)
    assert box.outcome(1)[0] == "failed"
    lane.submit(2, lane_work.echo, ("x",), False)
    assert box.outcome(2) == ("succeeded", "x")


def test_a_result_that_is_no_value_fails_its_job_alone(lane: ProcessLane, box: Box) -> None:
    lane.submit(1, lane_work.names_of_modules, (1, 2), False)
    assert box.outcome(1)[0] == "failed"
    lane.submit(2, lane_work.echo, ("x",), False)
    assert box.outcome(2) == ("succeeded", "x")


def test_closing_in_the_middle_of_stuck_work_leaves_no_process(box: Box) -> None:
    lane = ProcessLane("test", 1, box.arrived.append)
    lane.submit(1, lane_work.stuck, (), False)
    box.until(lambda b: bool(b.arrived))
    lane.close()
    assert multiprocessing.active_children() == []


ORPHAN = """
import os, time
from app.jobs.lane import ProcessLane
from tests.jobs import lane_work
if __name__ == "__main__":
    arrived = []
    lane = ProcessLane("test", 1, arrived.append)
    lane.submit(1, lane_work.stuck, (), False)
    while not arrived:
        time.sleep(0.01)
    print(lane._process.pid, flush=True)
    os.kill(os.getpid(), 9)
"""


def test_a_worker_does_not_outlive_a_killed_window(tmp_path: Path) -> None:
    script = tmp_path / "window.py"
    script.write_text(ORPHAN)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=environment, check=False)
    worker = int(done.stdout)
    end = time.monotonic() + 10
    while Path(f"/proc/{worker}/stat").exists() and _state(worker) != "Z":
        assert time.monotonic() < end
        time.sleep(0.05)


def _state(process: int) -> str:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "Z"
