"""Texture codes to bytes and back, and the choice of them: each code is the one that leaves the smallest sum of squared
deviation from what is lacking and price of its bits.

Cells go row by row, in each the bands from the coarsest to the finest, then the flag for noise. Contexts come from the
cells left and above, the coarser band, and the same cell of the anchor before. One range coder a GoP.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from codec.arrays import Int, Int8_3d, Int32_2d, Int64_1d, Int64_3d, UInt8_1d, UInt8_2d
from codec.compiled import compiled
from codec.hybrid.entropy.range_coder import (
    BIT_COST,
    FAULT,
    code_bit,
    cost,
    finish_reading,
    finish_writing,
    level_of,
    reader,
    writer,
)
from codec.hybrid.kinds import Kind
from codec.hybrid.texture.layout import BANDS, LEAST, MOST, NOISY, Texture, plain

_NEAR = 8
_LEVELS = np.array([1, 2, 3, 5, 7, 11, 17], np.int64)
"""How much there is around a code, from 0 to _NEAR - 1, by its measure."""
_SIGNS = 5
_LARGE = 3
_SIZES = 5
_NOISE = 3
_SIGN = _NEAR
_SIZE = _SIGN + _SIGNS
_FLAG = _SIZE + 2 * _LARGE * _SIZES
_KIND = _FLAG + _NOISE
"""Contexts of a kind: code is not zero, its sign, magnitude is larger (rising, falling), noise."""
_STARTS = (
    (
        *(0.19, 0.3, 0.44, 0.64, 0.8, 0.89, 0.975, 0.99), *(0.94, 0.8, 0.43, 0.1, 0.02),
        *(0.05, 0.1, 0.19, 0.15, 0.15), *(0.45, 0.19, 0.15, 0.12, 0.2), *(0.67, 0.72, 0.49, 0.19, 0.1),
        *(0.22, 0.18, 0.25, 0.2, 0.2), *(0.7, 0.45, 0.2, 0.2, 0.2), *(0.9, 0.85, 0.6, 0.4, 0.4),
        *(0.86, 0.93, 0.95),
    ),
    (
        *(0.012, 0.035, 0.13, 0.28, 0.51, 0.73, 0.9, 0.965), *(0.97, 0.91, 0.77, 0.38, 0.09),
        *(0.85, 0.28, 0.17, 0.15, 0.15), *(0.74, 0.16, 0.25, 0.15, 0.2), *(0.78, 0.58, 0.52, 0.19, 0.3),
        *(0.65, 0.23, 0.35, 0.2, 0.2), *(0.66, 0.24, 0.35, 0.2, 0.2), *(0.83, 0.72, 0.65, 0.4, 0.4),
        *(0.72, 0.87, 0.9),
    ),
)  # fmt: skip
"""What contexts start from, key pictures and anchors: about where they were at the end of training clips' GoPs."""
_ROOM = 26
"""Bytes a cell takes at the very most: in each of four bands seven bits in contexts at 7 bits each, and a flag."""
_UNITS = 256
"""Lacking texture is given in this many parts of a code."""
_PRICES = {Kind.KEY: 0.06, Kind.ANCHOR: 0.4}
"""Squared codes that a bit has to save in the middle of the range of λ: a key picture serves its whole chain."""
_OCTAVE = 8.0


class TextureWriter:
    """Chooses and writes the textures of a GoP's coded anchors, in coded order."""

    def __init__(self, grid: tuple[int, int], pictures: int, level: float) -> None:
        self._io, self._data = writer(64 + _ROOM * max(1, pictures) * grid[0] * grid[1])
        self._models, self._grid, self._level = _new_models(), grid, level

    def choose(
        self, kind: Kind, lacking: NDArray[np.float32], even: NDArray[np.uint8], before: Texture | None
    ) -> Texture:
        """The texture of the next anchor: `lacking` (BANDS, gh, gw) in units of a code, noise where `even` (gh, gw);
        `before` is that of the anchor it is predicted from."""
        texture = plain(self._grid)
        price = _PRICES[kind] * 2.0 ** (-(self._level - 8) / _OCTAVE) * _UNITS**2 / BIT_COST
        wanted = np.clip(np.round(lacking * _UNITS), 2 * LEAST * _UNITS, 2 * MOST * _UNITS).astype(np.int64)
        _walk(
            self._io, self._data, self._models, int(kind), texture.codes, texture.noisy,
            (before or plain(self._grid)).codes, wanted, even, max(1, round(price)),
        )  # fmt: skip
        return texture

    def finish(self) -> bytes:
        """The bytes of all that was chosen."""
        return finish_writing(self._io, self._data)


