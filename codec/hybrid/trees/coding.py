"""Pictures as trees of blocks to bytes and back: key pictures, and what others are where those around cannot predict
them. The quantiser's steps follow λ alone, which a stream's header has."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codec.hybrid.entropy.mixing import LEAST, new_weights
from codec.hybrid.entropy.range_coder import (
    BIT_COST,
    FAULT,
    code_even,
    finish_reading,
    finish_writing,
    reader,
    with_room,
    writer,
)
from codec.hybrid.kinds import Kind
from codec.hybrid.trees.deblock import deblock
from codec.hybrid.trees.modes import CONTEXTS, ROWS
from codec.hybrid.trees.planes import Planes, new_room
from codec.hybrid.trees.prediction import AS_KNOWN
from codec.hybrid.trees.transform import UNIT
from codec.hybrid.trees.walk import code_picture

KINDS = 2
"""Of contexts: those of key pictures, and of pictures predicted from others."""

_MIDDLE = 8.0
_STEP = 40.0 * UNIT
"""Luma's step at the middle of the range of λ, for orthonormal coefficients of grey levels."""
_HALVED = 8.0
"""Levels from one step to half of it, found by trying; 4 would be a fixed exchange of error for bits."""
_CHROMA, _CHROMA_KNOWN = 0.75, 0.6
"""Chroma's step in luma's, of key pictures and of those that another one predicts."""
_SMALLEST, _LARGEST = 5, 4000
_COARSER, _FINER, _ROUGHER = 1.6, 16.0, 8.0
"""The step of a picture that another one predicts, in that of a key picture, from level 0 to the middle; levels from
there to half of it, and from 0 down to twice of it."""
_BETWEEN = 2.6
"""The step of a picture between anchors, in an anchor's: no other picture is predicted from it."""
_FINE, _PRICE_FINE = 1.6, 0.2
"""The same, and its price, where nothing predicts such pictures well: there what is not coded is not seen."""
_PRICES = (0.11, 0.3, 0.38)
"""Squared error that a bit has to save, in squared steps, by kind: of key pictures as a uniform quantiser at high rates
(0.12); of others more, so that few blocks are coded."""
_DEAR, _DEARER = 10.0, 7.0
"""Between anchors bits get dearer below this level, twice as dear in so many levels: what moves fast is where a squared
error is large and LPIPS small."""
_WORTH = 12
"""Bits that the dearest square between anchors has to be worth for its picture to have trees."""
_MOVED, _BENT = (0.08, 0.0, 0.15), (1.0, 0.0, 2.0)
"""How far smoothing may move a sample, and how bent the sides of an edge may be, in steps, by kind. Kept weak in key
pictures: what looks like detail to the eye and to LPIPS is mostly worth more than smooth edges. Anchors go without."""
_MET = 24
"""How settled contexts are taken to be at the start."""
_ROOM = 40
"""Bytes a sample of luma and its chroma take at the very most: 24 a coefficient, as a symbol, and the trees. What is
not written to takes no memory."""
_SIDE = 8
"""Sides of luma are filled up to multiples of this, those of chroma of half of it."""

Plane = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Planar:
    """The planes of a picture in 4:2:0: `y` (H, W), `u` and `v` (ceil(H/2), ceil(W/2)), uint8."""

    y: Plane
    u: Plane
    v: Plane

    def same_as(self, other: "Planar") -> bool:
        """True when all samples agree."""
        pairs = ((self.y, other.y), (self.u, other.u), (self.v, other.v))
        return all(np.array_equal(a, b) for a, b in pairs)


def steps(level: float, kind: Kind, *, fine: bool = False) -> tuple[int, int]:
    """Quantiser steps of luma and chroma at a level, in 1/UNIT; `fine`: of pictures between that are coded finely."""
    luma = _STEP * 2.0 ** ((_MIDDLE - level) / _HALVED) * (1.0 if kind is Kind.KEY else _coarser(level))
    if kind is Kind.BETWEEN:
        luma *= _FINE if fine else _BETWEEN
    chroma = _CHROMA if kind is Kind.KEY else _CHROMA_KNOWN
    first, second = (min(max(round(step), _SMALLEST), _LARGEST) for step in (luma, luma * chroma))
    return first, second


