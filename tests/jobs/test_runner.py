import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.jobs.failures import log_file
from app.jobs.runner import JobRunner, Lane, Outcome
from codec.errors import MediaError

pytestmark = pytest.mark.spawns
WAIT_MS = 30_000


def count_up(context: Any, count: int) -> int:
    for i in range(count):
        context.report(i / count, "counting")
        context.emit(i)
    return os.getpid()


def wait_long(context: Any) -> None:
    for _ in range(3000):
        time.sleep(0.01)
        context.check()


def fail_for_users(context: Any) -> None:
    raise MediaError("clip.mp4: the file is empty.")


def fail_unforeseen(context: Any) -> None:
    raise KeyError("secret detail")


def die(context: Any) -> None:
    os._exit(3)


@pytest.fixture
def runner(qtbot: QtBot) -> Iterator[JobRunner]:
    made = JobRunner()
    yield made
    made.shutdown()


def outcome_of(qtbot: QtBot, runner: JobRunner, lane: Lane, work: Any, *arguments: Any, **hooks: Any) -> tuple:
    found: list[tuple[Outcome, Any]] = []
    runner.submit(lane, work, arguments, on_done=lambda o, v: found.append((o, v)), **hooks)
    qtbot.waitUntil(lambda: bool(found), timeout=WAIT_MS)
    qtbot.wait(20)
    assert len(found) == 1
    return found[0]


def test_work_runs_in_another_process_and_tells_as_it_goes(qtbot: QtBot, runner: JobRunner) -> None:
    events: list[int] = []
    fractions: list[float] = []
    hooks = {"on_event": events.append, "on_progress": lambda f, m: fractions.append(f)}
    outcome, value = outcome_of(qtbot, runner, Lane.CODEC, count_up, 5, **hooks)
    assert outcome is Outcome.SUCCEEDED
    assert value != os.getpid()
    assert events == [0, 1, 2, 3, 4]
    assert fractions == sorted(fractions)


@pytest.mark.parametrize("lane", [Lane.CODEC, Lane.RIVAL])
def test_failures_are_sentences_and_traces_go_to_the_log(qtbot: QtBot, runner: JobRunner, lane: Lane) -> None:
    assert outcome_of(qtbot, runner, lane, fail_for_users) == (Outcome.FAILED, "clip.mp4: the file is empty.")
    outcome, sentence = outcome_of(qtbot, runner, lane, fail_unforeseen)
    assert outcome is Outcome.FAILED
    assert "secret detail" not in sentence
    assert "Traceback" in log_file().read_text()


@pytest.mark.parametrize("lane", [Lane.CODEC, Lane.RIVAL])
def test_cancel_arrives_soon_and_once(qtbot: QtBot, runner: JobRunner, lane: Lane) -> None:
    outcome_of(qtbot, runner, lane, fail_for_users)
    found: list[Outcome] = []
    job = runner.submit(lane, wait_long, on_done=lambda o, v: found.append(o))
    qtbot.wait(100)
    began = time.monotonic()
    runner.cancel(job)
    qtbot.waitUntil(lambda: bool(found), timeout=WAIT_MS)
    assert found == [Outcome.CANCELLED]
    assert time.monotonic() - began < 1.0


def test_a_dead_worker_fails_its_job_and_is_replaced(qtbot: QtBot, runner: JobRunner) -> None:
    outcome, sentence = outcome_of(qtbot, runner, Lane.METRICS, die)
    assert outcome is Outcome.FAILED
    assert "ended unexpectedly" in sentence
    outcome, _ = outcome_of(qtbot, runner, Lane.METRICS, count_up, 2)
    assert outcome is Outcome.SUCCEEDED
