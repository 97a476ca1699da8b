"""What a complete run says: the threshold with its interval, what makes it doubtful, and the sentence for it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from app.state.blind.posterior import Interval
from app.state.blind.procedure import Procedure, Stop
from app.state.blind.tasks import NOT_SURE, Answered, Kind, Stimulus, Task

UNSURE_SPREAD = 0.8
"""σ̂ in octaves above which a result is said to be that of an unsure observer."""
CATCH_SHARE = 1 / 4
"""Catch trials that may fail."""
SIDED_TRIALS, SIDED_SHARE, SIDED_CHANCE = 15, 0.8, 0.01
"""Answers on one side: of how many trials, above which share, and rarer than this by chance."""


class Place(Enum):
    """Where the threshold lies as to the levels offered."""

    INSIDE = "inside"
    BELOW = "below"
    """Likely below the lowest."""
    ABOVE = "above"
    """Likely above the highest."""
    AT_MOST = "at most"
    """The interval reaches below the lowest: only its upper end is known."""
    AT_LEAST = "at least"
    """The interval reaches above the highest: only its lower end is known."""
    ANYWHERE = "anywhere"
    """The interval reaches beyond both ends."""


@dataclass(frozen=True, slots=True)
class Checks:
    """Whether the observer looked."""

    catch_passed: int
    catch_trials: int
    sided: int
    """Most answers in one place, of `placed`."""
    placed: int
    sided_chance: float
    """How likely so many in one place, or as unlikely a number, are by chance."""

    @property
    def catch_failed(self) -> bool:
        """True when more than CATCH_SHARE of the catch trials failed."""
        return self.catch_trials - self.catch_passed > CATCH_SHARE * self.catch_trials

    @property
    def one_sided(self) -> bool:
        """True when answers went to one place too often."""
        often = self.placed >= SIDED_TRIALS and self.sided > SIDED_SHARE * self.placed
        return often and self.sided_chance < SIDED_CHANCE


@dataclass(frozen=True, slots=True)
class Result:
    """Of one run. Rates are kbps, σ octaves."""

    task: Task
    place: Place
    threshold: Interval
    """kbps; a number may be shown only when `place` is INSIDE."""
    lowest: float
    highest: float
    """The ends of the range offered, kbps."""
    scored: int
    spread: float
    checks: Checks
    stop: Stop

    @property
    def unreliable(self) -> tuple[str, ...]:
        """Why the result does not count; empty when it does."""
        found = []
        if self.checks.catch_failed:
            failed = self.checks.catch_trials - self.checks.catch_passed
            found.append(f"{failed} of {self.checks.catch_trials} catch trials failed")
        if self.checks.one_sided:
            found.append(f"{self.checks.sided} of {self.checks.placed} answers in one place")
        return tuple(found)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences that stand beside the result."""
        found = [f"Unreliable: {', '.join(self.unreliable)}."] if self.unreliable else []
        if self.spread > UNSURE_SPREAD:
            found.append(f"σ̂ is above {UNSURE_SPREAD:g} octaves: the observer was unsure. Take the interval with care.")
        if self.place in (Place.AT_MOST, Place.AT_LEAST):
            found.append("The interval reaches beyond the rates offered: only its other end is given.")
        if self.place is Place.ANYWHERE:
            found.append("The answers do not tell where in the range the threshold lies.")
        if self.stop is not Stop.PRECISE:
            why = "most trials" if self.stop is Stop.TRIALS else "longest time"
            found.append(f"The run ended at the {why} a run may have: the interval is as wide as it came out.")
        return tuple(found)

    def rate_text(self) -> str:
        """The threshold: `1 020 kbps (95 % CrI 790–1 320)`, or the bound that is known."""
        at = self.threshold
        texts = {
            Place.INSIDE: f"{kbps_text(at.median)} kbps (95 % CrI {kbps_text(at.low)}–{kbps_text(at.high)})",
            Place.BELOW: f"< {kbps_text(self.lowest)} kbps",
            Place.ABOVE: f"> {kbps_text(self.highest)} kbps",
            Place.AT_MOST: f"< {kbps_text(at.high)} kbps (97.5 %)",
            Place.AT_LEAST: f"> {kbps_text(at.low)} kbps (97.5 %)",
            Place.ANYWHERE: f"not found between {kbps_text(self.lowest)} and {kbps_text(self.highest)} kbps",
        }
        return texts[self.place]

    def sentence(self, subject: str, shown: str) -> str:
        """All that belongs to the number. `subject`: "x265 1 500 kbps" or empty; `shown`: "1:1 zoom"."""
        asked = f"Parity with {subject}" if self.task is Task.PARITY else "Transparency"
        catch = f"catch {self.checks.catch_passed}/{self.checks.catch_trials}"
        parts = (self.rate_text(), "1 observer", f"{self.scored} trials", f"σ̂ {self.spread:.1f} oct", catch, shown)
        return f"{asked}: {', '.join(parts)}"

    def saving(self, rival_kbps: float) -> Interval | None:
        """1 - R / R0, a share, with its interval; None unless the threshold is a number."""
        if self.place is not Place.INSIDE:
            return None
        at = self.threshold
        return Interval(1 - at.high / rival_kbps, 1 - at.median / rival_kbps, 1 - at.low / rival_kbps)


