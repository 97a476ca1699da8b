"""An observer made of numbers, who answers the trials of a blind test by a known threshold."""

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np

from app.state.blind.procedure import Procedure
from app.state.blind.tasks import NOT_SURE, Answered, Stimulus, Task, Trial


class Shape(Enum):
    """The true psychometric function."""

    NORMAL = "normal"
    LOGISTIC = "logistic"


_LOGISTIC_SLOPE = 1.702
"""With it the logistic function is nowhere further than 0.01 from the normal one."""


@dataclass(frozen=True, slots=True)
class Observer:
    """Threshold and spread in log2 kbps. Lapses are answered at random."""

    threshold: float
    spread: float
    lapses: float = 0.03
    shape: Shape = Shape.NORMAL
    not_sure: float = 0.0
    """Parity: below this strength, in spreads, of what is felt the answer is "not sure"."""
    guesses: bool = False
    """Never looks."""

    def answer(self, task: Task, trial: Trial, x: float, random: np.random.Generator) -> int:
        """The place chosen of a trial whose level has the rate `x`."""
        if self.guesses or trial.stimulus is Stimulus.SAME or random.random() < self.lapses:
            return int(random.integers(task.places))
        if trial.stimulus is not Stimulus.LEVEL:
            return trial.place
        toward = x - self.threshold if task is Task.PARITY else self.threshold - x
        felt = toward / self.spread + self._noise(random)
        if task is Task.PARITY:
            if abs(felt) < self.not_sure:
                return NOT_SURE
            return trial.place if felt > 0 else 1 - trial.place
        return trial.place if felt > 0 else int(random.integers(task.places))

    def _noise(self, random: np.random.Generator) -> float:
        if self.shape is Shape.NORMAL:
            return float(random.normal())
        even = random.random()
        return math.log(even / (1 - even)) / _LOGISTIC_SLOPE

    def run(self, procedure: Procedure, random: np.random.Generator, scatter: float = 0.03) -> None:
        """Answer until there have been enough trials. `scatter`: octaves by which encodes miss the rate asked for."""
        missed = random.normal(0.0, scatter, len(procedure.plan.levels))
        while (trial := procedure.trial) is not None:
            x = procedure.plan.levels[trial.level] + float(missed[trial.level])
            procedure.answer(Answered(trial, x, self.answer(procedure.plan.task, trial, x, random)))
