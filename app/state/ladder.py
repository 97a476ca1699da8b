"""A ladder: takes of one codec at several λ or rates, and rivals at the rates these come to, asked for together."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from app.state.recipes import Options, Recipe
from app.state.takes import KBPS_RANGE, Status, Take
from codec import registry
from codec.errors import SettingError
from codec.rivals.settings import RivalCodec

MOST_STEPS = 12
"""Steps of a ladder at most: so many takes are told apart."""
USUAL_STEPS = 5
_HOURS_FROM_MIN = 120
_SHARE_TOLD = 0.02
"""Before so much is done nothing is said of the time left."""


class StepUnit(Enum):
    """What a ladder's steps are; the value is how the window names it."""

    LAMBDA = "λ"
    KBPS = "kbps"
    BPP = "bits per pixel"


@dataclass(frozen=True, slots=True)
class LadderPlan:
    """What is to be encoded."""

    neural: str
    """Id of the codec."""
    options: Options
    unit: StepUnit
    steps: tuple[float, ...]
    rivals: tuple[RivalCodec, ...] = ()

    @property
    def count(self) -> int:
        """Takes that come of it."""
        return len(self.steps) * (1 + len(self.rivals))

    def recipes(self, kbps_of_bpp: float) -> list[Recipe]:
        """The neural takes' recipes; `kbps_of_bpp`: kbps of the clip at one bit a pixel."""
        if self.unit is StepUnit.LAMBDA:
            return [Recipe(None, step, neural=self.neural, options=self.options) for step in self.steps]
        factor = kbps_of_bpp if self.unit is StepUnit.BPP else 1.0
        return [Recipe(None, kbps=step * factor, neural=self.neural, options=self.options) for step in self.steps]


def parse_steps(text: str, unit: StepUnit, neural: str) -> tuple[float, ...]:
    """Numbers with blanks, commas or semicolons between them, rising, each once. Raises SettingError saying what is
    wrong with them."""
    words = text.replace(";", " ").replace(",", " ").split()
    try:
        steps = sorted({float(word) for word in words})
    except ValueError as error:
        raise SettingError("Type numbers with blanks between them, such as 0.05 0.1 0.2.") from error
    if not steps:
        raise SettingError("Type at least one number.")
    if len(steps) > MOST_STEPS:
        raise SettingError(f"A ladder has at most {MOST_STEPS} steps.")
    low, high = registry.named(neural).settings.lambda_range if unit is StepUnit.LAMBDA else KBPS_RANGE
    if not all(math.isfinite(step) and low <= step <= high for step in steps):
        raise SettingError(f"Every step must lie between {low:g} and {high:g}.")
    return tuple(steps)


def usual_steps(neural: str) -> tuple[float, ...]:
    """The steps that a ladder of λ begins with: the codec's range in equal factors, its ends left out."""
    low, high = registry.named(neural).settings.lambda_range
    return tuple(float(f"{low * (high / low) ** ((step + 1) / (USUAL_STEPS + 1)):.2g}") for step in range(USUAL_STEPS))


class TakeGroup:
    """Takes that were asked for together: how far they are, and how long they will take."""

    def __init__(self, takes: Sequence[Take]) -> None:
        self.takes = tuple(takes)
        self._began = time.monotonic()

    @property
    def is_running(self) -> bool:
        """True while one of them is being encoded or waits."""
        return any(take.status is Status.RUNNING for take in self.takes)

    @property
    def finished(self) -> int:
        """Takes that are through, however that ended."""
        return sum(take.status is not Status.RUNNING for take in self.takes)

    @property
    def progress(self) -> float:
        """0 to 1: every take counts the same."""
        shares = [take.progress if take.status is Status.RUNNING else 1.0 for take in self.takes]
        return sum(shares) / len(shares)

    @property
    def left_s(self) -> float | None:
        """Seconds left at the pace so far; None before there is one."""
        return seconds_left(time.monotonic() - self._began, self.progress)

    @property
    def text(self) -> str:
        """As shown: "Ladder: 3 of 15 takes · about 2 min left"."""
        return f"Ladder: {self.finished} of {len(self.takes)} takes · {left_text(self.left_s)}"


def left_text(left_s: float | None) -> str:
    """Seconds left as they are shown; None: not known yet."""
    if left_s is None:
        return "estimating the time left"
    if left_s < 60:
        return f"about {max(1, round(left_s))} s left"
    minutes = round(left_s / 60)
    return f"about {minutes} min left" if minutes < _HOURS_FROM_MIN else f"about {round(minutes / 60)} h left"


def seconds_left(elapsed_s: float, share: float) -> float | None:
    """At the pace so far; None before there is one. `share`: 0 to 1, what is done."""
    return None if share < _SHARE_TOLD else elapsed_s * (1 - share) / share
