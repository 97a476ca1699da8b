"""A GoP's motion to bytes and back: planes in coded order, each predicted from those before it.

    entry, anchor     from a sketch of smooth motion, or from rest, whichever is cheaper
    the picture in the middle, then those in the middle of the halves, and so on: `before` and `after` from straight
                      lines between the vectors of the pictures known on both sides

Across a scene cut nothing is predicted: pictures have the vectors of their own side alone, the anchor none.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from codec.hybrid.entropy.range_coder import BIT_COST, code_even, finish_reading, finish_writing, reader, writer
from codec.hybrid.motion import sketch, walk
from codec.hybrid.motion.layout import MotionShape, MotionVectors, Side
from codec.hybrid.motion.match import Plane, bordered, stacked
from codec.hybrid.motion.residuals import CLASSES, LIMIT, code_sketch, new_models
from codec.hybrid.motion.track import track

Vectors = NDArray[np.int32]

_FINE_LEVEL = 10.0
_PRICE_MIDDLE = 135.0
_PRICE_OCTAVE = 4.0
_SHARES = (0.18, 0.45, 1.0, 1.7)
"""Price of a bit by class of plane: an anchor's vectors serve all pictures of the GoP, the more the fewer it has."""
_FULL = 8
_ROOM = 24
"""Bytes a cell and plane takes at the very most."""
_NOTHING = np.zeros((0, 0), np.uint8)


def unit_of(level: float) -> int:
    """Quarter pixels that vectors are multiples of: half pixels, at high rates quarter pixels."""
    return 1 if level >= _FINE_LEVEL else 2


def price_of(level: float) -> float:
    """Grey levels of absolute difference that a bit has to save: it falls as λ^-1/2 or so."""
    return _PRICE_MIDDLE * 2.0 ** (-(level - 8) / _PRICE_OCTAVE)


def _served(length: int) -> float:
    """How much dearer a bit of an anchor's vectors is in a segment of so many pictures than in a full GoP."""
    return math.sqrt(_FULL / max(1, length - 1))


def encode(
    pictures: Sequence[Plane],
    earlier: Plane | None,
    shape: MotionShape,
    level: float,
    contexts: NDArray[np.int32] | None = None,
) -> tuple[bytes, MotionVectors]:
    """Find and code the motion of a GoP, or a segment of one, of luma pictures (H, W) uint8; `earlier` is the last
    picture of the GoP before, where the entry plane is wanted; `contexts`, if not new ones, are left as they end. Does
    not depend on the number of threads."""
    coder = _Coder(shape, level, new_models() if contexts is None else contexts)
    coder.io, coder.data = writer(64 + _ROOM * max(1, shape.planes) * coder.vectors[0:1].size)
    if shape.entry:
        assert earlier is not None
        first, reference = stacked(pictures[:1]), bordered(earlier)
        coder.search_single(0, 0, first[0], reference, track(first, reference, np.array([1]))[0])
    if shape.length > 1:
        _encode_rest(coder, stacked(pictures), shape)
    if contexts is not None:
        # Of several trials the best one's are copies.
        contexts[:] = coder.models
    return finish_writing(coder.io, coder.data), coder.found()


def decode(data: bytes, shape: MotionShape, level: float, contexts: NDArray[np.int32] | None = None) -> MotionVectors:
    """The motion that bytes stand for; `contexts` as of `encode`. Raises ValueError when they are damaged."""
    coder = _Coder(shape, level, new_models() if contexts is None else contexts)
    coder.io, coder.data = reader(data)
    if shape.entry:
        coder.read_single(0, 0)
    if shape.length > 1:
        if not shape.cut:
            coder.read_single(int(shape.entry), shape.length - 1)
        for step in _order(shape.length):
            coder.between(step, _NOTHING, _NOTHING, _NOTHING, None)
    finish_reading(coder.io, coder.data)
    return coder.found()