def kbps_text(rate: float) -> str:
    """Three figures, thousands apart: "1 020", "98.4"."""
    if rate <= 0 or not math.isfinite(rate):
        return f"{rate:g}"
    digits = 2 - math.floor(math.log10(rate))
    return f"{round(rate, digits):,.{max(0, digits)}f}".replace(",", " ")


def result_of(run: Procedure) -> Result:
    """Of a run that is complete. Raises ValueError before the stop rule fires: nobody may look earlier."""
    stop = run.stop
    if stop is None:
        raise ValueError("The run is not complete: its result cannot be seen yet.")
    x, low, high = run.posterior.threshold, run.plan.levels[0], run.plan.levels[-1]
    kbps = Interval(*(2.0**value for value in (x.low, x.median, x.high)))
    place = _place(x, low, high)
    checks = checks_of(run.plan.task, run.answered)
    return Result(
        run.plan.task, place, kbps, 2.0**low, 2.0**high, run.scored, run.posterior.spread.median, checks, stop
    )


def _place(at: Interval, low: float, high: float) -> Place:
    under, over = at.low <= low, at.high >= high
    if under and over:
        return Place.ANYWHERE
    if under:
        return Place.BELOW if at.median <= low else Place.AT_MOST
    if over:
        return Place.ABOVE if at.median >= high else Place.AT_LEAST
    return Place.INSIDE


def checks_of(task: Task, answered: Sequence[Answered]) -> Checks:
    """Catch trials, and answers by place. Warm-up counts for neither; between equal takes there is nothing to fail."""
    real = [each for each in answered if each.trial.kind is not Kind.WARM_UP]
    catch = [e for e in real if e.trial.kind is Kind.CATCH and e.trial.stimulus is not Stimulus.SAME]
    passed = sum(each.outcome == 1 for each in catch)
    chosen = [each.answer for each in real if each.answer != NOT_SURE]
    most = max((chosen.count(place) for place in range(task.places)), default=0)
    return Checks(passed, len(catch), most, len(chosen), binomial_chance(most, len(chosen), 1 / task.places))


def binomial_chance(count: int, trials: int, chance: float) -> float:
    """Two-sided exact test: the probability of `count` of `trials`, and of all numbers that are no likelier."""
    each = [math.comb(trials, k) * chance**k * (1 - chance) ** (trials - k) for k in range(trials + 1)]
    return min(1.0, sum(p for p in each if p <= each[count] * (1 + 1e-9)))
