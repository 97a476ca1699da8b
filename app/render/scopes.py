"""Histogram and waveform of luma codes, vectorscope of chroma codes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codec.media.coding import rgb_matrix
from codec.media.picture import Colour, Picture

COLUMNS = 256
"""Columns of a waveform."""


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """`histogram`: (256,) share of the pixels with each luma code; `waveform`: (256, COLUMNS) uint8, brighter where
    more pixels of a column have the code, code 255 on top; `vectorscope`: (256, 256) uint8, brighter where more chroma
    samples have the pair, Cb to the right, Cr up; `colour`: what the codes stand for."""

    histogram: NDArray[np.float32]
    waveform: NDArray[np.uint8]
    vectorscope: NDArray[np.uint8]
    colour: Colour


def scope_of(picture: Picture) -> Scope:
    """Of the whole picture."""
    y = picture.y
    histogram = (np.bincount(y.ravel(), minlength=256) / y.size).astype(np.float32)
    columns = min(COLUMNS, y.shape[1])
    column = (np.arange(y.shape[1]) * columns // y.shape[1]).astype(np.int32)
    counts = np.bincount((y.astype(np.int32) * columns + column).ravel(), minlength=256 * columns)
    counts = counts.reshape(256, columns)[::-1].astype(np.float32)
    pairs = np.bincount((255 - picture.v.astype(np.int32)).ravel() * 256 + picture.u.ravel(), minlength=65536)
    return Scope(histogram, _shown(counts), _shown(pairs.reshape(256, 256)), picture.colour)


def _shown(counts: NDArray[np.floating] | NDArray[np.integer]) -> NDArray[np.uint8]:
    # Against the fullest code of a flat area the rest would be black: roots keep both visible.
    return np.ascontiguousarray((255 * np.sqrt(counts / max(1.0, float(counts.max())))).astype(np.uint8))


def bar_chroma(colour: Colour) -> dict[str, tuple[float, float]]:
    """Cb and Cr codes of the colour bars of 75 %, by their letters: where a vectorscope's marks stand."""
    factors, offset = rgb_matrix(colour)
    bars = {"R": (1, 0, 0), "Y": (1, 1, 0), "G": (0, 1, 0), "C": (0, 1, 1), "B": (0, 0, 1), "M": (1, 0, 1)}
    codes = {name: np.linalg.solve(factors, 0.75 * 255 * np.array(rgb) - offset) for name, rgb in bars.items()}
    return {name: (float(code[1]), float(code[2])) for name, code in codes.items()}