def _coarser(level: float) -> float:
    """The step of pictures that are predicted from others, in that of key pictures."""
    return _COARSER * 2.0 ** (-max(0.0, level - _MIDDLE) / _FINER - min(0.0, level) / _ROUGHER)


def plain_starts() -> NDArray[np.int32]:
    """What contexts (KINDS, CONTEXTS) start from where nothing was measured: probabilities of a one in 1/65536."""
    return np.full((KINDS, CONTEXTS), 26_000, np.int32)


def check(starts: NDArray[np.int32]) -> None:
    """Raise ValueError unless `starts` are probabilities (they come from a file)."""
    if starts.shape != (KINDS, CONTEXTS) or starts.dtype != np.int32:
        raise ValueError("the trees' contexts have a wrong shape")
    if starts.min() < LEAST or starts.max() > (1 << 16) - LEAST:
        raise ValueError("a tree's context starts from an impossible probability")


@dataclass(frozen=True, slots=True)
class Contexts:
    """What adapts while trees are coded: contexts (CONTEXTS, 2) and mixing weights (ROWS, n), int32; coding leaves them
    as the last block did."""

    models: NDArray[np.int32]
    weights: NDArray[np.int32]

    def copy(self) -> "Contexts":
        return Contexts(self.models.copy(), self.weights.copy())


def new_contexts(starts: NDArray[np.int32]) -> Contexts:
    """As they start, from probabilities (CONTEXTS,)."""
    return with_weights(new_models(starts))


def with_weights(models: NDArray[np.int32]) -> Contexts:
    """Contexts that are settled already, with weights as they start."""
    return Contexts(models, new_weights(ROWS))


def new_models(starts: NDArray[np.int32]) -> NDArray[np.int32]:
    """Contexts (CONTEXTS,) of a picture as they start."""
    models = np.empty((CONTEXTS, 2), np.int32)
    models[:, 0], models[:, 1] = starts, _MET
    return models


def encode(picture: Planar, level: float, contexts: Contexts, known: Planar | None = None) -> tuple[bytes, Planar]:
    """The bytes of a picture, and the picture as they decode; `contexts` are left as the last block did. `known`: what
    it is predicted to be from another one. Holds no interpreter lock."""
    kind = Kind.KEY if known is None else Kind.ANCHOR
    step, step_chroma = steps(level, kind)
    planes = _planes(picture, known)
    io, data = writer(_ROOM * planes.y.size + 4096)
    price = _PRICES[kind] * (step / UNIT) ** 2 / BIT_COST
    code_picture(io, data, contexts.models, contexts.weights, planes, new_room(), step, step_chroma, price)
    return finish_writing(io, data), _shown(planes, picture, step, kind)


