"""Another of our codecs at a given bitrate: its λ is searched for, as a rival's quality is."""

import math
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from codec.api import CodecSettings
from codec.container.stream import StreamInfo, read_info
from codec.context import QUIET, Part, WorkContext
from codec.media.picture import FrameSource, Timing
from codec.stream.encoder import encode_clip

_TRIALS = 8
_INSIDE = 0.04
"""Share of a bracket that the next trial stays away from its ends."""
_CLOSE = 0.02
"""As near as rivals come to a bitrate."""


def encode_at_rate(
    clip: FrameSource,
    timing: Timing,
    sample_aspect: Fraction,
    output: Path,
    settings: CodecSettings,
    kbps: float,
    context: WorkContext = QUIET,
) -> tuple[StreamInfo, CodecSettings]:
    """Encode at the λ whose stream comes nearest to `kbps`, within 2 % where λ allows. Returns the stream and the
    settings it was encoded with. Raises as `encode_clip`."""
    search = RateSearch(type(settings).lambda_range, kbps)
    found = find_lambda(clip, timing, sample_aspect, output, settings, search, Part(context, 0.0, 0.8, "")).nearest
    best = replace(settings, lmbda=found, reconstruct=False)
    if search.newest != found:
        encode_clip(clip, timing, sample_aspect, output, best, Part(context, 0.8, 0.2, "at the λ found"))
    return read_info(output), best


def find_lambda(
    clip: FrameSource,
    timing: Timing,
    sample_aspect: Fraction,
    output: Path,
    settings: CodecSettings,
    search: "RateSearch",
    context: WorkContext = QUIET,
) -> "RateSearch":
    """Encode at one λ after the other, into `output`, until the search is met or has taken 8 trials; what it has
    learned before saves some. Raises as `encode_clip`."""
    for number in range(_TRIALS):
        if search.is_met:
            break
        trial = replace(settings, lmbda=search.next_lambda(), reconstruct=False)
        part = Part(context, number / _TRIALS, 1 / _TRIALS, f"trial {number + 1}")
        info = encode_clip(clip, timing, sample_aspect, output, trial, part)
        search.learn(trial.lmbda, info.kbps)
    return search


class RateSearch:
    """Where λ must be for a bitrate: rate rises with λ. Between two known rates by interpolation over both logarithms,
    kept off the ends of the bracket so that it always shrinks."""

    def __init__(
        self, lambda_range: tuple[float, float], kbps: float, known: Mapping[float, float] | None = None
    ) -> None:
        """`known`: kbps by λ of earlier encodes with the same settings."""
        self._range, self._kbps = lambda_range, kbps
        self.known = dict(known or {})
        """kbps by λ."""
        self.newest = math.nan
        """The λ learned last."""

    def learn(self, lmbda: float, kbps: float) -> None:
        """Enter what an encode came to."""
        self.known[lmbda], self.newest = kbps, lmbda

    @property
    def nearest(self) -> float:
        """The known λ whose rate is nearest. Raises ValueError when none is known."""
        return min(self.known, key=lambda lmbda: self._off(self.known[lmbda]))

    @property
    def is_met(self) -> bool:
        """Whether a known rate is within 2 %, or λ is at an end of its range and can do no more."""
        if not self.known:
            return False
        low, high = self._range
        at_end = self.known.get(low, 0.0) >= self._kbps or self.known.get(high, math.inf) <= self._kbps
        return at_end or self._off(self.known[self.nearest]) < math.log1p(_CLOSE)

    def next_lambda(self) -> float:
        """The λ to try."""
        below = [lmbda for lmbda, kbps in self.known.items() if kbps < self._kbps]
        above = [lmbda for lmbda, kbps in self.known.items() if kbps >= self._kbps]
        low, high = max(below, default=self._range[0]), min(above, default=self._range[1])
        if not self.known:
            return math.sqrt(low * high)
        if not below or not above:
            # The end that is not known yet: then there is a bracket, or λ can do no more.
            return low if not below else high
        first, last = math.log(self.known[low]), math.log(self.known[high])
        share = (math.log(self._kbps) - first) / (last - first) if last > first else 0.5
        share = min(1 - _INSIDE, max(_INSIDE, share))
        return min(max(low * (high / low) ** share, self._range[0]), self._range[1])

    def _off(self, kbps: float) -> float:
        return abs(math.log(kbps / self._kbps))
