"""The processor's way of `codec.hybrid.model.lapped`, in place. Compiled by numba, without the interpreter lock."""

import numpy as np

from codec.arrays import Float, Float32_1d, Float32_2d, Float32_3d, Float32_4d, Int
from codec.compiled import compiled

_PATCH = 8
_HALF = 4


@compiled(fastmath=True, inline="always")
def _turned(a: Float, b: Float, c: Float, d: Float, t: Float32_2d, k: Int) -> Float:
    return t[k, 0] * a + t[k, 1] * b + t[k, 2] * c + t[k, 3] * d


@compiled(fastmath=True, inline="always")
def _eight(x: Float32_1d, at: Int, t: Float32_2d, half: Float) -> None:
    d0, d1, d2, d3 = x[at] - x[at + 7], x[at + 1] - x[at + 6], x[at + 2] - x[at + 5], x[at + 3] - x[at + 4]
    s0, s1 = half * (x[at] + x[at + 7]), half * (x[at + 1] + x[at + 6])
    s2, s3 = half * (x[at + 2] + x[at + 5]), half * (x[at + 3] + x[at + 4])
    e0, e1 = _turned(d0, d1, d2, d3, t, 0), _turned(d0, d1, d2, d3, t, 1)
    e2, e3 = _turned(d0, d1, d2, d3, t, 2), _turned(d0, d1, d2, d3, t, 3)
    x[at], x[at + 7] = s0 + e0, s0 - e0
    x[at + 1], x[at + 6] = s1 + e1, s1 - e1
    x[at + 2], x[at + 5] = s2 + e2, s2 - e2
    x[at + 3], x[at + 4] = s3 + e3, s3 - e3


@compiled(fastmath=True)
def _turn(plane: Float32_2d, t: Float32_2d, half: Float) -> None:
    height, width = plane.shape
    for row in range(height):
        line = plane[row]
        for border in range(1, width // _PATCH):
            _eight(line, border * _PATCH - _HALF, t, half)
    for border in range(1, height // _PATCH):
        top = border * _PATCH - _HALF
        r0, r1, r2, r3 = plane[top], plane[top + 1], plane[top + 2], plane[top + 3]
        r4, r5, r6, r7 = plane[top + 4], plane[top + 5], plane[top + 6], plane[top + 7]
        for j in range(width):
            d0, d1, d2, d3 = r0[j] - r7[j], r1[j] - r6[j], r2[j] - r5[j], r3[j] - r4[j]
            s0, s1, s2, s3 = r0[j] + r7[j], r1[j] + r6[j], r2[j] + r5[j], r3[j] + r4[j]
            s0, s1, s2, s3 = half * s0, half * s1, half * s2, half * s3
            e0, e1 = _turned(d0, d1, d2, d3, t, 0), _turned(d0, d1, d2, d3, t, 1)
            e2, e3 = _turned(d0, d1, d2, d3, t, 2), _turned(d0, d1, d2, d3, t, 3)
            r0[j], r7[j] = s0 + e0, s0 - e0
            r1[j], r6[j] = s1 + e1, s1 - e1
            r2[j], r5[j] = s2 + e2, s2 - e2
            r3[j], r4[j] = s3 + e3, s3 - e3


@compiled()
def turn(planes: Float32_3d, halved: Float32_2d) -> None:
    """Filter planes (n, H, W) float32 across all borders between patches of 8x8; `halved` (4, 4) is half of T."""
    for plane in planes:
        _turn(plane, halved, np.float32(0.5))


@compiled()
def paint(patches: Float32_4d, ground: Float32_4d, share: Float32_3d, made: Float32_4d, halved: Float32_2d) -> None:
    """`made` (n, 3, H, W) = patches (n, 3·64, H/8, W/8) laid out and filtered, times `share` (n, H, W) unless that is a
    single number, + the first channels of `ground`."""
    count, channels, height, width = made.shape
    for i in range(count):
        for c in range(channels):
            plane = made[i, c]
            for row in range(height):
                line, first = plane[row], (c * _PATCH + row % _PATCH) * _PATCH
                for b in range(_PATCH):
                    source = patches[i, first + b, row // _PATCH]
                    for j in range(width // _PATCH):
                        line[j * _PATCH + b] = source[j]
            _turn(plane, halved, np.float32(0.5))
            for row in range(height):
                line, under = plane[row], ground[i, c, row]
                if share.shape[2] > 1:
                    part = share[i, row]
                    for j in range(width):
                        line[j] = line[j] * part[j] + under[j]
                else:
                    for j in range(width):
                        line[j] += under[j]
