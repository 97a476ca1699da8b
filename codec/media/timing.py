"""When the pictures of a track are shown: constant rates are recognised through a container's coarse clock."""

import itertools
from dataclasses import replace
from fractions import Fraction

import av

from codec.media.index import FrameIndex
from codec.media.picture import Timing

_DEFAULT_RATE = Fraction(25)
_HIGHEST_RATE = 1000
# Rates that clips have. A short clip's mean rate, through a clock of milliseconds, is only near its own.
_USUAL = (
    *(Fraction(rate * 1000, 1001) for rate in (24, 30, 48, 60, 120)),
    *(Fraction(rate) for rate in (24, 25, 30, 48, 50, 60, 100, 120, 12, 15, 10, 20, 90, 144, 200, 240)),
)
# Matroska's usual clock: what has been through it lies that near to its true time, whatever clock it has got since.
_COARSE_S = 0.001
_TINY_S = 1e-9
# A container that keeps a picture's duration in whole nanoseconds tells 60000/1001 as 19001/317.
_SAME_RATE = 1e-6


def timing_of(index: FrameIndex, stream: av.VideoStream) -> Timing:
    """Times of the whole track, starting at 0."""
    told = [Fraction(rate) for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate) if rate]
    rate = told[0] if told and 0 < told[0] < _HIGHEST_RATE else _DEFAULT_RATE
    if index.pts is None or stream.time_base is None:
        return counted_timing(len(index.packets), rate)
    base = Fraction(stream.time_base)
    pts = tuple(value - index.pts[0] for value in index.pts)
    gaps = [b - a for a, b in itertools.pairwise(pts)]
    typical = sorted(gaps)[len(gaps) // 2] if gaps else round(1 / (rate * base))
    last = index.last_duration if 0 < index.last_duration <= 4 * max(typical, 1) else typical
    duration = (pts[-1] + max(last, 1)) * base
    timing = Timing(pts, base, rate, float(duration))
    constant = constant_rate(pts, base, told)
    if constant is not None:
        if timing.is_constant:
            return replace(timing, frame_rate=constant, duration_s=float(len(pts) / constant))
        return counted_timing(len(pts), constant)
    if timing.is_constant and abs(float(len(pts) / rate) - timing.duration_s) < 1.5 / float(rate):
        return replace(timing, duration_s=float(len(pts) / rate))
    return replace(timing, frame_rate=(len(pts) / Fraction(duration)).limit_denominator(100_000))


def constant_rate(pts: tuple[int, ...], base: Fraction, told: list[Fraction]) -> Fraction | None:
    """The rate at which pictures at `pts` ticks of `base` seconds follow each other evenly, as far as clocks can tell:
    one of those the container tells, or a usual one. None when there is none, or fewer than three pictures."""
    if len(pts) < 3:
        return None
    seconds = [float(tick * base) for tick in pts]
    tick = float(base)

    def spread(rate: Fraction) -> float:
        period = float(1 / rate)
        off = [second - number * period for number, second in enumerate(seconds)]
        return max(off) - min(off)

    def fits(rate: Fraction) -> bool:
        return spread(rate) <= tick + min(_COARSE_S, float(1 / rate) / 4) + _TINY_S

    told = [_usual(rate) for rate in told if rate > 0]
    exact = [rate for rate in told if spread(rate) <= _TINY_S]
    # What all of a container's numbers agree on is not a mean through a coarse clock.
    agreed = [rate for rate in told[:1] if len(told) > 1 and len(set(told)) == 1 and fits(rate)]
    usual = [rate for rate in told[:1] if rate in _USUAL and fits(rate)]
    near = [rate for rate in sorted(_USUAL, key=spread) if fits(rate)]
    return next(iter(exact + agreed + usual + near + [rate for rate in told if fits(rate)]), None)


def _usual(rate: Fraction) -> Fraction:
    """The usual rate that `rate` is but for rounding, else `rate`."""
    return next((usual for usual in _USUAL if abs(float(rate / usual) - 1) < _SAME_RATE), rate)


def counted_timing(count: int, rate: Fraction) -> Timing:
    """Times of `count` frames at a constant rate."""
    period = 1 / rate
    return Timing(tuple(range(count)), period, rate, float(count * period))


def slice_timing(timing: Timing, start: int, stop: int) -> Timing:
    """Times of frames [start, stop), starting at 0 again."""
    if (start, stop) == (0, timing.frame_count):
        return timing
    first = timing.pts[start]
    end = timing.duration_s if stop == timing.frame_count else float(timing.pts[stop] * timing.time_base)
    pts = tuple(value - first for value in timing.pts[start:stop])
    return Timing(pts, timing.time_base, timing.frame_rate, end - float(first * timing.time_base))
