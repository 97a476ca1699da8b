"""Integer frequency tables for the entropy coder: one row a scale, made once when weights are exported, never rebuilt.

Symbols are ordered 0, +1, -1, +2, -2, ... (row-local limit K), then an escape for |k| > K. Row r sums to 2^16.
"""

import numpy as np
from numpy.typing import NDArray

PRECISION = 16
TOTAL = 1 << PRECISION
MAX_LIMIT = 62
"""Largest K of a row; larger magnitudes are escaped."""
ROW_LENGTH = 2 * MAX_LIMIT + 4
"""Entries of a stored row: K, then the cumulative frequencies 0 .. TOTAL padded with TOTAL."""
MAX_MAGNITUDE = 2047
"""Residual magnitudes are clipped to this by the encoder; a larger one in a stream is damage."""

Tables = NDArray[np.int32]


def build(scales: NDArray[np.float64]) -> Tables:
    """Tables (n, ROW_LENGTH) int32 of zero-mean Laplace distributions with the given scales b, integrated over unit
    bins: P(0) = 1 - exp(-1/2b), P(±k) = exp(-(k - 1/2)/b)(1 - exp(-1/b))/2."""
    rows = np.empty((len(scales), ROW_LENGTH), dtype=np.int32)
    for i, b in enumerate(scales):
        # Stop where the tail is worth less than one count: below that an escape serves.
        limit = int(np.clip(np.ceil(b * np.log(TOTAL / 2.0) + 0.5), 1, MAX_LIMIT))
        k = np.arange(1, limit + 1)
        one_side = np.exp(-(k - 0.5) / b) * -np.expm1(-1.0 / b) / 2
        probability = np.concatenate(([-np.expm1(-0.5 / b)], np.repeat(one_side, 2), [np.exp(-(limit + 0.5) / b)]))
        counts = np.maximum(1, np.floor(probability * TOTAL)).astype(np.int64)
        counts[0] += TOTAL - counts.sum()
        rows[i, 0] = limit
        rows[i, 1:] = TOTAL
        rows[i, 1 : 2 + len(counts)] = np.concatenate(([0], np.cumsum(counts)))
    check(rows)
    return rows


def check(tables: Tables) -> None:
    """Raise ValueError unless every row is a valid cumulative table (tables come from a file)."""
    if tables.ndim != 2 or tables.shape[1] != ROW_LENGTH or tables.dtype != np.int32:
        raise ValueError("frequency tables have a wrong shape")
    for row in tables:
        limit = int(row[0])
        if not 1 <= limit <= MAX_LIMIT:
            raise ValueError("a frequency table has an impossible limit")
        cumulative = row[1 : 2 * limit + 4]
        if cumulative[0] != 0 or cumulative[-1] != TOTAL or np.any(np.diff(cumulative) < 1):
            raise ValueError("a frequency table does not rise from 0 to 65536")
