"""Pictures as trees of blocks to bytes and back: key pictures, and what anchors are where the one before cannot predict
them. The quantiser's steps follow λ alone, which a stream's header has."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codec.entropy.mixing import LEAST, new_weights
from codec.entropy.range_coder import BIT_COST, finish_reading, finish_writing, reader, writer
from codec.trees.deblock import deblock
from codec.trees.modes import CONTEXTS, ROWS
from codec.trees.planes import Planes, new_room
from codec.trees.transform import UNIT
from codec.trees.walk import code_picture

KINDS = 2
"""Of pictures, each with contexts of its own: key pictures, and those predicted from another one."""
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
_PRICE, _PRICE_KNOWN = 0.11, 0.3
"""Squared error that a bit has to save, in squared steps: of key pictures as a uniform quantiser at high rates (0.12);
of others more, so that few blocks are coded, and these well."""
_MOVED, _BENT = 0.08, 1.0
"""How far smoothing may move a sample of a key picture, and how bent the sides of an edge may be, in steps. Kept weak:
what looks like detail to the eye and to LPIPS is mostly worth more than smooth edges. Other pictures go without."""
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


def steps(level: float, known: bool = False) -> tuple[int, int]:
    """Quantiser steps of luma and chroma at a level, in 1/UNIT, of key pictures and of `known` ones."""
    luma = _STEP * 2.0 ** ((_MIDDLE - level) / _HALVED) * (_coarser(level) if known else 1.0)
    chroma = _CHROMA_KNOWN if known else _CHROMA
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


def new_models(starts: NDArray[np.int32]) -> NDArray[np.int32]:
    """Contexts (CONTEXTS,) of a picture as they start."""
    models = np.empty((CONTEXTS, 2), np.int32)
    models[:, 0], models[:, 1] = starts, _MET
    return models


def encode(
    picture: Planar, level: float, models: NDArray[np.int32], known: Planar | None = None
) -> tuple[bytes, Planar]:
    """The bytes of a picture, and the picture as they decode; `models` are new and are left as the last block did.
    `known`: what it is predicted to be from another one. Holds no interpreter lock."""
    step, step_chroma = steps(level, known is not None)
    planes = _planes(picture, known)
    io, data = writer(_ROOM * planes.y.size + 4096)
    price = (_PRICE if known is None else _PRICE_KNOWN) * (step / UNIT) ** 2 / BIT_COST
    code_picture(io, data, models, new_weights(ROWS), planes, new_room(), step, step_chroma, price)
    return finish_writing(io, data), _shown(planes, picture, step)


def decode(
    data: bytes, width: int, height: int, level: float, models: NDArray[np.int32], known: Planar | None = None
) -> Planar:
    """The picture that was encoded so. Raises ValueError when the bytes are damaged."""
    half = (-(-height // 2), -(-width // 2))
    blank = Planar(np.zeros((height, width), np.uint8), np.zeros(half, np.uint8), np.zeros(half, np.uint8))
    planes = _planes(blank, known)
    io, rest = reader(data)
    step, step_chroma = steps(level, known is not None)
    code_picture(io, rest, models, new_weights(ROWS), planes, new_room(), step, step_chroma, 0.0)
    finish_reading(io, rest)
    return _shown(planes, blank, step)


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


def _shown(planes: Planes, like: Planar, step: int) -> Planar:
    """The decoded picture, of the size of another one; edges are smoothed where nothing else was known of it."""
    most, beta = max(1, int(_MOVED * step / UNIT)), int(_BENT * step / UNIT)
    edges = () if planes.known_y.size else ((planes.made_y, 1), (planes.made_u, 2), (planes.made_v, 2))
    for plane, ratio in edges:
        deblock(plane, planes.sizes, ratio, beta, most)
    pairs = ((planes.made_y, like.y), (planes.made_u, like.u), (planes.made_v, like.v))
    return Planar(*(np.ascontiguousarray(made[: s.shape[0], : s.shape[1]]) for made, s in pairs))
