from typing import Any

from app.jobs.immediate import ImmediateRunner
from app.jobs.job import Lane, Outcome
from codec.errors import RivalError


def double(context: Any, value: int) -> int:
    context.report(0.5, "half")
    context.emit(value)
    return 2 * value


def refuse(context: Any) -> None:
    raise RivalError("ffmpeg is missing.")


def test_submit_returns_with_the_work_done() -> None:
    told: list[Any] = []
    job = ImmediateRunner().submit(
        Lane.CODEC,
        double,
        (4,),
        on_progress=lambda share, text: told.append((share, text)),
        on_event=told.append,
        on_done=lambda outcome, value: told.append((outcome, value)),
    )
    assert told == [(0.5, "half"), 4, (Outcome.SUCCEEDED, 8)]
    assert job.finished


def test_failures_are_sentences() -> None:
    told: list[Any] = []
    ImmediateRunner().submit(Lane.RIVAL, refuse, on_done=lambda outcome, value: told.append((outcome, value)))
    assert told == [(Outcome.FAILED, "ffmpeg is missing.")]


def test_work_from_a_callback_runs_afterwards_the_background_last() -> None:
    runner, order = ImmediateRunner(), []

    def more(outcome: Outcome, value: Any) -> None:
        order.append("first")
        runner.submit(Lane.CODEC, double, (1,), background=True, on_done=lambda o, v: order.append("background"))
        runner.submit(Lane.CODEC, double, (1,), on_done=lambda o, v: order.append("next"))
        waiting = runner.submit(Lane.CODEC, double, (1,), on_done=lambda o, v: order.append(o.value))
        runner.cancel(waiting)

    runner.submit(Lane.CODEC, double, (1,), on_done=more)
    assert order == ["first", "next", "cancelled", "background"]
