"""The worst places of a picture, from a map over it."""

import numpy as np
from numpy.typing import NDArray

from app.state.inspection import Region


def worst_regions(
    heat: NDArray[np.floating], stride: int, picture: tuple[int, int], count: int, side: int
) -> list[tuple[Region, float]]:
    """Up to `count` squares of `side` pixels, worst first, that do not overlap, with the mean of the map over each.

    `heat`: (h, w), a value for every `stride` pixels of a picture of (width, height); higher is worse. Squares lie
    within the picture, and are smaller where it is.
    """
    tall, wide = (max(1, min(side // stride, length)) for length in heat.shape)
    sums = np.pad(np.cumsum(np.cumsum(heat.astype(np.float64), 0), 1), ((1, 0), (1, 0)))
    means = sums[tall:, wide:] - sums[:-tall, wide:] - sums[tall:, :-wide] + sums[:-tall, :-wide]
    means /= tall * wide
    found: list[tuple[Region, float]] = []
    while len(found) < count and np.isfinite(means).any():
        row, column = np.unravel_index(np.nanargmax(means), means.shape)
        value = float(means[row, column])
        if value <= 0:
            break
        left, top = int(column) * stride, int(row) * stride
        width, height = min(wide * stride, picture[0] - left), min(tall * stride, picture[1] - top)
        found.append((Region(left, top, width, height), value))
        means[max(0, row - tall + 1) : row + tall, max(0, column - wide + 1) : column + wide] = np.nan
    return found
