"""Adaptive binary range coding, the encoder and the decoder in one function: what the one writes the other reads, by
construction. Carry handling after Subbotin and Martin's range coder as LZMA uses it; integers only.

`io` holds the coder's registers (the constants below), `models` (contexts, 2) int32 the probability of a one in 1/65536
and how often a context was met, which sets how fast it adapts. Compiled by numba, without the interpreter lock.
"""

import math

import numpy as np
from numpy.typing import NDArray

from codec.arrays import Int, Int32_2d, Int64_1d, UInt8_1d
from codec.compiled import compiled

READING, LOW, RANGE, CACHE, PENDING, POSITION, CODE, FAULT = range(8)
_REGISTERS = 8
_ONE = 1 << 16
LEAST = 1 << 6
_TOP = 1 << 24
SLOWEST = 6
_WORD = (1 << 32) - 1

BIT_COST = 16
"""Costs are in 1/16 bit."""


def _costs() -> NDArray[np.int64]:
    """What coding the bit of probability k / 256 costs."""
    share = np.maximum(np.arange(257), 1) / 256
    return np.round(-BIT_COST * np.log2(share)).astype(np.int64)


_COSTS = _costs()


def writer(room: int) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Registers and a buffer of `room` bytes for an encoder."""
    io = np.zeros(_REGISTERS, np.int64)
    io[RANGE] = _WORD
    io[PENDING] = 1
    return io, np.zeros(room, np.uint8)


def with_room(io: NDArray[np.int64], data: NDArray[np.uint8], room: int) -> NDArray[np.uint8]:
    """An encoder's buffer, or a larger one with the same bytes so far, that takes `room` more."""
    written = int(io[POSITION])
    needed = written + int(io[PENDING]) + room
    if needed <= data.size:
        return data
    larger = np.zeros(needed, np.uint8)
    larger[:written] = data[:written]
    return larger


def reader(data: bytes) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Registers and buffer of a decoder of `data`."""
    io = np.zeros(_REGISTERS, np.int64)
    io[READING], io[RANGE] = 1, _WORD
    io[CODE] = int.from_bytes(data[:4].ljust(4, b"\0"), "big")
    io[POSITION] = 4
    return io, np.frombuffer(data, np.uint8).copy()


@compiled()
def _put(io: Int64_1d, data: UInt8_1d, byte: Int) -> None:
    if io[POSITION] >= data.size:
        io[FAULT] = 1
        return
    data[io[POSITION]] = byte
    io[POSITION] += 1


@compiled()
def _shift_low(io: Int64_1d, data: UInt8_1d) -> None:
    if io[LOW] < 0xFF000000 or io[LOW] > _WORD:
        carry = io[LOW] >> 32
        _put(io, data, (io[CACHE] + carry) & 0xFF)
        for _ in range(io[PENDING] - 1):
            _put(io, data, (0xFF + carry) & 0xFF)
        io[PENDING] = 0
        io[CACHE] = (io[LOW] >> 24) & 0xFF
    io[PENDING] += 1
    io[LOW] = (io[LOW] & 0x00FFFFFF) << 8


@compiled()
def split(io: Int64_1d, data: UInt8_1d, bound: Int, bit: Int) -> Int:
    """Code a bit whose ones take the lower `bound` of the range; returns it."""
    if io[READING]:
        if io[CODE] < bound:
            bit = 1
            io[RANGE] = bound
        else:
            bit = 0
            io[CODE] -= bound
            io[RANGE] -= bound
        while io[RANGE] < _TOP:
            byte = 0
            if io[POSITION] < data.size:
                byte = np.int64(data[io[POSITION]])
            io[POSITION] += 1
            io[CODE] = ((io[CODE] << 8) | byte) & _WORD
            io[RANGE] <<= 8
        return bit
    if bit:
        io[RANGE] = bound
    else:
        io[LOW] += bound
        io[RANGE] -= bound
    while io[RANGE] < _TOP:
        io[RANGE] <<= 8
        _shift_low(io, data)
    return bit


@compiled()
def code_bit(
    io: Int64_1d, data: UInt8_1d, models: Int32_2d, context: Int, bit: Int, slowest: Int = SLOWEST, least: Int = LEAST
) -> Int:
    """Code (or, reading, find) a bit in a context; returns it. `slowest`: the shift by which a settled context adapts;
    `least`: the smallest probability, in 1/65536."""
    bit = split(io, data, (io[RANGE] >> 16) * np.int64(models[context, 0]), bit)
    adapt(models, context, bit, slowest, least)
    return bit


@compiled()
def adapt(models: Int32_2d, context: Int, bit: Int, slowest: Int, least: Int) -> None:
    """Move a context's probability towards a bit that was coded."""
    one = np.int64(models[context, 0])
    met = models[context, 1]
    speed = min(slowest, 3 + (met >> 3))
    if met < 255:
        models[context, 1] = met + 1
    one += ((_ONE - one) >> speed) if bit else -(one >> speed)
    models[context, 0] = min(max(one, least), _ONE - least)


@compiled()
def code_even(io: Int64_1d, data: UInt8_1d, bit: Int) -> Int:
    """Code a bit that is as likely one as zero; returns it."""
    return split(io, data, io[RANGE] >> 1, bit)


@compiled()
def code_golomb(io: Int64_1d, data: UInt8_1d, value: Int, most: Int) -> Int:
    """Code a number of at least one as Exp-Golomb code of even bits, at most `most` of them to say its length; returns
    it."""
    bits = 0
    while bits < most and code_even(io, data, 1 if (value >> (bits + 1)) > 0 else 0):
        bits += 1
    found = 1
    for i in range(bits - 1, -1, -1):
        found = (found << 1) | code_even(io, data, (value >> i) & 1)
    return found


@compiled()
def cost(models: Int32_2d, context: Int, bit: Int) -> Int:
    """What `code_bit` would take now, in 1/16 bit."""
    share: Int = models[context, 0] >> 8
    return _COSTS[share] if bit else _COSTS[256 - share]


@compiled()
def _flush(io: Int64_1d, data: UInt8_1d) -> None:
    # Any number within the range will do: one that ends in zeros, which need not be written.
    io[LOW] = (io[LOW] + _TOP - 1) & ~np.int64(_TOP - 1)
    for _ in range(5):
        _shift_low(io, data)


def finish_writing(io: NDArray[np.int64], data: NDArray[np.uint8]) -> bytes:
    """The bytes written. Raises ValueError when the buffer was too small."""
    _flush(io, data)
    if io[FAULT]:
        raise ValueError("no room for what is coded")
    # The first byte is always zero; zeros are also what a decoder finds past the end.
    return data[1 : io[POSITION]].tobytes().rstrip(b"\0")


def finish_reading(io: NDArray[np.int64], data: NDArray[np.uint8]) -> None:
    """Raise ValueError unless what was read makes sense, took all bytes, and ended where the encoder did."""
    if io[FAULT] or io[POSITION] < data.size or io[CODE] >= _TOP:
        raise ValueError("the data does not decode")


def level_of(share: float) -> int:
    """A probability as `models` holds it."""
    return min(max(math.floor(share * _ONE), LEAST), _ONE - LEAST)
