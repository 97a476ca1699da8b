"""Which trial comes next, and when there have been enough. All follows from a plan, its seed and the answers."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from app.state.blind.posterior import Levels, Posterior
from app.state.blind.tasks import NOT_SURE, Answered, Kind, Stimulus, Task, Trial

LEVEL_STEP = 1 / 8
"""Octaves from one level offered to the next."""
RANGE_LIMIT = 5.0
"""Octaves of all levels together."""
WARM_UPS = 4
MIN_SCORED, MAX_SCORED = 20, 50
PRECISE = 0.75
"""Width in octaves at which the interval of the threshold is narrow enough."""
TIME_LIMIT_S = 20 * 60.0
SLOPE_EVERY = 8
"""One scored trial of so many is for the spread, once there is an estimate of it."""
SPREAD_USABLE = 2.0
"""Octaves of the threshold's interval from which on the spread's estimate is of use."""
CATCH_BLOCK = 10
"""One trial of so many is a catch trial, at a drawn place."""
APART = 2.0
"""Octaves between two takes of one codec that nobody who looks takes for equal."""
# Streams of random numbers that do not depend on each other.
_PLACES, _CATCHES, _SIGNS = 1, 2, 3


class Stop(Enum):
    """Why a run is complete. The value is the word in a journal."""

    PRECISE = "precise"
    TRIALS = "trials"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is fixed before the first trial."""

    task: Task
    levels: tuple[float, ...]
    """log2 kbps as expected, ascending, two or more."""
    seed: int

    @property
    def apart(self) -> bool:
        """True when the ends of the range differ so much that everybody sees it."""
        return self.levels[-1] - self.levels[0] >= APART


def level_grid(low: float, high: float) -> tuple[float, ...]:
    """The levels from `low` to `high` (log2 kbps), LEVEL_STEP apart. Raises ValueError for fewer than two, or for more
    than RANGE_LIMIT octaves."""
    count = int((high - low) / LEVEL_STEP + 1e-9) + 1
    if count < 2 or high - low > RANGE_LIMIT + 1e-9:
        raise ValueError(f"{high - low:.2f} octaves of rate: a range has {LEVEL_STEP} to {RANGE_LIMIT:g}.")
    return tuple(low + LEVEL_STEP * number for number in range(count))


