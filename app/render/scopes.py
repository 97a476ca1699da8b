"""Histogram and waveform of luma codes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codec.media.picture import Picture

COLUMNS = 256
"""Columns of a waveform."""


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """`histogram`: (256,) share of the pixels with each luma code; `waveform`: (256, COLUMNS) uint8, brighter where
    more pixels of a column have the code, code 255 on top."""

    histogram: NDArray[np.float32]
    waveform: NDArray[np.uint8]


def scope_of(picture: Picture) -> Scope:
    """Of the whole picture."""
    y = picture.y
    histogram = (np.bincount(y.ravel(), minlength=256) / y.size).astype(np.float32)
    columns = min(COLUMNS, y.shape[1])
    column = (np.arange(y.shape[1]) * columns // y.shape[1]).astype(np.int32)
    counts = np.bincount((y.astype(np.int32) * columns + column).ravel(), minlength=256 * columns)
    counts = counts.reshape(256, columns)[::-1].astype(np.float32)
    # Against the fullest code of a flat area the rest would be black: roots keep both visible.
    shown = np.sqrt(counts / max(1.0, float(counts.max())))
    return Scope(histogram, np.ascontiguousarray((255 * shown).astype(np.uint8)))
