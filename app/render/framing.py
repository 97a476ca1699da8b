"""Which part of a picture is rendered, and how large: panes are given no more pixels than they show."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from app.state.scaling import Minify

_STEP = 64
"""Crops begin and end on multiples of this, so that a small pan needs no new image."""
_MARGIN = 32
"""Samples rendered beyond what is seen, for the pan that comes next."""


@dataclass(frozen=True, slots=True)
class Framing:
    """`area`: left, top, width and height in samples; `size`: width and height of its image in pixels."""

    area: tuple[int, int, int, int]
    size: tuple[int, int]
    minify: Minify = Minify.AREA

    @property
    def scaled(self) -> bool:
        """False when a sample is a pixel: the image is magnified, if at all, when it is painted."""
        return self.size != self.area[2:]

    @property
    def scale(self) -> float:
        """Pixels of the image per sample, across."""
        return self.size[0] / self.area[2]

    @property
    def pixels(self) -> int:
        """Pixels of the image."""
        return self.size[0] * self.size[1]


def whole(picture: tuple[int, int], size: tuple[float, float], minify: Minify) -> Framing:
    """All of a picture (width, height), rendered `size` pixels large."""
    return Framing((0, 0, *picture), (max(1, round(size[0])), max(1, round(size[1]))), minify)


def part(picture: tuple[int, int], seen: tuple[float, float, float, float]) -> Framing:
    """The samples that are seen (left, top, right, bottom; may reach beyond the picture) and some around them."""
    left, right = _ends(seen[0], seen[2], picture[0])
    top, bottom = _ends(seen[1], seen[3], picture[1])
    size = right - left, bottom - top
    return Framing((left, top, *size), size)


def nearest(wanted: Framing, there: Iterable[Framing]) -> list[Framing]:
    """What to show in place of an image that is not rendered yet, in the order it is painted: a whole picture of about
    the same scale, and over it the finer part that shows most of what is wanted."""
    known = list(there)
    wholes = [each for each in known if each.area[:2] == (0, 0) and each.area[2:] == max(k.area[2:] for k in known)]
    found = []
    if wholes:
        found.append(min(wholes, key=lambda each: abs(math.log(each.scale / wanted.scale))))
    parts = [each for each in known if each not in wholes and _shared(wanted, each) > 0]
    if parts and not wanted.scaled:
        found.append(max(parts, key=lambda each: _shared(wanted, each)))
    return found


def _shared(a: Framing, b: Framing) -> int:
    """Samples that lie in both."""
    sides = []
    for axis in (0, 1):
        first, last = max(a.area[axis], b.area[axis]), min(f.area[axis] + f.area[axis + 2] for f in (a, b))
        sides.append(max(0, last - first))
    return sides[0] * sides[1]


def _ends(first: float, last: float, whole: int) -> tuple[int, int]:
    begin = max(0, min(whole - 1, math.floor((first - _MARGIN) / _STEP) * _STEP))
    return begin, max(begin + 1, min(whole, math.ceil((last + _MARGIN) / _STEP) * _STEP))