def decode(
    data: bytes, width: int, height: int, level: float, contexts: Contexts, known: Planar | None = None
) -> Planar:
    """The picture that was encoded so. Raises ValueError when the bytes are damaged."""
    half = (-(-height // 2), -(-width // 2))
    blank = Planar(np.zeros((height, width), np.uint8), np.zeros(half, np.uint8), np.zeros(half, np.uint8))
    planes = _planes(blank, known)
    io, rest = reader(data)
    kind = Kind.KEY if known is None else Kind.ANCHOR
    step, step_chroma = steps(level, kind)
    code_picture(io, rest, contexts.models, contexts.weights, planes, new_room(), step, step_chroma, 0.0)
    finish_reading(io, rest)
    return _shown(planes, blank, step, kind)


def encode_between(
    pictures: Sequence[Planar], level: float, contexts: Contexts, known: Sequence[Planar], *, fine: bool = False
) -> tuple[bytes, list[Planar]]:
    """The bytes of the pictures between two anchors, one after another in `contexts` that go on, and the pictures as
    they decode; `known`: what each is predicted to be; `fine` as of `steps`. Holds no interpreter lock."""
    step, step_chroma = steps(level, Kind.BETWEEN, fine=fine)
    price = (step / UNIT) ** 2 / BIT_COST
    price *= _PRICE_FINE if fine else _PRICES[Kind.BETWEEN] * 2.0 ** (max(0.0, _DEAR - level) / _DEARER)
    io, data = writer(0)
    room, made = new_room(), []
    for picture, guess in zip(pictures, known, strict=True):
        data = with_room(io, data, _ROOM * (picture.y.size + _SIDE * sum(picture.y.shape) + _SIDE**2) + 4096)
        if not code_even(io, data, int(_missed(picture, guess) > _WORTH * BIT_COST * price)):
            made.append(guess)
            continue
        planes = _planes(picture, guess)
        code_picture(io, data, contexts.models, contexts.weights, planes, room, step, step_chroma, price)
        made.append(_shown(planes, picture, step, Kind.BETWEEN))
    return finish_writing(io, data), made


def decode_between(
    data: bytes, level: float, contexts: Contexts, known: Sequence[Planar], *, fine: bool = False
) -> list[Planar]:
    """The pictures that were encoded so. Raises ValueError when the bytes are damaged."""
    step, step_chroma = steps(level, Kind.BETWEEN, fine=fine)
    io, rest = reader(data)
    room, made = new_room(), []
    for guess in known:
        if not code_even(io, rest, 0):
            made.append(guess)
            continue
        planes = _planes(_blank(guess), guess)
        code_picture(io, rest, contexts.models, contexts.weights, planes, room, step, step_chroma, 0.0)
        if io[FAULT]:
            break
        made.append(_shown(planes, guess, step, Kind.BETWEEN))
    finish_reading(io, rest)
    return made


def _missed(picture: Planar, guess: Planar) -> int:
    """The largest squared error of a square of luma."""
    errors = np.square(_filled(picture.y, _SIDE).astype(np.int32) - _filled(guess.y, _SIDE))
    rows, columns = (side // _SIDE for side in errors.shape)
    return int(errors.reshape(rows, _SIDE, columns, _SIDE).sum(axis=(1, 3)).max())


def _blank(like: Planar) -> Planar:
    return Planar(np.zeros_like(like.y), np.zeros_like(like.u), np.zeros_like(like.v))


def _planes(picture: Planar, known: Planar | None) -> Planes:
    y, u, v = _all_filled(picture)
    nothing = np.zeros((0, 0), np.uint8)
    known_y, known_u, known_v = (nothing,) * 3 if known is None else _all_filled(known)
    squares, squares_chroma = ((plane.shape[0] // 4, plane.shape[1] // 4) for plane in (y, u))
    return Planes(
        y=y,
        u=u,
        v=v,
        made_y=np.zeros_like(y),
        made_u=np.zeros_like(u),
        made_v=np.zeros_like(v),
        known_y=known_y,
        known_u=known_u,
        known_v=known_v,
        levels=np.zeros(y.shape, np.int32),
        modes=np.zeros(squares, np.uint8),
        sizes=np.zeros(squares, np.uint8),
        lasts=np.zeros(squares, np.int16),
        done=np.zeros(squares, np.uint8),
        done_chroma=np.zeros(squares_chroma, np.uint8),
        active=np.zeros(squares, np.uint8),
        active_chroma=np.zeros(squares_chroma, np.uint8),
    )


def _all_filled(picture: Planar) -> tuple[Plane, Plane, Plane]:
    return _filled(picture.y, _SIDE), _filled(picture.u, _SIDE // 2), _filled(picture.v, _SIDE // 2)


def _filled(plane: Plane, side: int) -> Plane:
    height, width = plane.shape
    return np.ascontiguousarray(np.pad(plane, ((0, -height % side), (0, -width % side)), mode="edge"))


def _shown(planes: Planes, like: Planar, step: int, kind: Kind) -> Planar:
    """The decoded picture, of the size of another one, edges of blocks smoothed."""
    most, beta = max(1, int(_MOVED[kind] * step / UNIT)), int(_BENT[kind] * step / UNIT)
    coded = ((planes.modes != AS_KNOWN) | (planes.active > 0)).astype(np.uint8)
    edges = () if kind is Kind.ANCHOR else ((planes.made_y, 1), (planes.made_u, 2), (planes.made_v, 2))
    for plane, ratio in edges:
        deblock(plane, planes.sizes, coded, ratio, beta, most)
    pairs = ((planes.made_y, like.y), (planes.made_u, like.u), (planes.made_v, like.v))
    return Planar(*(np.ascontiguousarray(made[: s.shape[0], : s.shape[1]]) for made, s in pairs))
