"""Following what is shown from picture to picture: whole-pixel vectors of every picture to one reference.

A predictive search (as EPZS does): candidates from the cells around and from the picture followed before, then small
steps downhill. Motion adds up over a GoP, so that displacements far beyond any search window are found.
"""

import numpy as np
from numpy.typing import NDArray

from codec.arrays import Float, Int, Int32_2d, Int32_4d, Int64_1d, UInt8_2d, UInt8_3d
from codec.compiled import compiled
from codec.hybrid.motion.layout import NODE
from codec.hybrid.motion.match import Plane, difference
from codec.hybrid.motion.residuals import LIMIT

_EVERY = 2
_SMOOTHNESS = 4
"""Grey levels that a quarter pixel of difference to the neighbours has to save."""
_CANDIDATES = 16
_FIRST_STEP, _STEP, _LAST_STEP = 16, 8, 4
"""In quarter pixels: how far the downhill search strides in the first picture, in later ones, and at the end."""
_STEPS = 24


def track(pictures: Plane, reference: Plane, distances: NDArray[np.int64]) -> NDArray[np.int32]:
    """Vectors (n, gh, gw, 2) in quarter pixels of luma pictures (n, H, W), in order of `distances` (how many pictures
    each is from the reference, rising), to a bordered `reference`."""
    count, height, width = pictures.shape
    vectors = np.zeros((count, -(-height // NODE), -(-width // NODE), 2), np.int32)
    _track(pictures, reference, distances, vectors, np.zeros((_CANDIDATES, 2), np.int32))
    return vectors


@compiled()
def _candidates(
    vectors: Int32_4d, i: Int, row: Int, column: Int, stretch: Float, found: Int32_2d
) -> tuple[Int, Int, Int]:
    """Write candidates into `found` (_CANDIDATES, 2), distinct or not; returns how many, and the neighbours' median."""
    rows, columns = vectors.shape[1:3]
    found[0, 0] = found[0, 1] = 0
    count = 1
    middle = found[0:1]
    for dr, dc in ((0, -1), (-1, 0), (-1, 1)):
        r, c = row + dr, column + dc
        if r >= 0 and 0 <= c < columns:
            found[count, 0], found[count, 1] = vectors[i, r, c, 0], vectors[i, r, c, 1]
            count += 1
    if count == 4:
        for k in range(2):
            a, b, c = found[1, k], found[2, k], found[3, k]
            found[4, k] = max(min(a, b), min(max(a, b), c))
        count = 5
        middle = found[4:5]
    elif count > 1:
        middle = found[1:2]
    if i > 0:
        found[count, 0], found[count, 1] = vectors[i - 1, row, column, 0], vectors[i - 1, row, column, 1]
        count += 1
        for dr, dc in ((0, 0), (0, 1), (1, 0), (0, -1), (-1, 0)):
            r, c = row + dr, column + dc
            if 0 <= r < rows and 0 <= c < columns:
                for k in range(2):
                    found[count, k] = (int(vectors[i - 1, r, c, k] * stretch) + 2) >> 2 << 2
                count += 1
    return count, middle[0, 0], middle[0, 1]


@compiled()
def _track(pictures: UInt8_3d, reference: UInt8_2d, distances: Int64_1d, vectors: Int32_4d, found: Int32_2d) -> None:
    height, width = pictures.shape[1:]
    for i in range(pictures.shape[0]):
        picture = pictures[i]
        stretch = distances[i] / distances[i - 1] if i > 0 else 1.0
        for row in range(vectors.shape[1]):
            top = row * NODE
            h = min(NODE, height - top)
            for column in range(vectors.shape[2]):
                left = column * NODE
                w = min(NODE, width - left)
                count, mx, my = _candidates(vectors, i, row, column, stretch, found)
                best, bx, by = np.int64(1) << 40, np.int64(0), np.int64(0)
                for k in range(count):
                    x, y = np.int64(found[k, 0]), np.int64(found[k, 1])
                    if (k > 0 and x == bx and y == by) or max(abs(x), abs(y)) > LIMIT:
                        continue
                    here = np.int64(difference(picture, reference, top, left, h, w, x, y, _EVERY)) * _EVERY
                    here += _SMOOTHNESS * (abs(x - mx) + abs(y - my))
                    if here < best:
                        best, bx, by = here, x, y
                step = _STEP if i > 0 else _FIRST_STEP
                for _ in range(_STEPS):
                    ox, oy = bx, by
                    for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                        x, y = ox + dx * step, oy + dy * step
                        if max(abs(x), abs(y)) > LIMIT:
                            continue
                        here = np.int64(difference(picture, reference, top, left, h, w, x, y, _EVERY)) * _EVERY
                        here += _SMOOTHNESS * (abs(x - mx) + abs(y - my))
                        if here < best:
                            best, bx, by = here, x, y
                    if bx == ox and by == oy:
                        if step == _LAST_STEP:
                            break
                        step >>= 1
                vectors[i, row, column, 0] = bx
                vectors[i, row, column, 1] = by
