"""Bits mixed of several contexts' probabilities."""

import numpy as np
import pytest
from numpy.typing import NDArray

from codec.hybrid.entropy import mixing
from codec.hybrid.entropy.range_coder import finish_reading, finish_writing, reader, writer


def through(bits: NDArray[np.int64], said: NDArray[np.int64], data: bytes | None) -> tuple[bytes, list[int]]:
    """Write bits in contexts `said` (n, count), or read them from `data`."""
    count = said.shape[1]
    models = np.tile(np.array([1 << 15, 0], np.int32), (int(said.max()) + 1, 1))
    weights, found = mixing.new_weights(1), []
    work = np.zeros((2, mixing.INPUTS), np.int64)
    io, buffer = writer(64 + 2 * len(bits)) if data is None else reader(data)
    for bit, contexts in zip(bits, said, strict=True):
        work[0, :count] = contexts
        found.append(mixing.code_mixed(io, buffer, models, weights, 0, work, count, bit if data is None else 0))
    if data is not None:
        finish_reading(io, buffer)
        return data, found
    return finish_writing(io, buffer), found


def drawn(count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Bits that depend on the first of two contexts; the second knows nothing."""
    rng = np.random.default_rng(3)
    knows = rng.integers(0, 2, count)
    bits = (rng.random(count) < np.where(knows > 0, 0.97, 0.03)).astype(np.int64)
    return bits, np.stack((knows, 2 + rng.integers(0, 2, count)), axis=1)


def test_mixed_bits_come_back() -> None:
    bits, said = drawn(5000)
    data, _ = through(bits, said, None)
    assert through(np.zeros_like(bits), said, data)[1] == bits.tolist()


def test_a_context_that_knows_nothing_costs_little() -> None:
    bits, said = drawn(5000)
    ideal = -(0.97 * np.log2(0.97) + 0.03 * np.log2(0.03)) * len(bits) / 8
    alone, mixed = (len(through(bits, contexts, None)[0]) for contexts in (said[:, :1], said))
    assert mixed < 1.2 * ideal
    assert mixed < 1.1 * alone
    assert len(through(bits, said[:, 1:], None)[0]) > 4 * mixed


@pytest.mark.parametrize("table", ["stretched", "squashed"])
def test_no_entry_of_a_table_could_be_rounded_the_other_way(table: str) -> None:
    if table == "stretched":
        share = (np.arange(4096) + 0.5) / 4096
        exact, rounded = 256 * np.log(share / (1 - share)), mixing._STRETCHED
        exact = exact.clip(-2047, 2047)
    else:
        odds = np.exp(np.arange(-2047, 2048) / 256)
        exact, rounded = (65536 * odds / (1 + odds)).clip(32, 65504), mixing._SQUASHED
    assert np.array_equal(rounded, np.round(exact))
    assert np.abs(exact - np.floor(exact) - 0.5).min() > 1e-7
