"""The entropy coder's inner loops: byte-wise range asymmetric numeral systems (rANS, Duda, arXiv 1311.2540).

State x in [2^23, 2^31), 16-bit frequencies, bytes shifted out when x would leave its range. Symbols whose table index
is 0 are not coded at all. Escaped magnitudes follow as an Exp-Golomb code of order 0 and a sign, one equiprobable bit
a rANS step. Integer arithmetic throughout: the same bytes on every machine. Compiled by numba, without the interpreter
lock, so that threads of one process code in parallel.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from codec.stream.tables import MAX_MAGNITUDE, PRECISION

LOWER = 1 << 23
FLUSH_BYTES = 4
_MASK = (1 << PRECISION) - 1
_GOLOMB_LIMIT = 12

DONE = 0
DAMAGED = -1


@numba.njit(cache=True, nogil=True, boundscheck=False)
def _push(state, start, frequency, bits, out, position):
    """One rANS encoding step; bytes are written backwards from `position`."""
    limit = ((LOWER >> bits) << 8) * frequency
    while state >= limit:
        position -= 1
        out[position] = state & 0xFF
        state >>= 8
    return ((state // frequency) << bits) + (state % frequency) + start, position


@numba.njit(cache=True, nogil=True, boundscheck=False)
def _encode(symbols, indices, tables, out):
    """Encode back to front into the tail of `out`; returns the first used position, or DAMAGED when `out` is full."""
    state = np.int64(LOWER)
    position = out.size
    for i in range(symbols.size - 1, -1, -1):
        index = indices[i]
        if index == 0:
            continue
        if position < 64:
            return DAMAGED
        row = tables[index]
        limit = row[0]
        symbol = np.int64(symbols[i])
        magnitude = abs(symbol)
        if magnitude <= limit:
            slot = 2 * magnitude - (1 if symbol > 0 else 0)
        else:
            # Decoded in the order: prefix, value bits from the highest, sign; so pushed in reverse.
            state, position = _push(state, 1 if symbol < 0 else 0, 1, 1, out, position)
            value = magnitude - limit
            length = 0
            while (value >> (length + 1)) > 0:
                length += 1
            for bit in range(length):
                state, position = _push(state, (value >> bit) & 1, 1, 1, out, position)
            state, position = _push(state, 1, 1, 1, out, position)
            for _ in range(length):
                state, position = _push(state, 0, 1, 1, out, position)
            slot = 2 * limit + 1
        start = row[1 + slot]
        state, position = _push(state, start, row[2 + slot] - start, PRECISION, out, position)
    for shift in (0, 8, 16, 24):
        position -= 1
        out[position] = (state >> shift) & 0xFF
    return position


@numba.njit(cache=True, nogil=True, boundscheck=False)
def _pull_bit(state, data, position):
    bit = state & 1
    state >>= 1
    while state < LOWER and position < data.size:
        state = (state << 8) | data[position]
        position += 1
    return bit, state, position


@numba.njit(cache=True, nogil=True, boundscheck=False)
def _decode(data, cursor, indices, tables, symbols):
    """Decode `indices.size` symbols; `cursor` holds (state, position) between calls. Returns DONE or DAMAGED."""
    state = cursor[0]
    position = cursor[1]
    for i in range(indices.size):
        index = indices[i]
        if index == 0:
            symbols[i] = 0
            continue
        row = tables[index]
        limit = row[0]
        target = state & _MASK
        slot = 0
        while row[2 + slot] <= target:
            slot += 1
        start = row[1 + slot]
        state = (row[2 + slot] - start) * (state >> PRECISION) + target - start
        while state < LOWER and position < data.size:
            state = (state << 8) | data[position]
            position += 1
        if state < LOWER:
            return DAMAGED
        if slot <= 2 * limit:
            magnitude = (slot + 1) >> 1
            symbols[i] = magnitude if slot & 1 else -magnitude
            continue
        length = 0
        bit, state, position = _pull_bit(state, data, position)
        while bit == 0:
            length += 1
            if length > _GOLOMB_LIMIT:
                return DAMAGED
            bit, state, position = _pull_bit(state, data, position)
        value = 1
        for _ in range(length):
            bit, state, position = _pull_bit(state, data, position)
            value = (value << 1) | bit
        bit, state, position = _pull_bit(state, data, position)
        magnitude = value + limit
        if magnitude > MAX_MAGNITUDE or state < LOWER:
            return DAMAGED
        symbols[i] = -magnitude if bit else magnitude
    cursor[0] = state
    cursor[1] = position
    return DONE


def encode(symbols: NDArray[np.int16], indices: NDArray[np.uint8], tables: NDArray[np.int32]) -> bytes:
    """Code flat int16 symbols (|s| <= MAX_MAGNITUDE, 0 where the index is 0) with flat table indices."""
    coded = int(np.count_nonzero(indices))
    # 16 bits is the dearest table symbol; escapes cost up to 16 + 2 * 12 bits more and are rare: grow when full.
    room = 256 + 2 * coded
    while True:
        out = np.empty(room, dtype=np.uint8)
        position = int(_encode(symbols, indices, tables, out))
        if position != DAMAGED:
            return out[position:].tobytes()
        room *= 2


class Decoder:
    """Reads symbols from one rANS byte string, in as many calls as the caller's context needs."""

    def __init__(self, data: bytes) -> None:
        """Raises ValueError when `data` is too short to hold a state."""
        if len(data) < FLUSH_BYTES:
            raise ValueError("shorter than the coder's state")
        self._data = np.frombuffer(data, dtype=np.uint8)
        state = int.from_bytes(data[:FLUSH_BYTES], "big")
        if not LOWER <= state < LOWER << 8:
            raise ValueError("impossible coder state")
        self._cursor = np.array([state, FLUSH_BYTES], dtype=np.int64)

    def read(self, indices: NDArray[np.uint8], tables: NDArray[np.int32]) -> NDArray[np.int16]:
        """The next `indices.size` symbols, same shape. Raises ValueError where the bytes cannot be right."""
        symbols = np.empty(indices.size, dtype=np.int16)
        if _decode(self._data, self._cursor, indices.ravel(), tables, symbols) != DONE:
            raise ValueError("the symbols do not decode")
        return symbols.reshape(indices.shape)

    def finish(self) -> None:
        """Raise ValueError unless the bytes are used up and the state is back where the encoder began: a decoder with
        other table indices hardly ever ends there. (Damaged bytes are the business of the record's checksum.)"""
        if int(self._cursor[0]) != LOWER or int(self._cursor[1]) != self._data.size:
            raise ValueError("the coder did not end where it began")