def _encode_rest(coder: "_Coder", pictures: Plane, shape: MotionShape) -> None:
    last = shape.length - 1
    ends = shape.cut or last + 1, shape.cut
    first, final = bordered(pictures[0]), bordered(pictures[last])
    wanted = np.zeros((2, shape.length, *shape.grid, 2), np.int32)
    wanted[0, 1 : ends[0]] = track(pictures[1 : ends[0]], first, np.arange(1, ends[0]))
    late = np.ascontiguousarray(pictures[ends[1] : last][::-1])
    wanted[1, ends[1] : last] = track(late, final, np.arange(1, len(late) + 1))[::-1]
    if not shape.cut:
        coder.search_single(int(shape.entry), last, pictures[last], first, wanted[0, last])
    for step in _order(shape.length):
        coder.between(step, pictures[step.number], first, final, np.ascontiguousarray(wanted[:, step.number]))


@dataclass(frozen=True, slots=True)
class _Step:
    """A picture between anchors, the nearest known ones before and after it, and its class of plane."""

    number: int
    low: int
    high: int
    kind: int


def _order(length: int) -> Iterator[_Step]:
    """Pictures between the anchors, halves before quarters."""
    spans = [(0, length - 1)]
    kind = 1
    while spans:
        following = []
        for low, high in spans:
            if high - low < 2:
                continue
            middle = (low + high) // 2
            yield _Step(middle, low, high, min(kind, CLASSES - 1))
            following += [(low, middle), (middle, high)]
        spans, kind = following, kind + 1


