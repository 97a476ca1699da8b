"""The procedure of the blind test, asked by observers whose threshold is known."""

import time
from dataclasses import replace

import numpy as np
import pytest

from app.state.blind.procedure import CATCH_BLOCK, MAX_SCORED, MIN_SCORED, Plan, Procedure, Stop, level_grid
from app.state.blind.result import Place, result_of
from app.state.blind.tasks import NOT_SURE, Answered, Kind, Stimulus, Task
from tests.proofs.blind_observer import Observer, Shape
from tests.proofs.blind_simulation import finished, guessers, row

LEVELS = level_grid(8.0, 13.0)


def run_of(task: Task, observer: Observer, seed: int) -> Procedure:
    procedure = Procedure(Plan(task, LEVELS, seed))
    observer.run(procedure, np.random.default_rng(seed))
    return procedure


@pytest.mark.parametrize(
    ("task", "spread", "shape"),
    [
        (Task.PARITY, 0.25, Shape.NORMAL),
        (Task.PARITY, 1.0, Shape.LOGISTIC),
        (Task.TRANSPARENCY, 0.25, Shape.LOGISTIC),
        (Task.TRANSPARENCY, 0.5, Shape.NORMAL),
    ],
)
def test_intervals_hold_the_truth(task: Task, spread: float, shape: Shape) -> None:
    made = row(task, lambda at: Observer(at, spread, shape=shape), 60)
    # Of 60 runs with the coverage that is asked for, fewer than 51 hold the truth once in a thousand times.
    assert made.covered.sum() >= 51
    assert abs(made.errors.mean()) < 0.1
    assert np.sqrt((made.errors**2).mean()) < (0.16 if spread == 0.25 else 0.4)
    assert made.trials.min() >= MIN_SCORED and made.trials.max() <= MAX_SCORED


@pytest.mark.parametrize("task", list(Task))
def test_who_never_looks_gets_no_number_without_a_mark(task: Task) -> None:
    unmarked, _, _ = guessers(task, 25)
    assert unmarked == 0


def test_a_guesser_of_four_tiles_is_never_given_a_number() -> None:
    _, marked, without = guessers(Task.TRANSPARENCY, 25)
    assert without == 1 and marked > 0.8


@pytest.mark.parametrize("task", list(Task))
def test_sixty_trials_are_chosen_in_less_than_50_ms_each(task: Task) -> None:
    procedure = Procedure(Plan(task, LEVELS, 3))
    random, observer, took = np.random.default_rng(3), Observer(10.4, 1.0), []
    while procedure.trial is not None:
        trial = procedure.trial
        answer = observer.answer(task, trial, LEVELS[trial.level], random)
        began = time.thread_time()
        procedure.answer(Answered(trial, LEVELS[trial.level], answer))
        took.append(time.thread_time() - began)
    assert len(took) >= 45
    assert max(took) < 0.05


def test_a_run_has_warm_up_catch_and_slope_trials_in_their_shares() -> None:
    answered = run_of(Task.PARITY, Observer(10.5, 1.4), 11).answered
    kinds = [each.trial.kind for each in answered]
    assert kinds[:4] == [Kind.WARM_UP] * 4 and Kind.WARM_UP not in kinds[4:]
    # One in every whole block of ten.
    for block in range(4, len(kinds) - CATCH_BLOCK, CATCH_BLOCK):
        assert kinds[block : block + CATCH_BLOCK].count(Kind.CATCH) == 1
    scored = [kind for kind in kinds if kind.fitted]
    assert len(scored) == 50 and 3 <= scored.count(Kind.SLOPE) <= 6
    assert {each.trial.stimulus for each in answered if each.trial.kind is Kind.CATCH} == {Stimulus.APART}
    places = [each.trial.place for each in answered]
    assert 0.3 < np.mean(places) < 0.7


def test_catch_trials_do_not_move_the_estimate() -> None:
    procedure = Procedure(Plan(Task.TRANSPARENCY, LEVELS, 5))
    while procedure.trial is not None and procedure.trial.kind is not Kind.CATCH:
        procedure.answer(Answered(procedure.trial, LEVELS[procedure.trial.level], procedure.trial.place))
    before, catch = procedure.posterior.weights, procedure.trial
    assert catch is not None and catch.stimulus is Stimulus.DEGRADED
    procedure.answer(Answered(catch, 8.0, (catch.place + 1) % 4))
    assert np.array_equal(procedure.posterior.weights, before)


