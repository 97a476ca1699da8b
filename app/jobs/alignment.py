"""Which shift of a take's frames fits the clip best: mean absolute luma difference over shifts within ±8 frames."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.jobs.sources import ClipSpec, TakeSpec, opened_take
from codec.context import WorkContext
from codec.gop import SeamMode
from codec.media.colour import recoded
from codec.media.picture import Colour, FrameSource

REACH = 8
"""Shifts tried, either way."""
MAX_SAMPLES = 48
"""Clip frames compared; more of a longer clip are left out, a run from its middle is kept together."""
MIN_SAMPLES = 4
"""A shift with fewer pairs than this is not judged."""
CLEAR_SHARE = 0.9
"""The best shift's difference must be below this share of the next best's, or nothing is certain."""
_REDUCTION = 4

Luma = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Alignment:
    """The best shift, and whether it is clearly better than the others."""

    offset: int
    certain: bool
    differences: tuple[tuple[int, float], ...]
    """(shift, mean absolute difference of reduced luma in code values 0..255) of every shift judged."""


def align(context: WorkContext, clip: ClipSpec, take: TakeSpec, mode: SeamMode) -> Alignment:
    """Open both and find the shift. Raises MediaError."""
    with clip.open() as reference:
        source = opened_take(take, mode)
        try:
            return best_shift(reference, source, context)
        finally:
            source.close()


def best_shift(reference: FrameSource, take: FrameSource, context: WorkContext) -> Alignment:
    """The shift s in -8..8 that minimises mean |Y_clip(i) - Y_take(i + s)| over a run of frames i.

    Luma is averaged over 4x4 samples first and its mean over the picture subtracted, so that coding noise and a
    change of brightness count little. Not certain when the clip hardly moves.
    """
    count = min(MAX_SAMPLES, reference.frame_count)
    first = (reference.frame_count - count) // 2
    coding = reference.picture(first).colour
    ours = _run(reference, range(first, first + count), coding, context, 0.0)
    low, high = max(0, first - REACH), min(take.frame_count, first + count + REACH)
    theirs = _run(take, range(low, high), coding, context, 0.5)
    judged = []
    for shift in sorted(range(-REACH, REACH + 1), key=abs):
        pairs = [
            float(np.mean(np.abs(ours[i] - theirs[first + i + shift - low])))
            for i in range(count)
            if low <= first + i + shift < high
        ]
        if len(pairs) >= min(MIN_SAMPLES, count):
            judged.append((shift, float(np.mean(pairs))))
    if not judged:
        return Alignment(0, False, ())
    ranked = sorted(judged, key=lambda entry: entry[1])
    certain = len(ranked) > 1 and ranked[0][1] < CLEAR_SHARE * ranked[1][1]
    return Alignment(ranked[0][0], certain, tuple(sorted(judged)))


def _run(source: FrameSource, frames: range, coding: Colour, context: WorkContext, done: float) -> list[Luma]:
    found = []
    for number, picture in enumerate(source.pictures(frames.start, frames.stop)):
        context.check()
        context.report(done + 0.5 * number / max(1, len(frames)), "comparing frames")
        found.append(_reduced(recoded(picture, coding).y))
    return found


def _reduced(luma: NDArray[np.uint8]) -> Luma:
    height, width = (side // _REDUCTION * _REDUCTION for side in luma.shape)
    if height == 0 or width == 0:
        small = luma.astype(np.float32)
    else:
        blocks = luma[:height, :width].reshape(height // _REDUCTION, _REDUCTION, width // _REDUCTION, _REDUCTION)
        small = blocks.mean(axis=(1, 3), dtype=np.float32)
    return small - small.mean()
