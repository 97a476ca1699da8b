"""The two questions of a blind test, what can be answered, and what a trial shows."""

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Task(Enum):
    """What is asked. The value is the word in a journal."""

    PARITY = "parity"
    """Two takes side by side: which one is better?"""
    TRANSPARENCY = "transparency"
    """Four tiles, three of the source: which one is coded?"""

    @property
    def places(self) -> int:
        """Where the coded (or neural) pictures can stand."""
        return 2 if self is Task.PARITY else 4

    @property
    def has_not_sure(self) -> bool:
        """True where "not sure" is an answer. It is none where one tile differs."""
        return self is Task.PARITY


NOT_SURE: Final = -1
"""The answer that names no place."""


class Kind(Enum):
    """Why a trial is shown. The value is the word in a journal."""

    WARM_UP = "warm-up"
    """Obvious; counts for nothing."""
    SCORED = "scored"
    """At the level that tells most."""
    SLOPE = "slope"
    """At the threshold plus or minus one spread; counts as a scored one."""
    CATCH = "catch"
    """Obvious; tells whether the observer looks. Not fitted."""

    @property
    def fitted(self) -> bool:
        """True when the answer moves the estimate."""
        return self in (Kind.SCORED, Kind.SLOPE)


class Stimulus(Enum):
    """What stands against the source or the rival in a trial."""

    LEVEL = "level"
    """The neural take of one level."""
    DEGRADED = "degraded"
    """The lowest level with its pictures made small and large again: nobody who looks takes it for the source."""
    APART = "apart"
    """The lowest level against the highest, two octaves or more of one codec apart."""
    SAME = "same"
    """One take on both sides: there is nothing to see."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One question. It follows from the seed and the answers before."""

    number: int
    """From 0, warm-up and catch trials included."""
    kind: Kind
    stimulus: Stimulus
    level: int
    """Index of the level that is shown; the higher one of two."""
    place: int
    """Where the neural (coded, or higher) take stands: 0 left, 1 right; of four tiles row by row."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A trial with its answer."""

    trial: Trial
    x: float
    """log2 of the measured kbps of the level shown."""
    answer: int
    """The place chosen, or NOT_SURE."""
    seconds: float = 0.0
    """From the first picture to the answer."""
    elapsed_s: float = 0.0
    """Since the first trial, breaks left out."""

    @property
    def outcome(self) -> float:
        """1: the neural take was preferred, or the coded tile found; 0: not; 0.5: not sure."""
        return 0.5 if self.answer == NOT_SURE else float(self.answer == self.trial.place)