def decode(data: bytes, grid: tuple[int, int], kinds: Sequence[Kind], before: Texture | None) -> list[Texture]:
    """The textures of a GoP's coded anchors of these kinds; `before` is that of the anchor the first one is predicted
    from. Raises ValueError when the bytes are damaged."""
    io, rest = reader(data)
    models, found = _new_models(), []
    nothing = np.zeros((BANDS, *grid), np.int64), np.zeros(grid, np.uint8)
    for kind in kinds:
        texture = plain(grid)
        known = plain(grid) if before is None or kind is Kind.KEY else before
        _walk(io, rest, models, int(kind), texture.codes, texture.noisy, known.codes, *nothing, 0)
        found.append(texture)
        before = texture
    finish_reading(io, rest)
    return found


def _new_models() -> NDArray[np.int32]:
    models = np.zeros((2 * _KIND, 2), np.int32)
    models[:, 0] = [level_of(share) for shares in _STARTS for share in shares]
    return models


@compiled()
def _contexts(codes: Int8_3d, before: Int8_3d, b: Int, row: Int, column: Int) -> tuple[Int, Int, Int]:
    """Context of "not zero", of the sign, and of magnitudes, from what is known around a cell and band."""
    left = np.int64(codes[b, row, column - 1]) if column > 0 else 0
    up = np.int64(codes[b, row - 1, column]) if row > 0 else 0
    coarser = np.int64(codes[b + 1, row, column]) if b + 1 < codes.shape[0] else 0
    earlier = np.int64(before[b, row, column])
    near = 2 * (abs(left) + abs(up)) + 2 * abs(coarser) + abs(earlier)
    level = 0
    while level < _NEAR - 1 and near >= _LEVELS[level]:
        level += 1
    total = left + up + coarser
    sign = 2 if total == 0 else 1 if total == -1 else 0 if total < 0 else 3 if total == 1 else 4
    large = max(abs(left), abs(up), abs(coarser))
    return level, sign, 0 if large < 2 else 1 if large < 4 else 2


@compiled()
def _price_of(models: Int32_2d, start: Int, flag: Int, sign: Int, large: Int, code: Int) -> Int:
    """Bits of a code, in 1/16."""
    if code == 0:
        return cost(models, start + flag, 0)
    total = cost(models, start + flag, 1) + cost(models, start + _SIGN + sign, 1 if code < 0 else 0)
    sizes = start + _SIZE + _SIZES * (large + (_LARGE if code < 0 else 0))
    most = -LEAST if code < 0 else MOST
    for k in range(1, most):
        larger = abs(code) > k
        total += cost(models, sizes + min(k, _SIZES) - 1, 1 if larger else 0)
        if not larger:
            break
    return total


@compiled()
def _code(
    io: Int64_1d, data: UInt8_1d, models: Int32_2d, start: Int, flag: Int, sign: Int, large: Int, code: Int
) -> Int:
    """Write, or read, a code."""
    if not code_bit(io, data, models, start + flag, 1 if code != 0 else 0):
        return 0
    negative = code_bit(io, data, models, start + _SIGN + sign, 1 if code < 0 else 0)
    sizes = start + _SIZE + _SIZES * (large + (_LARGE if negative else 0))
    most = -LEAST if negative else MOST
    size = 1
    while size < most and code_bit(io, data, models, sizes + min(size, _SIZES) - 1, 1 if abs(code) > size else 0):
        size += 1
    return -size if negative else size


@compiled()
def _walk(
    io: Int64_1d, data: UInt8_1d, models: Int32_2d, kind: Int, codes: Int8_3d, noisy: UInt8_2d, before: Int8_3d,
    wanted: Int64_3d, even: UInt8_2d, price: Int,
) -> None:  # fmt: skip
    """Write a picture's codes, chosen for `wanted` at `price` (squared 1/256 codes a 1/16 bit), or read them when
    `price` is zero. Kinds: `Kind`."""
    start = kind * _KIND
    bands, height, width = codes.shape
    for row in range(height):
        for column in range(width):
            high = 0
            for b in range(bands - 1, -1, -1):
                flag, sign, large = _contexts(codes, before, b, row, column)
                code = 0
                if price > 0:
                    aim = wanted[b, row, column]
                    near = min(max((aim + _UNITS // 2) // _UNITS, LEAST), MOST)
                    best = aim * aim + price * _price_of(models, start, flag, sign, large, 0)
                    for trial in (near, near - 1 if near > 0 else near + 1):
                        away = aim - trial * _UNITS
                        lost = away * away + price * _price_of(models, start, flag, sign, large, trial)
                        if lost < best:
                            best, code = lost, trial
                code = _code(io, data, models, start, flag, sign, large, code)
                codes[b, row, column] = code
                high = max(high, code)
            if high >= NOISY:
                count = (noisy[row, column - 1] if column > 0 else 0) + (noisy[row - 1, column] if row > 0 else 0)
                noisy[row, column] = code_bit(
                    io, data, models, start + _FLAG + count, even[row, column] if price > 0 else 0
                )
        if io[FAULT]:
            return
