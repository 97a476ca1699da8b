"""Symbols of latents through the adaptive coder and back."""

import numpy as np
import pytest
from numpy.typing import NDArray

from codec.hybrid.entropy import symbols as coder
from codec.hybrid.entropy.range_coder import finish_reading, finish_writing, reader, writer

SIZE = (48, 12, 20)
SCALES = 0.05 * 200.0 ** (np.arange(64) / 63)


def drawn(seed: int) -> tuple[coder.Symbols, coder.Indices]:
    """Laplace symbols of random scales, each scale holding for a channel."""
    rng = np.random.default_rng(seed)
    index = np.broadcast_to(rng.integers(0, 64, SIZE[0])[:, None, None], SIZE).astype(np.uint8)
    values = np.round(rng.laplace(0, SCALES[index])).astype(np.int16)
    values[index == 0] = 0
    return values, index


def written(parts: list[tuple[int, coder.Symbols, coder.Indices]], starts: NDArray[np.int32] | None = None) -> bytes:
    contexts = coder.new_contexts(coder.plain_starts() if starts is None else starts)
    io, data = writer(coder.room_for(sum(values.size for _, values, _ in parts)))
    for number, values, index in parts:
        coder.write(io, data, contexts, number, values, index)
    return finish_writing(io, data)


def read(data: bytes, parts: list[tuple[int, coder.Symbols, coder.Indices]]) -> list[coder.Symbols]:
    contexts = coder.new_contexts(coder.plain_starts())
    io, rest = reader(data)
    found = [coder.read(io, rest, contexts, number, index) for number, _, index in parts]
    finish_reading(io, rest)
    return found


def test_symbols_of_all_sets_and_sizes_come_back() -> None:
    parts = [(number, *drawn(number)) for number in range(coder.SETS)]
    far = parts[1][1]
    far[:, ::5, ::7] = np.where(parts[1][2][:, ::5, ::7] > 0, coder.MAX_MAGNITUDE, 0)
    far[:, 1::5, ::7] = np.where(parts[1][2][:, 1::5, ::7] > 0, -15, 0)
    found = read(written(parts), parts)
    assert all(np.array_equal(a, b) for a, (_, b, _) in zip(found, parts, strict=True))


def test_the_length_is_near_that_of_the_distribution() -> None:
    rng = np.random.default_rng(5)
    index = np.full((64, 40, 40), 40, np.uint8)
    scale = SCALES[40]
    values = np.round(rng.laplace(0, scale, index.shape)).astype(np.int16)
    size = np.abs(values).astype(float)
    zero = -np.expm1(-0.5 / scale)
    other = np.exp(-(size - 0.5) / scale) * -np.expm1(-1 / scale) / 2
    ideal = -np.log2(np.where(size == 0, zero, other)).sum() / 8
    assert len(written([(2, values, index)])) < 1.02 * ideal


def test_what_lies_around_makes_symbols_cheaper() -> None:
    rng = np.random.default_rng(6)
    index = np.full((64, 24, 24), 40, np.uint8)
    loud = np.where(rng.random((1, 4, 4)) < 0.3, 4.0, 0.05).repeat(6, axis=1).repeat(6, axis=2)
    gathered = np.round(rng.laplace(0, 1.0, index.shape) * loud).astype(np.int16)
    scattered = rng.permutation(gathered.reshape(-1)).reshape(gathered.shape)
    assert len(written([(0, gathered, index)])) < 0.75 * len(written([(0, scattered, index)]))


def test_silence_costs_next_to_nothing() -> None:
    index = np.full((160, 23, 40), 8, np.uint8)
    # 23x40 places of 160 channels: under a hundredth of a bit a place.
    assert len(written([(2, np.zeros(index.shape, np.int16), index)])) * 8 < 0.2 * 23 * 40


def test_damage_is_noticed_or_gives_other_symbols_in_bounds() -> None:
    parts = [(1, *drawn(9))]
    data = written(parts)
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(100):
        hurt, place = bytearray(data), int(rng.integers(len(data)))
        hurt[place] ^= 1 << int(rng.integers(8))
        try:
            (found,) = read(bytes(hurt), parts)
        except ValueError as error:
            assert str(error) in ("the data does not decode", "an impossible symbol")
            refused += 1
            continue
        assert found.shape == SIZE and np.abs(found).max() <= coder.MAX_MAGNITUDE
        # Every byte says something: only the last ones have others that end the same way.
        assert place >= len(data) - 8 or not np.array_equal(found, parts[0][1])
    assert refused > 50
    assert np.array_equal(read(data, parts)[0], parts[0][1])
    with pytest.raises(ValueError, match="decode"):
        read(data + b"\1" * 8, parts)


def test_starts_from_a_file_are_checked() -> None:
    starts = coder.plain_starts()
    coder.check(starts)
    for wrong in (starts[:2], starts.astype(np.int64), np.where(starts == starts.max(), 1 << 16, starts)):
        with pytest.raises(ValueError, match="context"):
            coder.check(wrong)
