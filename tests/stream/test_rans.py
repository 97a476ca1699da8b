import numpy as np
import pytest

from codec.stream import rans, tables

SCALES = 0.05 * 200.0 ** (np.arange(64) / 63)


def symbols(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    indices = rng.integers(0, 64, count).astype(np.uint8)
    values = np.round(rng.laplace(0, SCALES[indices])).astype(np.int16)
    values[::97] = rng.integers(-tables.MAX_MAGNITUDE, tables.MAX_MAGNITUDE + 1, len(values[::97]))
    values[indices == 0] = 0
    return values, indices


def test_symbols_come_back_in_any_number_of_reads_and_near_the_ideal_length() -> None:
    rows = tables.build(SCALES)
    values, indices = symbols(1, 20_000)
    data = rans.encode(values, indices, rows)
    decoder = rans.Decoder(data)
    parts = [decoder.read(part, rows) for part in np.array_split(indices, 7)]
    decoder.finish()
    assert np.array_equal(np.concatenate(parts), values)
    usual = np.abs(values) <= 8
    coded = rans.encode(np.where(usual, values, 0).astype(np.int16), indices, rows)
    counts = np.diff(rows[:, 1:], axis=1)
    small = np.where(usual, values, 0).astype(int)
    slots = np.where(small > 0, 2 * small - 1, -2 * small)
    fits = (np.abs(small) <= rows[indices, 0]) & (indices > 0)
    ideal = -np.log2(counts[indices[fits], slots[fits]] / tables.TOTAL).sum() / 8
    assert len(coded) < 1.02 * ideal + 64


def test_damage_is_noticed() -> None:
    rows = tables.build(SCALES)
    values, indices = symbols(2, 3_000)
    data = rans.encode(values, indices, rows)
    rng = np.random.default_rng(0)
    noticed = 0
    for _ in range(200):
        hurt = bytearray(data)
        hurt[int(rng.integers(len(hurt)))] ^= 1 << int(rng.integers(8))
        try:
            decoder = rans.Decoder(bytes(hurt))
            decoder.read(indices, rows)
            decoder.finish()
        except ValueError:
            noticed += 1
    # A flipped equiprobable bit of an escape is another valid stream: the record's checksum is there for that.
    assert noticed > 180
    with pytest.raises(ValueError, match=r"decode|began|state"):
        decoder = rans.Decoder(data[:-3])
        decoder.read(indices, rows)
        decoder.finish()


def test_tables_from_a_file_are_checked() -> None:
    rows = tables.build(SCALES)
    tables.check(rows)
    for row, column, value in ((3, 0, 99), (5, 1, 7), (9, 2, tables.TOTAL)):
        wrong = rows.copy()
        wrong[row, column] = value
        with pytest.raises(ValueError, match="table"):
            tables.check(wrong)