class Procedure:
    """One observer's run. `trial` is shown, `answer` tells what was seen."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.answered: list[Answered] = []
        self.posterior = Posterior(plan.task, plan.levels[0], plan.levels[-1])
        self._levels = Levels(self.posterior, np.array(plan.levels))
        self._trial: Trial | None = self._next()

    @classmethod
    def replay(cls, plan: Plan, answered: Sequence[Answered]) -> "Procedure":
        """The run of a journal. Levels may have been chosen by rates that were measured meanwhile, so they are taken as
        they are. Raises ValueError when a trial's number or place is not the one that the seed asks for."""
        made = cls(plan)
        for each in answered:
            trial, number = each.trial, len(made.answered)
            if made.trial is None or trial.number != number or trial.place != made._place(number):
                raise ValueError(f"Trial {trial.number} is not the one that the seed asks for.")
            if not 0 <= trial.level < len(plan.levels):
                raise ValueError(f"Trial {trial.number} shows a level that there is not.")
            made._trial = trial
            made.answer(each)
        return made

    @property
    def trial(self) -> Trial | None:
        """What is to be shown; None when there have been enough."""
        return self._trial

    @property
    def scored(self) -> int:
        """Trials that were fitted."""
        return sum(each.trial.kind.fitted for each in self.answered)

    @property
    def stop(self) -> Stop | None:
        """Why there have been enough trials; None while there have not."""
        scored = self.scored
        if scored >= MIN_SCORED and self.posterior.threshold.width <= PRECISE:
            return Stop.PRECISE
        if scored >= MAX_SCORED:
            return Stop.TRIALS
        if self.answered and self.answered[-1].elapsed_s >= TIME_LIMIT_S:
            return Stop.TIME
        return None

    def expected_x(self, level: int) -> float:
        """log2 kbps of a level: measured where it was encoded, else as the plan has it."""
        return float(self._levels.x[level])

    def measured(self, level: int, x: float) -> None:
        """A level was encoded and has this rate. The trial that is open stays."""
        self._levels.measured(self.posterior, level, x)

    def answer(self, answered: Answered) -> None:
        """The answer to the open trial. Raises ValueError for an answer that the task has not."""
        task, trial = self.plan.task, answered.trial
        if trial != self._trial:
            raise ValueError(f"Trial {trial.number} is not open.")
        allowed = (NOT_SURE,) if task.has_not_sure else ()
        if answered.answer not in (*range(task.places), *allowed):
            raise ValueError(f"{answered.answer}: no answer of this task.")
        self.answered.append(answered)
        if trial.stimulus is Stimulus.LEVEL:
            self.measured(trial.level, answered.x)
        if trial.kind.fitted:
            self.posterior.learn(answered.x, answered.outcome)
        self._trial = None if self.stop is not None else self._next()

    def undone(self) -> "Procedure":
        """The run as it was before the last answer; what was measured of levels stays."""
        other = Procedure.replay(self.plan, self.answered[:-1])
        for level, x in enumerate(self._levels.x):
            other.measured(level, float(x))
        # Levels that were measured meanwhile would have others chosen now: the trial is the one that was answered.
        other._trial = self.answered[-1].trial
        return other

    def foreseen(self) -> tuple[Trial, ...]:
        """The trials that may come next, by what the open one is answered; for encoding ahead."""
        trial, found = self._trial, deque[Trial]()
        if trial is None:
            return ()
        outcomes = [trial.place, (trial.place + 1) % self.plan.task.places]
        outcomes += [NOT_SURE] if self.plan.task.has_not_sure else []
        for answer in outcomes:
            other = self._copy()
            other.answer(Answered(trial, self.expected_x(trial.level), answer))
            if other.trial is not None and other.trial not in found:
                found.append(other.trial)
        return tuple(found)

    def _copy(self) -> "Procedure":
        other = object.__new__(Procedure)
        other.plan, other.answered, other._trial = self.plan, list(self.answered), self._trial
        other.posterior, other._levels = self.posterior.copy(), self._levels
        return other

    # Choosing

    def _next(self) -> Trial:
        number, scored = len(self.answered), self.scored
        if number < WARM_UPS:
            return self._obvious(number, Kind.WARM_UP)
        if self._is_catch(number - WARM_UPS):
            return self._obvious(number, Kind.CATCH)
        kind, level = Kind.SCORED, -1
        if scored % SLOPE_EVERY == SLOPE_EVERY - 1:
            middle = self.posterior.threshold
            if middle.width <= SPREAD_USABLE:
                sign = self._draw(_SIGNS, scored, 2) * 2 - 1
                kind, level = Kind.SLOPE, self._levels.nearest(middle.median + sign * self.posterior.spread.median)
        if level < 0:
            level = int(np.argmax(self._levels.information(self.posterior)))
        return Trial(number, kind, Stimulus.LEVEL, level, self._place(number))

    def _obvious(self, number: int, kind: Kind) -> Trial:
        if self.plan.task is Task.TRANSPARENCY:
            return Trial(number, kind, Stimulus.DEGRADED, 0, self._place(number))
        if kind is Kind.WARM_UP:
            # The worst and the best against the rival, in turn.
            level = 0 if number % 2 == 0 else len(self.plan.levels) - 1
            return Trial(number, kind, Stimulus.LEVEL, level, self._place(number))
        stimulus = Stimulus.APART if self.plan.apart else Stimulus.SAME
        return Trial(number, kind, stimulus, len(self.plan.levels) - 1, self._place(number))

    def _is_catch(self, number: int) -> bool:
        block, place = divmod(number, CATCH_BLOCK)
        return self._draw(_CATCHES, block, CATCH_BLOCK) == place

    def _place(self, number: int) -> int:
        return self._draw(_PLACES, number, self.plan.task.places)

    def _draw(self, stream: int, number: int, choices: int) -> int:
        """A number below `choices` that depends on nothing but the seed and what it is for."""
        return int(np.random.default_rng([self.plan.seed, stream, number]).integers(choices))
