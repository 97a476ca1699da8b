"""Which pictures inside a GoP others are predicted from: nearer references where things move fast.

A GoP is halved, and its halves again, where two segments (`codec.hybrid.segments`) promise to cost less than one. What
a segment costs is the price of its reference picture, and for each of its pictures what motion search leaves between
its last picture and its first: where the far picture is known as well as the near one, as on water that only glitters,
nearer references would be bits for nothing.

The price was set on clips that are scored by LPIPS of both trunks and DISTS at equal rate, not by LPIPS of AlexNet
alone, which takes grain for detail.

Where the whole GoP is missed by a lot, prediction fails outright: what is not coded is gone. There references are
cheap, and the pictures between are coded finely too. A fade is no such failure: what is shown stays where it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from codec.hybrid.motion.layout import NODE, QUARTERS
from codec.hybrid.motion.match import BORDER, Plane, bordered, stacked
from codec.hybrid.motion.track import track
from codec.hybrid.shape import GopShape

_PRICE = 420.0
"""What a reference picture has to save: squares of mean absolute differences in grey levels, summed over a segment's
pictures. Squares, because a prediction that misses little is good enough at any distance."""
_FAILED, _PRICE_FAILED = 14.0, 100.0
"""What the last picture misses, in grey levels, from which on prediction has failed, and a reference's price there."""
_FLAT = 2.0
"""Standard deviation in grey levels below which a picture shows nothing."""
_EVERY = 2
"""Rows that are compared: every second one tells enough."""


@dataclass(frozen=True, slots=True)
class References:
    """Numbers of the reference pictures inside a GoP, rising; `fine`: whether the pictures between are coded finely."""

    inner: tuple[int, ...] = ()
    fine: bool = False


def chosen_references(luma: Sequence[Plane], shape: GopShape) -> References:
    """The reference pictures inside a GoP of luma pictures (H, W) uint8; none where it has a cut. Does not depend on λ
    or the number of threads."""
    if shape.cut or shape.length < 3:
        return References()
    last = len(luma) - 1
    search = _search_of(luma)
    failed = search.error(0, last) > _FAILED and _fails_in_one_light(luma)
    _, inner = search.best(0, last, _PRICE_FAILED if failed else _PRICE)
    # Where no nearer reference helps either, as on water that glitters, finer steps would not.
    return References(inner, failed and bool(inner))


def _fails_in_one_light(luma: Sequence[Plane]) -> bool:
    """Whether the last picture is missed as much when all have its brightness and contrast; False where one shows
    nothing."""
    means, spreads = [float(picture.mean()) for picture in luma], [float(picture.std()) for picture in luma]
    if min(spreads) < _FLAT:
        return False
    level = [
        np.clip((picture - mean) * (spreads[-1] / spread) + means[-1] + 0.5, 0, 255).astype(np.uint8)
        for picture, mean, spread in zip(luma, means, spreads, strict=True)
    ]
    return _search_of(level).error(0, len(level) - 1) > _FAILED


def _search_of(luma: Sequence[Plane]) -> "_Search":
    sides = [(0, -side % NODE) for side in luma[0].shape]
    return _Search(stacked([np.pad(picture, sides, mode="edge") for picture in luma]))


class _Search:
    """The cheapest segments of a GoP."""

    def __init__(self, pictures: Plane) -> None:
        self._pictures = pictures
        self._missed: dict[int, list[float]] = {}

    def best(self, start: int, stop: int, price: float) -> tuple[float, tuple[int, ...]]:
        """What pictures after `start`, up to `stop`, cost, and which of them but the last are reference pictures."""
        count = stop - start
        whole = price + self.error(start, stop) ** 2 * count
        # Two segments cost two prices at least: most GoPs need not be followed from inside.
        if count < 2 or whole <= 2 * price:
            return whole, ()
        middle = (start + stop) // 2
        (early, before), (late, after) = self.best(start, middle, price), self.best(middle, stop, price)
        return (early + late, (*before, middle, *after)) if early + late < whole else (whole, ())

    def error(self, start: int, stop: int) -> float:
        """What picture `stop` misses, followed from `start`; of one start the longest way has to be asked for first."""
        if start not in self._missed:
            some, reference = self._pictures[start + 1 : stop + 1], bordered(self._pictures[start])
            vectors = track(some, reference, np.arange(1, stop - start + 1))
            self._missed[start] = [missed(*pair, reference) for pair in zip(some, vectors, strict=True)]
        return self._missed[start][stop - start - 1]


def missed(picture: Plane, vectors: NDArray[np.int32], reference: Plane) -> float:
    """Mean absolute difference of rows of a picture (H, W), sides multiples of NODE, and a bordered reference that each
    cell's vector (gh, gw, 2), whole pixels in quarters, moves."""
    rows, columns = vectors.shape[:2]
    blocks = picture.reshape(rows, NODE, columns, NODE).swapaxes(1, 2)
    windows = sliding_window_view(reference, (NODE, NODE))
    right, down = vectors[..., 0] // QUARTERS, vectors[..., 1] // QUARTERS
    at_row = np.clip(NODE * np.arange(rows)[:, None] + BORDER + down, 0, windows.shape[0] - 1)
    at_column = np.clip(NODE * np.arange(columns) + BORDER + right, 0, windows.shape[1] - 1)
    moved = windows[at_row, at_column, ::_EVERY]
    return float(np.abs(blocks[:, :, ::_EVERY].astype(np.int16) - moved).mean())
