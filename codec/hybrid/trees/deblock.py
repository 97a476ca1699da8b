"""Edges between blocks smoothed where both sides are smooth and the step is what quantising leaves (after ITU-T H.265,
8.7.2)."""

import numpy as np

from codec.arrays import Int, UInt8_1d, UInt8_2d
from codec.compiled import compiled

_SQUARE = 4


@compiled(inline="always")
def _near(value: Int, middle: Int, reach: Int) -> Int:
    return min(max(value, middle - reach), middle + reach)


@compiled()
def _line(p: UInt8_1d, at: Int, away: Int, beta: Int, most: Int) -> None:
    """Smooth one line of samples across an edge: `p` flat plane, `at` the first sample beyond it, `away` the stride;
    `beta`: how bent a side may be, `most`: how far a sample may move."""
    p0, p1 = np.int32(p[at - away]), np.int32(p[at - 2 * away])
    p2, p3 = np.int32(p[at - 3 * away]), np.int32(p[at - 4 * away])
    q0, q1 = np.int32(p[at]), np.int32(p[at + away])
    q2, q3 = np.int32(p[at + 2 * away]), np.int32(p[at + 3 * away])
    bent = abs(p2 - 2 * p1 + p0) + abs(q2 - 2 * q1 + q0)
    if bent * 2 >= beta:
        return
    if bent * 8 < beta and (abs(p3 - p0) + abs(q0 - q3)) * 8 < beta and abs(p0 - q0) * 2 < 5 * most + 1:
        w = 2 * most
        p[at - away] = _near((p2 + 2 * p1 + 2 * p0 + 2 * q0 + q1 + 4) >> 3, p0, w)
        p[at - 2 * away] = _near((p2 + p1 + p0 + q0 + 2) >> 2, p1, w)
        p[at - 3 * away] = _near((2 * p3 + 3 * p2 + p1 + p0 + q0 + 4) >> 3, p2, w)
        p[at] = _near((p1 + 2 * p0 + 2 * q0 + 2 * q1 + q2 + 4) >> 3, q0, w)
        p[at + away] = _near((p0 + q0 + q1 + q2 + 2) >> 2, q1, w)
        p[at + 2 * away] = _near((p0 + q0 + q1 + 3 * q2 + 2 * q3 + 4) >> 3, q2, w)
        return
    d = (9 * (q0 - p0) - 3 * (q1 - p1) + 8) >> 4
    if abs(d) >= most * 10:
        return
    d = min(max(d, -most), most)
    p[at - away] = min(max(p0 + d, 0), 255)
    p[at] = min(max(q0 - d, 0), 255)
    half = most >> 1
    if abs(p2 - 2 * p1 + p0) * 16 < 3 * beta:
        p[at - 2 * away] = min(max(p1 + min(max((((p2 + p0 + 1) >> 1) - p1 + d) >> 1, -half), half), 0), 255)
    if abs(q2 - 2 * q1 + q0) * 16 < 3 * beta:
        p[at + away] = min(max(q1 + min(max((((q2 + q0 + 1) >> 1) - q1 - d) >> 1, -half), half), 0), 255)


@compiled()
def deblock(plane: UInt8_2d, sizes: UInt8_2d, coded: UInt8_2d, ratio: Int, beta: Int, most: Int) -> None:
    """Smooth `plane` (H, W) in place along the edges of blocks at least one of which was `coded` (luma 4x4 squares):
    `sizes` of them are size numbers; `ratio` is 1 for luma and 2 for chroma; `beta`, `most` in grey levels."""
    height, width = plane.shape
    flat = plane.reshape(-1)
    for upright in range(2):
        for r in range(0, height // _SQUARE):
            for c in range(0, width // _SQUARE):
                at = c if upright == 0 else r
                if at == 0:
                    continue
                n = (4 << np.int64(sizes[r * ratio, c * ratio])) // ratio
                n = max(n, 4)
                if (at * _SQUARE) % n:
                    continue
                before = coded[r * ratio, c * ratio - 1] if upright == 0 else coded[r * ratio - 1, c * ratio]
                if not before and not coded[r * ratio, c * ratio]:
                    continue
                for k in range(_SQUARE):
                    if upright == 0:
                        _line(flat, (r * _SQUARE + k) * width + c * _SQUARE, 1, beta, most)
                    else:
                        _line(flat, r * _SQUARE * width + c * _SQUARE + k, width, beta, most)
