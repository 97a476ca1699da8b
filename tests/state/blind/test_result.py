"""What is said of a run: sentence, checks, warnings."""

import pytest

from app.state.blind.posterior import Interval
from app.state.blind.procedure import Stop
from app.state.blind.result import Checks, Place, Result, binomial_chance, checks_of, kbps_text
from app.state.blind.tasks import NOT_SURE, Answered, Kind, Stimulus, Task, Trial


def result(**changes: object) -> Result:
    values: dict[str, object] = {
        "task": Task.PARITY, "place": Place.INSIDE, "threshold": Interval(790.4, 1021.0, 1318.0), "lowest": 200.0,
        "highest": 6400.0, "scored": 26, "spread": 0.41, "checks": Checks(3, 3, 14, 26, 1.0), "stop": Stop.PRECISE,
    }  # fmt: skip
    return Result(**{**values, **changes})  # type: ignore[arg-type]


def test_the_sentence_says_all_that_belongs_to_the_number() -> None:
    expected = (
        "Parity with x265 1 500 kbps: 1 020 kbps (95 % CrI 790–1 320), 1 observer, 26 trials, σ̂ 0.4 oct, catch 3/3, "
        "1:1 zoom"
    )
    assert result().sentence("x265 1 500 kbps", "1:1 zoom") == expected
    assert result().warnings == ()
    other = result(task=Task.TRANSPARENCY).sentence("", "2:1 zoom")
    assert other.startswith("Transparency: 1 020 kbps (95 % CrI 790–1 320), 1 observer")


def test_the_saving_has_the_same_interval() -> None:
    saving = result().saving(1500.0)
    assert saving is not None
    assert saving.median == pytest.approx(1 - 1021 / 1500)
    assert (saving.low, saving.high) == (pytest.approx(1 - 1318 / 1500), pytest.approx(1 - 790.4 / 1500))
    assert result(place=Place.BELOW).saving(1500.0) is None


def test_every_doubt_is_told() -> None:
    assert "unsure" in " ".join(result(spread=0.81).warnings)
    assert "2 of 4 catch trials failed" in result(checks=Checks(2, 4, 13, 26, 1.0)).warnings[0]
    assert result(checks=Checks(3, 4, 13, 26, 1.0)).unreliable == ()
    assert "25 of 26 answers in one place" in result(checks=Checks(3, 3, 25, 26, 1e-6)).warnings[0]
    assert result(checks=Checks(3, 3, 13, 14, 0.001)).unreliable == ()
    assert "most trials" in result(stop=Stop.TRIALS).warnings[-1]
    for place in (Place.AT_MOST, Place.AT_LEAST, Place.ANYWHERE):
        assert result(place=place).warnings


def trial(number: int, kind: Kind, place: int, stimulus: Stimulus = Stimulus.LEVEL) -> Trial:
    return Trial(number, kind, stimulus, 0, place)


def test_checks_count_catch_trials_and_places() -> None:
    answered = [Answered(trial(0, Kind.WARM_UP, 0), 9.0, 1)]
    answered += [Answered(trial(1 + n, Kind.SCORED, n % 2), 9.0, 1) for n in range(14)]
    answered += [Answered(trial(15, Kind.SCORED, 0), 9.0, NOT_SURE)]
    answered += [Answered(trial(16, Kind.CATCH, 1, Stimulus.APART), 9.0, 1)]
    answered += [Answered(trial(17, Kind.CATCH, 0, Stimulus.APART), 9.0, 1)]
    answered += [Answered(trial(18, Kind.CATCH, 0, Stimulus.SAME), 9.0, 1)]
    checks = checks_of(Task.PARITY, answered)
    assert (checks.catch_passed, checks.catch_trials, checks.sided, checks.placed) == (1, 2, 17, 17)
    assert checks.catch_failed and checks.one_sided


def test_one_sided_answers_of_four_tiles_are_judged_by_their_own_chance() -> None:
    assert binomial_chance(13, 15, 0.5) == pytest.approx(0.00739, abs=1e-4)
    assert binomial_chance(12, 15, 0.25) < 1e-4
    assert binomial_chance(8, 16, 0.5) == 1.0


@pytest.mark.parametrize(
    ("rate", "text"),
    [(1021.0, "1 020"), (999.7, "1 000"), (98.44, "98.4"), (9.876, "9.88"), (123456.0, "123 000"), (0.0, "0")],
)
def test_rates_have_three_figures(rate: float, text: str) -> None:
    assert kbps_text(rate) == text
