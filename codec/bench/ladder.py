"""Which quality steps (CRF, QP) of a rival spread over given rates and bracket them, found with few encodes."""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

MIN_STEPS = 4
"""A Bjøntegaard rate needs this many points."""
_TRIALS = 5
_CLOSE = 0.12
"""Octaves of rate within which a step is near enough: a point of a curve need not lie at a given rate."""
_OCTAVES_A_STEP = -1 / 6
"""How log2(rate) falls a step at first guess: six steps an octave, as the quantiser of HEVC and VVC."""


@dataclass(slots=True)
class Ladder:
    """Whole steps `best` to `worst` (higher means fewer bits) and the rates found so far, in any unit."""

    encode: Callable[[int], float]
    """step -> rate; expensive, called once a step."""
    best: int
    worst: int
    start: int
    rates: dict[int, float] = field(default_factory=dict)

    def choose(self, targets: Sequence[float]) -> list[int]:
        """Steps for rates `targets` (any order, above zero): the nearest to each, one beyond each end where the codec
        can, at least MIN_STEPS where there are so many. Of steps that an encoder treats alike, which have one rate, the
        best. Best quality last."""
        wanted = sorted(targets)
        chosen = {self._nearest(target) for target in wanted}
        chosen |= {self._beyond(max(chosen), lambda rate: rate <= wanted[0], +1)}
        chosen |= {self._beyond(min(chosen), lambda rate: rate >= wanted[-1], -1)}
        while len(self._distinct(chosen)) < MIN_STEPS and len(chosen) <= self.worst - self.best:
            chosen.add(self._between_or_beside(chosen))
        return sorted(self._distinct(chosen), reverse=True)

    def _distinct(self, chosen: set[int]) -> list[int]:
        return list({self._rate(step): step for step in sorted(chosen, reverse=True)}.values())

    def _rate(self, step: int) -> float:
        if step not in self.rates:
            self.rates[step] = self.encode(step)
        return self.rates[step]

    def _nearest(self, target: float) -> int:
        if not self.rates:
            self._rate(self.start)
        for _ in range(_TRIALS):
            guess = self._guess(target)
            if guess in self.rates or self._distance(self._closest(target), target) <= _CLOSE:
                break
            self._rate(guess)
        return self._closest(target)

    def _closest(self, target: float) -> int:
        return min(self.rates, key=lambda step: self._distance(step, target))

    def _distance(self, step: int, target: float) -> float:
        return abs(math.log2(self.rates[step] / target))

    def _guess(self, target: float) -> int:
        """By the line through the two known steps around the target, or the nearest two, or the slope expected."""
        known = sorted(self.rates.items(), key=lambda item: abs(math.log2(item[1] / target)))
        (step, rate), *others = known
        slope = _OCTAVES_A_STEP
        over = [item for item in others if (item[1] > target) != (rate > target)]
        for other, other_rate in (over or others)[:1]:
            measured = math.log2(rate / other_rate) / (step - other)
            slope = measured if measured < -0.02 else slope
        guess = step + math.log2(target / rate) / slope
        return min(self.worst, max(self.best, round(guess)))

    def _beyond(self, step: int, enough: Callable[[float], bool], direction: int) -> int:
        while not enough(self._rate(step)) and self.best <= step + direction <= self.worst:
            step += direction
        return step

    def _between_or_beside(self, chosen: set[int]) -> int:
        """A step to add: in the widest gap, or, where all are neighbours, beside an end."""
        ordered = sorted(chosen)
        low, high = max(itertools.pairwise(ordered), key=lambda p: p[1] - p[0], default=(0, 0))
        if high - low > 1:
            return (low + high) // 2
        return ordered[0] - 1 if ordered[0] > self.best else ordered[-1] + 1
