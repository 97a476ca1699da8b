"""The seam ratio: how much more the error changes where one GoP gives way to the next than inside a GoP.

The error picture of frame t is r[t] = x̂[t] - x[t] on luma in the clip's coding, and the error change of t is
d[t] = mean |r[t] - r[t-1]|, in grey levels of 0 to 255: what flickers that does not flicker in the clip. With C the
frames t whose pair (t-1, t) shows pictures of two GoPs, and I all other frames but the first,

    seam ratio = (mean of d over C) / (mean of d over I)

so that 1 means that no seam shows. Which pairs cross depends on how the seam is shown, b being a GoP's first frame:
disjoint, t = b; hard cut, where frame b is still the earlier GoP's, t = b + 1; blended, where frame b is of both GoPs,
t = b and t = b + 1, since the step is spread over two pairs. Blended wide, these two as well: the rest of the step lies
in the GoPs' other pairs.

Its interval is a percentile bootstrap over boundaries: a boundary is drawn together with the frames from it to the next
boundary (the first also with those before it), since neighbours' errors are not independent.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from codec import gop
from codec.context import QUIET, WorkContext
from codec.errors import SettingError
from codec.gop import SeamMode
from codec.media.colour import recoded
from codec.media.picture import FrameSource

DRAWS = 2000
SEED = 20_240_917
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class SeamRatio:
    """`low` and `high`: the bootstrap interval; both are the ratio itself when there is only one boundary."""

    ratio: float
    low: float
    high: float
    boundaries: int


def crossing_frames(frame_count: int, mode: SeamMode) -> list[list[int]]:
    """For each GoP boundary, the frames t whose pair (t-1, t) shows pictures of two GoPs, as the module says."""
    starts = gop.boundaries(frame_count, mode.structure)
    reach = {SeamMode.DISJOINT: (0,), SeamMode.HARD_CUT: (1,), SeamMode.BLENDED: (0, 1), SeamMode.WIDE: (0, 1)}[mode]
    return [[start + step for step in reach if start + step < frame_count] for start in starts]


def error_changes(reference: FrameSource, take: FrameSource, context: WorkContext = QUIET) -> list[float]:
    """d[1] to d[T-1], in grey levels. Raises SettingError when sizes or lengths differ, and what the sources raise."""
    ours = reference.width, reference.height, reference.frame_count
    theirs = take.width, take.height, take.frame_count
    if ours != theirs:
        raise SettingError(
            f"A take of {theirs[0]}x{theirs[1]}, {theirs[2]} frames, cannot be compared with {ours[0]}x{ours[1]}, "
            f"{ours[2]} frames."
        )
    changes: list[float] = []
    before = None
    pairs = zip(reference.pictures(0, ours[2]), take.pictures(0, ours[2]), strict=True)
    for done, (wanted, found) in enumerate(pairs, start=1):
        context.check()
        error = recoded(found, wanted.colour).y.astype(np.int16) - wanted.y
        if before is not None:
            changes.append(float(np.abs(error - before).mean(dtype=np.float64)))
        before = error
        context.report(done / ours[2], f"frame {done} of {ours[2]}")
    return changes


def seam_ratio(changes: Sequence[float], mode: SeamMode) -> SeamRatio:
    """The ratio of a clip's error changes d[1] to d[T-1] (any measure of them), shown as `mode`.

    Raises SettingError when the clip has no GoP boundary, or no change inside its GoPs.
    """
    return pooled_seam_ratio([changes], mode)


def pooled_seam_ratio(clips: Sequence[Sequence[float]], mode: SeamMode) -> SeamRatio:
    """The ratio over several clips' boundaries together, each clip's changes taken in units of its own interior mean,
    so that a clip with large errors does not outweigh the others. Raises as `seam_ratio`."""
    blocks = np.concatenate([_clip_blocks(changes, mode) for changes in clips])
    rng = np.random.default_rng(SEED)
    drawn = rng.integers(0, len(blocks), (DRAWS, len(blocks)))
    ratios = _ratio(blocks[drawn].sum(axis=1))
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(ratios[np.isfinite(ratios)], (tail, 100 - tail))
    return SeamRatio(float(_ratio(blocks.sum(axis=0)[None])[0]), float(low), float(high), len(blocks))


def _clip_blocks(changes: Sequence[float], mode: SeamMode) -> np.ndarray:
    count = len(changes) + 1
    crossing = [frames for frames in crossing_frames(count, mode) if frames]
    if not crossing:
        raise SettingError(f"A clip of {count} frames has no GoP boundary to measure.")
    blocks = _blocks(changes, crossing)
    interior, number = blocks[:, 2].sum(), blocks[:, 3].sum()
    if not interior > 0:
        raise SettingError("The error does not change inside the GoPs: there is nothing to compare the seams with.")
    blocks[:, (0, 2)] /= interior / number
    return blocks


def _blocks(changes: Sequence[float], crossing: list[list[int]]) -> np.ndarray:
    """A row for each boundary: sum and number of its crossing changes, sum and number of the interior ones."""
    rows = np.zeros((len(crossing), 4))
    owner = {frame: number for number, frames in enumerate(crossing) for frame in frames}
    firsts = [frames[0] for frames in crossing]
    for frame, change in enumerate(changes, start=1):
        if frame in owner:
            rows[owner[frame], :2] += change, 1
        else:
            rows[max(0, int(np.searchsorted(firsts, frame)) - 1), 2:] += change, 1
    return rows


def _ratio(sums: np.ndarray) -> np.ndarray:
    """(N, 4) sums -> (N,) ratios; not finite where there is no interior change."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return (sums[:, 0] / sums[:, 1]) / (sums[:, 2] / sums[:, 3])
