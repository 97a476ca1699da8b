"""What coding a picture works on. Pictures are cut into trees: squares of 32 luma samples are split in four, down
to 4; what is not split is a leaf. Size number s is a square of 4 << s samples."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from codec.arrays import Int
from codec.compiled import compiled
from codec.hybrid.trees import coefficients
from codec.hybrid.trees.prediction import MODES
from codec.hybrid.trees.transform import LARGEST, SIZES

ROOT = SIZES - 1
"""Size number of the trees' roots."""
SMALLEST, LUMA, CHROMA = np.int64(0), np.int64(0), np.int64(1)
"""The smallest size number; the two kinds of planes. Typed, here and where loops start: every function would be
compiled once more for a literal number."""


class Planes(NamedTuple):
    """A picture on its way: sources and decoded planes, (H, W) uint8 of multiples of 8 (luma) and 4 (chroma)."""

    y: NDArray[np.uint8]
    u: NDArray[np.uint8]
    v: NDArray[np.uint8]
    made_y: NDArray[np.uint8]
    made_u: NDArray[np.uint8]
    made_v: NDArray[np.uint8]
    known_y: NDArray[np.uint8]
    """What another picture predicts, as the sources; of no size where there is none."""
    known_u: NDArray[np.uint8]
    known_v: NDArray[np.uint8]
    levels: NDArray[np.int32]
    """Luma's quantised coefficients (H, W), each leaf's at its place."""
    modes: NDArray[np.uint8]
    """For every 4x4 square, (H/4, W/4): its leaf's direction, size number, last place in the scan (-1: all zero; at the
    leaf's first square), whether it is decoded, how much it said."""
    sizes: NDArray[np.uint8]
    lasts: NDArray[np.int16]
    done: NDArray[np.uint8]
    done_chroma: NDArray[np.uint8]
    active: NDArray[np.uint8]
    active_chroma: NDArray[np.uint8]


class Room(NamedTuple):
    """Working space."""

    found: NDArray[np.uint8]
    """References of a block (`codec.hybrid.trees.prediction`), then the same smoothed, then those of one direction."""
    smoothed: NDArray[np.uint8]
    line: NDArray[np.uint8]
    guess: NDArray[np.uint8]
    """A block's prediction, what it misses, the transform of that; then work of the transforms and their results."""
    missed: NDArray[np.int32]
    coefficients: NDArray[np.float32]
    work_f: NDArray[np.float32]
    work: NDArray[np.int32]
    samples: NDArray[np.int32]
    values: NDArray[np.int32]
    trial: NDArray[np.int32]
    """Levels that are tried, by size; those of a chroma block."""
    chroma_levels: NDArray[np.int32]
    kept_levels: NDArray[np.int32]
    """By size: a leaf that is kept while its parts are tried."""
    kept_made: NDArray[np.uint8]
    kept_lasts: NDArray[np.int64]
    kept_modes: NDArray[np.int64]
    tops: NDArray[np.int64]
    """By size: the square that is walked, its part that was entered last (-1: none yet), whether it lies within the
    picture, what it costs as a leaf, and in parts."""
    lefts: NDArray[np.int64]
    child: NDArray[np.int64]
    whole: NDArray[np.int64]
    best: NDArray[np.float64]
    parts: NDArray[np.float64]
    sums: NDArray[np.int32]
    """Of four rows of what a block misses."""
    losses: NDArray[np.float64]
    """By direction: about what it costs."""
    said: NDArray[np.int64]


def new_room() -> Room:
    """Working space for one picture."""
    square, of_sizes, counts = (LARGEST, LARGEST), (SIZES, LARGEST, LARGEST), np.int64
    return Room(
        found=np.zeros(4 * LARGEST + 1, np.uint8),
        smoothed=np.zeros(4 * LARGEST + 1, np.uint8),
        line=np.zeros(3 * LARGEST + 2, np.uint8),
        guess=np.zeros(square, np.uint8),
        missed=np.zeros(square, np.int32),
        coefficients=np.zeros(square, np.float32),
        work_f=np.zeros(square, np.float32),
        work=np.zeros(square, np.int32),
        samples=np.zeros(square, np.int32),
        values=np.zeros(square, np.int32),
        trial=np.zeros(of_sizes, np.int32),
        chroma_levels=np.zeros(square, np.int32),
        kept_levels=np.zeros(of_sizes, np.int32),
        kept_made=np.zeros(of_sizes, np.uint8),
        kept_lasts=np.zeros(SIZES, counts),
        kept_modes=np.zeros(SIZES, counts),
        tops=np.zeros(SIZES, counts),
        lefts=np.zeros(SIZES, counts),
        child=np.zeros(SIZES, counts),
        whole=np.zeros(SIZES, counts),
        best=np.zeros(SIZES),
        parts=np.zeros(SIZES),
        sums=np.zeros(4 * LARGEST, np.int32),
        losses=np.zeros(MODES),
        said=coefficients.new_said(),
    )


@compiled()
def next_part(room: Room, size: Int, height: Int, width: Int) -> tuple[Int, Int, Int]:
    """The part that comes after the last one of the square that is walked at `size`, 0 .. 3 in reading order, and its
    top and left; 4: there are no more within (height, width)."""
    half = 2 << size
    k = room.child[size] + 1
    top, left = room.tops[size], room.lefts[size]
    while k < 4 and (top + half * (k >> 1) >= height or left + half * (k & 1) >= width):
        k += 1
    return k, top + half * (k >> 1), left + half * (k & 1)


@compiled()
def enter(room: Room, size: Int, top: Int, left: Int) -> None:
    """Walk the square at (top, left) next."""
    room.tops[size], room.lefts[size], room.child[size] = top, left, -1