def test_the_actual_rate_counts_not_the_one_asked_for() -> None:
    run = run_of(Task.PARITY, Observer(10.5, 0.3), 2)
    missed = [replace(each, x=each.x + 0.25) for each in run.answered[:-1]]
    one, other = Procedure.replay(run.plan, run.answered[:-1]), Procedure.replay(run.plan, missed)
    assert other.posterior.threshold.median == pytest.approx(one.posterior.threshold.median + 0.25, abs=0.02)


def test_not_sure_counts_half_for_either_side() -> None:
    procedure = Procedure(Plan(Task.PARITY, LEVELS, 1))
    before = procedure.posterior.copy()
    procedure.posterior.learn(10.5, 0.5)
    chance = before.chances(np.array([10.5]))[0]
    expected = before.weights * np.sqrt(chance * (1 - chance))
    assert np.allclose(procedure.posterior.weights, expected / expected.sum())


def test_all_follows_from_the_seed_and_the_answers() -> None:
    one, other = (run_of(Task.TRANSPARENCY, Observer(10.2, 0.4), 21) for _ in range(2))
    assert one.answered == other.answered
    assert run_of(Task.TRANSPARENCY, Observer(10.2, 0.4), 22).answered != one.answered
    assert Procedure.replay(one.plan, one.answered).posterior.threshold == one.posterior.threshold
    moved = [*one.answered[:5], Answered(one.answered[6].trial, 10.0, 0)]
    with pytest.raises(ValueError, match="seed"):
        Procedure.replay(one.plan, moved)


def test_foreseen_trials_hold_the_one_that_comes() -> None:
    procedure = Procedure(Plan(Task.PARITY, LEVELS, 9))
    answers = [NOT_SURE, 0, 1, 1, 0, NOT_SURE, 1, 0, 1, 0, 0, 1]
    for answer in answers:
        foreseen, trial = procedure.foreseen(), procedure.trial
        assert trial is not None and 1 <= len(foreseen) <= 3
        procedure.answer(Answered(trial, procedure.expected_x(trial.level), answer))
        assert procedure.trial in foreseen


def test_an_answer_taken_back_leaves_no_trace() -> None:
    procedure = run_of(Task.PARITY, Observer(10.5, 0.5), 4)
    back = procedure.undone()
    assert back.trial == procedure.answered[-1].trial and len(back.answered) == len(procedure.answered) - 1
    back.answer(procedure.answered[-1])
    assert back.posterior.threshold == procedure.posterior.threshold


def test_time_ends_a_run() -> None:
    procedure = Procedure(Plan(Task.PARITY, LEVELS, 1))
    for number in range(12):
        trial = procedure.trial
        assert trial is not None
        procedure.answer(Answered(trial, LEVELS[trial.level], trial.place, 100.0, 110.0 * (number + 1)))
        if procedure.trial is None:
            break
    assert procedure.stop is Stop.TIME and len(procedure.answered) == 11


def test_results_are_closed_until_the_stop_rule_fires() -> None:
    procedure = Procedure(Plan(Task.PARITY, LEVELS, 1))
    with pytest.raises(ValueError, match="not complete"):
        result_of(procedure)


def test_beyond_the_range_no_number_is_given() -> None:
    below = finished(Task.TRANSPARENCY, Observer(7.4, 0.3), 1)
    above = finished(Task.PARITY, Observer(13.6, 0.3), 1)
    assert below.place is Place.BELOW and below.rate_text() == "< 256 kbps"
    assert above.place is Place.ABOVE and above.rate_text() == "> 8 190 kbps"
    near = [finished(Task.PARITY, Observer(8.2, 0.5), seed) for seed in range(12)]
    bounds = [each for each in near if each.place is Place.AT_MOST]
    assert bounds and all(each.rate_text().startswith("< ") and "97.5 %" in each.rate_text() for each in bounds)
    assert all("CrI" not in each.rate_text() for each in near if each.place is not Place.INSIDE)


def test_a_range_is_of_two_levels_to_five_octaves() -> None:
    assert len(LEVELS) == 41 and LEVELS[1] - LEVELS[0] == 0.125
    for low, high in ((8.0, 8.1), (8.0, 13.5)):
        with pytest.raises(ValueError, match="octaves"):
            level_grid(low, high)
