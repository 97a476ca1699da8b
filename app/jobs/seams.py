"""Looking at seams over time: slices through a scan line, and the seam ratio of every seam mode."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.jobs.sources import ClipSpec, TakeSpec, opened_take
from app.state.takes import Take
from codec.context import WorkContext
from codec.errors import SeamscopeError, SettingError
from codec.gop import SeamMode
from codec.media.cache import FrameCache
from codec.media.colour import to_rgb
from codec.media.picture import Picture, Rgb
from codec.metrics.seams import SeamRatio, error_changes, seam_ratio

_MARGIN = 16
"""Rows to either side of a scan line that are converted with it: with fewer, swscale shortens its chroma filter."""


class Emitting(Protocol):
    """A context that can also hand over values early."""

    def report(self, fraction: float, message: str = "") -> None: ...
    def check(self) -> None: ...
    def emit(self, value: object) -> None: ...


@dataclass(frozen=True, slots=True)
class Slice:
    """A scan line of a take over time: `rows[i]` is the line in frame `first + i`, (T, W, 3) uint8; a frame that is
    not decoded yet is black and not in `there`."""

    take: int
    first: int
    rows: Rgb
    there: NDArray[np.bool_]


def row_of(picture: Picture, row: int) -> NDArray[np.uint8]:
    """One row of the RGB that is shown, (W, 3) uint8. Raises IndexError outside the picture."""
    if not 0 <= row < picture.height:
        raise IndexError(f"no row {row} in {picture.height}")
    top = max(0, (row - _MARGIN) // 2 * 2)
    bottom = min(picture.height, (row + _MARGIN + 2) // 2 * 2)
    part = Picture(
        np.ascontiguousarray(picture.y[top:bottom]),
        np.ascontiguousarray(picture.u[top // 2 : (bottom + 1) // 2]),
        np.ascontiguousarray(picture.v[top // 2 : (bottom + 1) // 2]),
        picture.colour,
    )
    return to_rgb(part)[row - top]


def slices(
    context: Emitting, takes: tuple[Take, ...], frames: range, row: int, mode: SeamMode, cache: FrameCache
) -> None:
    """Cut a scan line out of `frames` of every take, handing over a Slice for each (in a thread of the window's
    process, through the picture cache)."""
    for take in takes:
        rows: Rgb | None = None
        there = np.zeros(len(frames), bool)
        for place, frame in enumerate(frames):
            context.check()
            if not take.ready(frame, mode):
                continue
            try:
                key: Hashable = take.picture_key(mode)
                picture = cache.get(key, frame + take.nudge, lambda n, take=take: take.own_picture(n, mode))
            except (SeamscopeError, OSError):
                # The take was removed meanwhile, or its file is damaged here: a black line says so.
                continue
            if rows is None:
                rows = np.zeros((len(frames), picture.width, 3), np.uint8)
            rows[place], there[place] = row_of(picture, row), True
        if rows is not None:
            context.emit(Slice(take.id, frames.start, rows, there))


def seam_ratios(
    context: WorkContext, clip: ClipSpec, take: TakeSpec, modes: tuple[SeamMode, ...], theta: float
) -> dict[SeamMode, SeamRatio]:
    """The seam ratio of a take in each of `modes`. Raises SettingError when there is no boundary to measure."""
    found: dict[SeamMode, SeamRatio] = {}
    refused: SettingError | None = None
    with clip.open() as reference:
        for mode in modes:
            source = opened_take(take, mode, theta)
            try:
                found[mode] = seam_ratio(error_changes(reference, source, context), mode)
            except SettingError as error:
                refused = error
            finally:
                source.close()
    if not found and refused is not None:
        raise refused
    return found
