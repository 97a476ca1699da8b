"""Rates found by eye, as charts show them: the operating point that was chosen, and what blind tests found."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.state.blind.journal import Run
from app.state.blind.observers import Entry, entries, viewers
from app.state.blind.result import Place
from app.state.blind.setup import Setup
from app.state.blind.tasks import Task
from app.state.choice import Choice
from app.state.rates import RateUnit
from codec.media.clip import Clip

_SIGNS = ("<", ">")
"""A bound's text ends in one: the rate follows at once."""


@dataclass(frozen=True, slots=True)
class RateMark:
    """An operating point that was chosen, or a threshold with its interval."""

    text: str
    kbps: float
    bpp: float
    low: float = math.nan
    """Ends of the interval as shares of the rate: 0.8 and 1.3; NaN without one."""
    high: float = math.nan

    def rate(self, unit: RateUnit) -> float:
        """In a unit of the axis."""
        return self.kbps if unit is RateUnit.KBPS else self.bpp

    def ends(self, unit: RateUnit) -> tuple[float, ...]:
        """Of the interval in a unit; without one the rate alone."""
        rate = self.rate(unit)
        return (rate * self.low, rate * self.high) if self.has_interval else (rate,)

    def said(self, unit: RateUnit) -> str:
        """With its rate, and the interval that a threshold never goes without: "Parity x265, Ann · 512 kbps (401 to
        655)"."""
        ends = f" ({' to '.join(f'{end:.3g}' for end in self.ends(unit))})" if self.has_interval else ""
        joint = " " if self.text.endswith(_SIGNS) else " · "
        return f"{self.text}{joint}{unit.text(self.rate(unit))}{ends}"

    @property
    def has_interval(self) -> bool:
        """True for a threshold that is known to lie between two rates."""
        return math.isfinite(self.low) and math.isfinite(self.high)


def marks_of(choice: Choice | None, runs: Sequence[Run], clip: Clip | None) -> tuple[RateMark, ...]:
    """The operating point, then what the blind tests of a clip found, oldest question first. `runs`: all of the clip's;
    those that are not complete tell nothing. Six observers and more of one question have one mark, their mean."""
    found = [] if choice is None else [RateMark(f"★ {choice.name}", choice.kbps, choice.bpp)]
    if clip is not None:
        questions: dict[tuple[object, ...], list[Run]] = {}
        for run in runs:
            questions.setdefault(run.setup.question, []).append(run)
        for alike in questions.values():
            found += _of_question(entries(alike), clip)
    return tuple(found)


def _of_question(found: Sequence[Entry], clip: Clip) -> list[RateMark]:
    together = viewers(found)
    if together is not None:
        at, setup = together.mean, found[0].run.setup
        text = f"{_asked(setup)}, mean of {together.count} observers"
        return [_mark(text, at.median, (at.low, at.high), setup, clip)]
    return [mark for each in found if (mark := _of_observer(each, clip)) is not None]


def _of_observer(entry: Entry, clip: Clip) -> RateMark | None:
    """None where the answers do not even tell one end."""
    result, at, setup = entry.result, entry.result.threshold, entry.run.setup
    doubt = " (unreliable)" if result.unreliable else ""
    text = f"{_asked(setup)}, {entry.observer}{doubt}"
    if result.place is Place.INSIDE:
        return _mark(text, at.median, (at.low, at.high), setup, clip)
    bounds = {
        Place.BELOW: ("<", result.lowest),
        Place.AT_MOST: ("<", at.high),
        Place.ABOVE: (">", result.highest),
        Place.AT_LEAST: (">", at.low),
    }
    if result.place not in bounds:
        return None
    sign, bound = bounds[result.place]
    return _mark(f"{text}: {sign}", bound, None, setup, clip)


def _asked(setup: Setup) -> str:
    how = f", flicker {setup.viewing.flicker_hz:.3g} Hz" if setup.viewing.flicker_hz else ""
    asked = "Transparency" if setup.task is Task.TRANSPARENCY or setup.rival is None else f"Parity {setup.rival.name}"
    return f"{asked}{how}"


def _mark(text: str, kbps: float, ends: tuple[float, float] | None, setup: Setup, clip: Clip) -> RateMark:
    """A rate of a segment; `ends` in kbps."""
    segment = setup.segment
    samples = clip.width * clip.height * max(1, segment.stop - segment.start)
    low, high = (math.nan, math.nan) if ends is None else (ends[0] / kbps, ends[1] / kbps)
    return RateMark(text, kbps, kbps * 1000 * segment.seconds / samples, low, high)