@dataclass(slots=True)
class _Coder:
    """The state of coding a GoP's motion: registers, contexts, vectors so far."""

    shape: MotionShape
    level: float
    models: NDArray[np.int32]
    io: NDArray[np.int64] = field(init=False)
    data: NDArray[np.uint8] = field(init=False)
    vectors: Vectors = field(init=False)
    sides: NDArray[np.uint8] = field(init=False)
    coded: NDArray[np.uint8] = field(init=False)
    """Which cells of each picture (n, gh, gw) have a residual."""
    unit: int = field(init=False)

    def __post_init__(self) -> None:
        self.unit = unit_of(self.level)
        self.vectors = np.zeros((self.shape.planes, *self.shape.grid, 2), np.int32)
        self.coded = np.zeros((self.shape.length, *self.shape.grid), np.uint8)
        self.sides = np.zeros((max(0, self.shape.length - 2), *self.shape.grid), np.uint8)

    def found(self) -> MotionVectors:
        return MotionVectors(self.vectors, self.sides)

    def _price(self, kind: int) -> int:
        share = _SHARES[kind] * (_served(self.shape.length) if kind == 0 else 1.0)
        return max(1, round(price_of(self.level) * share))

    def search_single(self, plane: int, number: int, picture: Plane, reference: Plane, wanted: Vectors) -> None:
        """Choose and write a plane of picture `number` with one bordered reference: with a sketch or without, whichever
        loses less."""
        numbers = sketch.fit(wanted)
        trials = []
        for chosen in (numbers, None):
            io, data, models, vectors = self.io.copy(), self.data, self.models.copy(), np.zeros_like(wanted)
            coded = np.zeros(self.shape.grid, np.uint8)
            if chosen is not None:
                data = data.copy()
            lost = self._single(io, data, models, vectors, chosen, picture, reference, wanted, coded)
            trials.append((lost, io, data, models, vectors, coded))
        best = min(trials, key=lambda trial: trial[0])
        _, self.io, self.data, self.models, self.vectors[plane], self.coded[number] = best

    def read_single(self, plane: int, number: int) -> None:
        count = sketch.numbers_of(*self.shape.grid)
        numbers = np.zeros(count, np.int64) if code_even(self.io, self.data, 0) else None
        vectors = self.vectors[plane]
        if numbers is not None:
            code_sketch(self.io, self.data, self.models, numbers)
        base = self._base(numbers)
        walk.single(
            self.io, self.data, self.models, 0, self.unit, base, vectors, _NOTHING, _NOTHING, vectors, 0,
            self.coded[number], walk.new_notes(self.shape.grid),
        )  # fmt: skip

    def _single(
        self, io: NDArray[np.int64], data: NDArray[np.uint8], models: NDArray[np.int32], vectors: Vectors,
        numbers: NDArray[np.int64] | None, picture: Plane, reference: Plane, wanted: Vectors,
        coded: NDArray[np.uint8],
    ) -> int:  # fmt: skip
        """Write a plane and which cells are `coded`; returns what it loses, a sketch's bits included."""
        price = self._price(0)
        code_even(io, data, int(numbers is not None))
        bits = 0.0
        if numbers is not None:
            bits = float((2 * np.log2(1 + np.abs(numbers)) + 1).sum())
            code_sketch(io, data, models, numbers.copy())
        base = self._base(numbers)
        notes = walk.new_notes(self.shape.grid)
        lost = walk.single(
            io, data, models, 0, self.unit, base, vectors, picture, reference, wanted, price, coded, notes
        )
        return int(lost) + round(price * bits * BIT_COST)

    def _base(self, numbers: NDArray[np.int64] | None) -> Vectors:
        height, width = self.shape.grid
        if numbers is None:
            return np.zeros((height, width, 2), np.int32)
        return sketch.field(numbers, height, width, self.unit, LIMIT)

    def between(self, step: _Step, picture: Plane, first: Plane, last: Plane, wanted: Vectors | None) -> None:
        """Choose and write, or read, the vectors of a picture between the anchors."""
        start, count = int(self.shape.entry), self.shape.length - 2
        before, after = self.vectors[start + step.number], self.vectors[start + count + step.number]
        sides, end = self.sides[step.number - 1], self.shape.length - 1
        bases = np.stack((self._straight(step, late=False), self._straight(step, late=True)))
        if not self.shape.cut:
            walk.between(
                self.io, self.data, self.models, step.kind, self.unit, bases, before, after, sides, picture, first,
                last, bases if wanted is None else wanted, step.number, end, self._price(step.kind),
                self.coded[step.low] | self.coded[step.high], self._sides_around(step), self.coded[step.number],
                walk.new_notes(self.shape.grid), walk.new_notes(self.shape.grid),
            )  # fmt: skip
            return
        late = step.number >= self.shape.cut
        sides[:] = Side.LAST if late else Side.FIRST
        walk.single(
            self.io, self.data, self.models, step.kind, self.unit, bases[int(late)], after if late else before, picture,
            last if late else first, (bases if wanted is None else wanted)[int(late)], self._price(step.kind),
            self.coded[step.number], walk.new_notes(self.shape.grid),
        )  # fmt: skip

    def _sides_around(self, step: _Step) -> NDArray[np.uint8]:
        """Sides of the pictures known before and after, (2, gh, gw)."""
        none, end = np.zeros(self.shape.grid, np.uint8), self.shape.length - 1
        known = [self.sides[i - 1] if 0 < i < end else none for i in (step.low, step.high)]
        return np.stack(known)

    def _straight(self, step: _Step, *, late: bool) -> Vectors:
        """Vectors to the first or the last picture on a straight line between those of the pictures known around, or
        from the reference through the one that is known on its side of a cut."""
        end, cut = self.shape.length - 1, self.shape.cut
        low, high = self._known(step.low, late=late), self._known(step.high, late=late)
        i = step.number
        if cut and not late and step.high >= cut:
            high = None
        if cut and late and step.low < cut:
            low = None
        if low is not None and high is not None:
            total, parts = (step.high - i) * low + (i - step.low) * high, step.high - step.low
        elif low is not None:
            total, parts = low * i, max(1, step.low)
        elif high is not None:
            total, parts = high * (end - i), max(1, end - step.high)
        else:
            return np.zeros((*self.shape.grid, 2), np.int32)
        scale = parts * self.unit
        return ((2 * total + scale) // (2 * scale) * self.unit).clip(-LIMIT, LIMIT).astype(np.int32)

    def _known(self, number: int, *, late: bool) -> NDArray[np.int64] | None:
        """Vectors of picture `number` to the last (`late`) or the first picture."""
        start, end = int(self.shape.entry), self.shape.length - 1
        anchor = self.vectors[start].astype(np.int64)
        if number in (0, end):
            still = np.zeros_like(anchor)
            if late:
                return -anchor if number == 0 else still
            return still if number == 0 else anchor
        return self.vectors[start + number + (self.shape.length - 2 if late else 0)].astype(np.int64)
