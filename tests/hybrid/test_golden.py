"""Streams written once and for all: whatever is changed, they decode to the symbols they were made of.

Made by `resources/make/golden_streams.py`, whose docstring says when they may be made anew.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from codec.container.stream import parse_stream
from codec.errors import ModelError
from codec.resources import MORE_WEIGHTS
from codec.stream.decoder import decode_stream
from resources.make import golden_streams

FOLDER = Path(__file__).parents[1] / "golden"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())


@pytest.fixture(autouse=True)
def golden_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MORE_WEIGHTS, str(FOLDER))


# On a fresh clone it waits for loops to be compiled.
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", EXPECTED)
def test_golden_symbols_decode_as_ever(name: str) -> None:
    found, wanted = golden_streams.symbols_digest(FOLDER / f"{name}.gop"), EXPECTED[name]["symbols"]
    assert len(wanted) == parse_stream(FOLDER / f"{name}.gop").header.gop_count
    assert found == wanted


@pytest.fixture(scope="module")
def kept() -> dict[str, NDArray[Any]]:
    with np.load(FOLDER / golden_streams.PICTURES, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("threads", [1, 3])
def test_golden_pictures_look_as_ever(kept: dict[str, NDArray[Any]], name: str, threads: int) -> None:
    found = golden_streams.pictures_of(FOLDER / f"{name}.gop", threads)
    assert {part.removeprefix(f"{name} ") for part in kept if part.startswith(name)} == set(found)
    for part, array in found.items():
        wanted = kept[f"{name} {part}"]
        assert array.shape == wanted.shape and array.dtype == wanted.dtype
        differences = np.abs(array.astype(np.float32) - wanted)
        # Floating point: another processor may round single samples the other way, and no more.
        assert differences.max() <= (0.25 if part.endswith("means") else 2.0), part
        assert differences.mean() < 0.01, part


def test_no_two_golden_pictures_would_pass_for_each_other(kept: dict[str, NDArray[Any]]) -> None:
    """What is kept can tell pictures apart: also from themselves mirrored, moved or with colours swapped."""
    for name in EXPECTED:
        for part in (f"{name} y", f"{name} u", f"{name} v"):
            first, second = kept[part][:2].astype(int)
            for other in (second, first[::-1], first[:, ::-1], np.roll(first, 1, axis=1), np.roll(first, 1, axis=0)):
                assert np.abs(first - other).max() > 2
        assert np.abs(kept[f"{name} u"].astype(int) - kept[f"{name} v"]).max() > 2


def test_framing_is_small_beside_what_it_frames() -> None:
    stream = parse_stream(FOLDER / "chained.gop")
    framing = [record.size_bytes - len(record.payload) for record in stream.records.values()]
    header = stream.size_bytes - sum(record.size_bytes for record in stream.records.values())
    # A GoP at 0.01 bpp of 640x360 is 2,304 bytes: two per cent are 46. The header counts once a stream.
    assert max(framing) <= 12
    assert header <= 64


def test_without_its_weights_a_golden_stream_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MORE_WEIGHTS)
    identity = parse_stream(FOLDER / "chained.gop").header.model_id.hex()
    with pytest.raises(ModelError, match=identity):
        next(decode_stream(FOLDER / "chained.gop"))
