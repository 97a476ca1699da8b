"""Motion fields to integers and back: prediction along straight paths, cosine transforms in time and space, one step.

The anchor field predicts the others (picture i of n - 1 steps moves i / (n - 1) of the way); what is left of `before`
and `after` is turned into half their sum and half their difference, transformed over the pictures and over the grid by
orthonormal DCTs, and rounded. Motion that is straight, even and smooth costs next to nothing, and a coarse step blurs a
field instead of breaking it.
"""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from codec.model.config import LEVELS_PER_OCTAVE
from codec.motion.layout import MotionFields

Field = NDArray[np.float32]
Symbols = NDArray[np.int16]

MAX_SYMBOL = 2047
"""Symbols are clipped to this magnitude; a larger one in a stream is damage."""
MAX_MOTION = 8192.0
"""Decoded displacements are clipped to this many pixels."""

_STEP_MIDDLE = 1.4
_STEP_LEAST, _STEP_MOST = 0.5, 8.0
_BETWEEN = 1.5


def step_of(level: float) -> float:
    """Quantiser step in pixels (of an orthonormal transform) at a level: it falls as λ^-1/4 within limits."""
    return float(np.clip(_STEP_MIDDLE * 2.0 ** (-(level - 8) / (4 * LEVELS_PER_OCTAVE)), _STEP_LEAST, _STEP_MOST))


def quantise(fields: MotionFields[Field], step: float) -> Symbols:
    """Integers (planes, 2, gh, gw) of a GoP's fields, in the order of `codec.motion.layout`."""
    planes = [_round(_spatial(field), step) for field in (fields.entry, fields.anchor) if field is not None]
    if fields.before is not None and fields.after is not None:
        assert fields.anchor is not None
        early, late = _straight(_restored(planes[-1], step), len(fields.before))
        rest, back = fields.before - early, fields.after - late
        for part in ((rest + back) / 2, (rest - back) / 2):
            spectrum = np.einsum("ki,ichw->kchw", _dct(len(part)), _spatial(part))
            planes.extend(_round(spectrum, step * _BETWEEN))
    if not planes:
        raise ValueError("a GoP of one picture and no entry has no motion")
    return np.stack(planes)


def dequantise(symbols: Symbols, step: float, length: int, entry: bool) -> MotionFields[Field]:
    """The fields that `symbols` (planes, 2, gh, gw) of a GoP of `length` pictures stand for."""
    planes = list(symbols)
    first = _restored(planes.pop(0), step) if entry else None
    if length < 2:
        return MotionFields(first, None, None, None)
    anchor = _restored(planes.pop(0), step)
    count = length - 2
    if count == 0:
        return MotionFields(first, anchor, None, None)
    early, late = _straight(anchor, count)
    total, apart = (
        np.einsum("ki,kchw->ichw", _dct(count), _restored(np.stack(part), step * _BETWEEN))
        for part in (planes[:count], planes[count:])
    )
    return MotionFields(
        first, anchor, np.clip(early + total + apart, -MAX_MOTION, MAX_MOTION),
        np.clip(late + total - apart, -MAX_MOTION, MAX_MOTION),
    )  # fmt: skip


def _straight(anchor: Field, count: int) -> tuple[Field, Field]:
    """`before` and `after` of `count` pictures between the anchors, were all motion straight and even."""
    share = (np.arange(1, count + 1, dtype=np.float32) / (count + 1))[:, None, None, None]
    return anchor * share, anchor * (share - 1)


def _round(spectrum: Field, step: float) -> Symbols:
    # A dead zone: displacements are noisy where nothing can be seen, and a zero is cheap.
    scaled = spectrum / step
    return (np.sign(scaled) * np.floor(np.abs(scaled) + 0.4)).clip(-MAX_SYMBOL, MAX_SYMBOL).astype(np.int16)


def _spatial(field: Field) -> Field:
    return _dct(field.shape[-2]) @ field @ _dct(field.shape[-1]).T


def _restored(symbols: Symbols, step: float) -> Field:
    field = _dct(symbols.shape[-2]).T @ (symbols.astype(np.float32) * np.float32(step)) @ _dct(symbols.shape[-1])
    return np.clip(field, -MAX_MOTION, MAX_MOTION)


@cache
def _dct(size: int) -> Field:
    """Orthonormal DCT-II (size, size), a row a frequency."""
    k = np.arange(size)
    matrix = np.cos(math.pi / size * (k[None] + 0.5) * k[:, None]) * math.sqrt(2 / size)
    matrix[0] /= math.sqrt(2)
    return matrix.astype(np.float32)
