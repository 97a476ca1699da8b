"""Journals are read whole, cut off, damaged and foreign; several observers; ladders."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from app.state.blind import journal
from app.state.blind.journal import ABORTED, JournalError, LevelRecord, State, read_run
from app.state.blind.ladder import Ladder, NotMonotone, known, lambda_grid
from app.state.blind.normal import normal_cdf, t_quantile
from app.state.blind.observers import MIN_OBSERVERS, bca, entries, heading, of_thresholds, viewers
from app.state.blind.preferences import Vote, scores
from app.state.blind.procedure import Procedure, level_grid
from app.state.blind.setup import Coding, Rival, Segment, Setup, Viewing
from app.state.blind.tasks import Task
from tests.proofs.blind_observer import Observer

SETUP = Setup(
    Task.PARITY,
    7,
    level_grid(8.0, 12.0),
    "0.1.0",
    "2026-03-01T10:00:00+00:00",
    "/clips/city.mkv",
    "sha256:00",
    Segment(0, 125, 5.0, 15),
    Coding("hybrid", "Hybrid", "d9a1", "", "blended", "seamscope encode", ((0.01, 256.0), (1.0, 4096.0))),
    Viewing("Ann", "3 H", "dim", "", "", 1.0, (0, 0, 640, 360)),
    Rival("x265", 1500.0, "ffmpeg", "an encode of the segment"),
)


def complete(observer: str = "Ann", seed: int = 7, threshold: float = 10.3) -> tuple[str, Procedure]:
    setup = replace(SETUP, seed=seed, viewing=replace(SETUP.viewing, observer=observer))
    procedure = Procedure(setup.plan)
    Observer(threshold, 0.3).run(procedure, np.random.default_rng(seed))
    lines = [journal.setup_record(setup), journal.level_record(LevelRecord(3, 0.1, 300.5, 1000))]
    lines += [journal.answer_record(each, "2026-03-01T10:01:00+00:00") for each in procedure.answered]
    assert procedure.stop is not None
    return "".join([*lines, journal.end_record(procedure.stop.value)]), procedure


def test_a_journal_gives_the_run_back() -> None:
    text, procedure = complete()
    run = read_run(text)
    assert run.setup == SETUP and list(run.answered) == procedure.answered and run.levels[0].kbps == 300.5
    assert run.state is State.COMPLETE
    assert run.sentence().startswith("Parity with x265 1 500 kbps: ")


@pytest.mark.parametrize("cut", [1, 30, 200])
def test_what_a_crash_cut_off_is_left_out(cut: int) -> None:
    text, procedure = complete()
    lines = text.splitlines(keepends=True)
    kept = "".join(lines[:20]) + lines[20][: -min(cut, len(lines[20]) - 1)]
    run = read_run(kept)
    assert run.state is State.INTERRUPTED and list(run.answered) == procedure.answered[:18]
    with pytest.raises(JournalError, match="no result"):
        run.result()


def test_no_result_before_the_stop_rule_fires_whatever_the_file_says() -> None:
    text, _ = complete()
    lines = text.splitlines(keepends=True)
    for end, state in (
        (journal.end_record("precise"), State.INTERRUPTED),
        (journal.end_record(ABORTED), State.ABORTED),
    ):
        run = read_run("".join(lines[:15]) + end)
        assert run.state is state
        with pytest.raises(JournalError):
            run.sentence()


def test_an_answer_taken_back_does_not_count() -> None:
    text, procedure = complete()
    lines = text.splitlines(keepends=True)
    last = procedure.answered[9]
    wrong = journal.answer_record(replace(last, answer=1 - last.answer if last.answer >= 0 else 0), "")
    changed = [*lines[:11], wrong, journal.undo_record(last.trial.number), *lines[11:]]
    assert list(read_run("".join(changed)).answered) == procedure.answered


def _broken(record: int, **values: object) -> str:
    lines = complete()[0].splitlines()
    lines[record] = json.dumps({**json.loads(lines[record]), **values})
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}\n",
        "[1]\n",
        "not json\n",
        "[" * 100_000 + "\n",
        json.dumps({"type": "setup"}) + "\n",
        _broken(0, version=2),
        _broken(0, levels=[1, 2, math.nan]),
        _broken(0, levels=[9.0, 8.0]),
        _broken(0, levels=list(range(100))),
        _broken(0, task="taste"),
        _broken(0, rival=None),
        _broken(0, seed=-1),
        _broken(0, coding=[]),
        _broken(5, x=math.inf),
        _broken(5, x="8"),
        _broken(5, kind="other"),
        _broken(5, answer=True),
        _broken(5, type="guess"),
        _broken(1, kbps=0),
        _broken(5, number=10**9),
    ],
)
def test_what_is_no_journal_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(JournalError) as refused:
        read_run(text)
    assert 10 < len(str(refused.value)) < 200


def test_answers_that_the_seed_did_not_ask_for_are_refused() -> None:
    run = read_run(_broken(8, place=1 - json.loads(complete()[0].splitlines()[8])["place"]))
    with pytest.raises(JournalError, match="seed"):
        run.procedure()


def test_observers_have_one_result_each_and_few_are_a_pre_test() -> None:
    runs = [read_run(complete(name, seed)[0]) for seed, name in enumerate(("Ann", "Bob", "bob ", "Cleo"))]
    found = entries(runs)
    assert [each.observer for each in found] == ["Ann", "bob ", "Cleo"]
    assert heading(found) == "3 observers: an engineering pre-test" and viewers(found) is None


def test_flicker_and_zoom_are_other_questions() -> None:
    run = read_run(complete()[0])
    for viewing in (replace(SETUP.viewing, flicker_hz=4.0), replace(SETUP.viewing, zoom=2.0)):
        other = replace(run, setup=replace(run.setup, viewing=viewing))
        assert other.setup.question != run.setup.question
    flicker = replace(run.setup.viewing, flicker_hz=4.0)
    assert "flicker 4 Hz" in replace(run, setup=replace(run.setup, viewing=flicker)).sentence()


def test_six_observers_say_something_of_viewers() -> None:
    runs = [read_run(complete(f"observer {n}", n, 10 + n / 8)[0]) for n in range(MIN_OBSERVERS)]
    made = viewers(entries(runs))
    assert made is not None and made.count == MIN_OBSERVERS
    medians = np.log2([each.result.threshold.median for each in entries(runs)])
    reach = 2.5706 * medians.std(ddof=1) / np.sqrt(6)
    assert np.log2(made.mean.high) == pytest.approx(medians.mean() + reach, abs=1e-3)
    assert np.log2(made.satisfying.median) == pytest.approx(medians.mean() + 0.6745 * medians.std(ddof=1), abs=1e-3)
    assert made.satisfying.low < made.satisfying.median < made.satisfying.high
    shares = [each.median for each in made.satisfied]
    assert shares == sorted(shares) and shares[0] < 0.01 and shares[-1] > 0.99
    beyond = [*runs, read_run(complete("far", 9, 7.3)[0])]
    assert viewers(entries(beyond)) is None and "beyond the rates" in heading(entries(beyond))


def test_bootstrap_intervals_hold_the_truth() -> None:
    random, held = np.random.default_rng(3), 0
    for _ in range(60):
        made = of_thresholds(random.normal(10.0, 0.5, 24))
        held += made.satisfying.low <= 2 ** (10 + 0.6745 * 0.5) <= made.satisfying.high
    assert held >= 50
    low, value, high = bca(random.normal(0, 1, 30), lambda s: s.mean(axis=1, keepdims=True))
    assert low[0] < value[0] < high[0]


@pytest.mark.parametrize(("freedom", "expected"), [(1, 12.706), (5, 2.5706), (23, 2.0687), (200, 1.9719)])
def test_quantiles_of_t(freedom: int, expected: float) -> None:
    assert t_quantile(0.975, freedom) == pytest.approx(expected, rel=1e-3)


def test_the_normal_table_is_close() -> None:
    z = np.array([-9.0, -1.96, 0.0, 0.5, 9.0])
    exact = [0.5 * math.erfc(-value / math.sqrt(2)) for value in z]
    assert np.abs(normal_cdf(z) - exact).max() < 1e-6


def test_ladders_rise_or_are_refused() -> None:
    ladder = known([(0.1, 400.0), (0.01, 100.0), (1.0, 3200.0)])
    assert ladder.lmbda(math.log2(200.0)) == pytest.approx(math.sqrt(0.001))
    assert ladder.lmbda(0.0) == 0.01 and ladder.lmbda(99.0) == 1.0
    with pytest.raises(NotMonotone, match="does not rise"):
        Ladder(((0.1, 400.0), (0.2, 390.0)))
    grid = lambda_grid(0.00125, 1.28)
    assert len(grid) == 9 and grid[0] == 0.00125 and grid[-1] == 1.28
    assert np.allclose(np.diff(np.log(grid)), np.log(1024) / 8)


def test_a_long_ladder_offers_five_octaves_about_the_rival() -> None:
    ladder = known([(0.001, 50.0), (1.0, 50.0 * 2**7)])
    top, about = ladder.levels(), ladder.levels(math.log2(400.0))
    assert top[-1] == pytest.approx(ladder.x[1]) and len(top) == len(about) == 41
    assert about[0] == pytest.approx(math.log2(400.0) - 2.5)
    with pytest.raises(ValueError, match="same rate"):
        known([(0.1, 400.0), (1.0, 401.0)]).levels()


def test_votes_put_takes_on_one_scale() -> None:
    random, truth = np.random.default_rng(1), {"a": 1.0, "b": 0.0, "c": -1.0}
    votes = []
    for number in range(300):
        left, right = random.choice(list(truth), 2, replace=False)
        share = float(random.random() < 1 / (1 + np.exp(truth[right] - truth[left])))
        votes.append(Vote(str(left), str(right), share, f"clip {number % 8}"))
    for chosen in (votes, [replace(vote, clip="one") for vote in votes]):
        made = scores(chosen)
        assert [each.item for each in made] == ["a", "b", "c"]
        assert sum(each.score.median for each in made) == pytest.approx(0, abs=1e-9)
        assert all(each.score.low <= truth[each.item] <= each.score.high for each in made)
        assert sum(each.votes for each in made) == 600


def test_a_take_that_won_every_vote_has_a_finite_score() -> None:
    won, _ = scores([Vote("a", "b", 1.0), Vote("b", "a", 0.0)])
    assert won.item == "a" and 0 < won.score.median < 3 and won.score.low < won.score.median
    even = scores([Vote("a", "b", 0.5)] * 4)
    assert all(each.score.median == pytest.approx(0) for each in even)
    assert scores([]) == ()
