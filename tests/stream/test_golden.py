"""Streams written once and for all: whatever is changed, they decode to the symbols they were made of.

Made by packaging/make_golden_streams.py, whose docstring says when they may be made anew.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from codec.errors import ModelError
from codec.model import store
from codec.stream.decoder import GopDecoder, decode_stream
from codec.stream.format import parse_stream
from codec.stream.networks import read_trees, read_trees_between
from codec.trees.coding import Planar

FOLDER = Path(__file__).parents[1] / "golden"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())


@pytest.fixture(autouse=True)
def golden_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(store.FOLDER, str(FOLDER))


@pytest.mark.parametrize("name", EXPECTED)
def test_golden_symbols_decode_as_ever(name: str) -> None:
    stream = parse_stream(FOLDER / f"{name}.gop")
    decoder = GopDecoder(stream, torch.device("cpu"))
    model = store.named_model("codec_golden", torch.device("cpu"), "full")
    sides = stream.header.width, stream.header.height
    grey = Planar(*(np.full((-(-sides[1] // n), -(-sides[0] // n)), 128, np.uint8) for n in (1, 2, 2)))
    assert stream.header.gop_count == len(EXPECTED[name]["symbols"])
    for index, digest in enumerate(EXPECTED[name]["symbols"]):
        ((_, coded),) = decoder.link([index])
        assert coded is not None
        symbols = coded.symbols
        level, anchors = stream.header.level_code, coded.shape.anchors
        trees = [read_trees(model, data, grey, level) for data in symbols.trees[:anchors]]
        for data in symbols.trees[anchors:]:
            trees += read_trees_between(model, data, [grey] * (coded.shape.length - 2), level)
        planes = [plane for picture in (*symbols.keys, *trees) for plane in (picture.y, picture.u, picture.v)]
        textures = [part for texture in symbols.textures for part in (texture.codes, texture.noisy)]
        parts = (symbols.motion.planes, symbols.motion.sides, symbols.z, symbols.residuals, *textures, *planes)
        data = b"".join(part.astype("<i2").tobytes() for part in parts)
        assert hashlib.sha256(data).hexdigest() == digest, f"GoP {index}"


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("threads", [1, 3])
def test_golden_pictures_look_as_ever(name: str, threads: int) -> None:
    gops = decode_stream(FOLDER / f"{name}.gop", "cpu", threads=threads, precision="full")
    luma = [float(picture.y.mean()) for gop in gops for picture in gop.pictures]
    # Float networks: another processor may round single samples the other way.
    assert luma == pytest.approx(EXPECTED[name]["mean_luma"], abs=0.05)


def test_framing_is_small_beside_what_it_frames() -> None:
    stream = parse_stream(FOLDER / "chained.gop")
    framing = [record.size_bytes - len(record.payload) for record in stream.records.values()]
    header = stream.size_bytes - sum(record.size_bytes for record in stream.records.values())
    # A GoP at 0.01 bpp of 640x360 is 2,304 bytes: two per cent are 46. The header counts once a stream.
    assert max(framing) <= 12
    assert header <= 64


def test_without_its_weights_a_golden_stream_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(store.FOLDER)
    identity = parse_stream(FOLDER / "chained.gop").header.model_id.hex()
    with pytest.raises(ModelError, match=identity):
        next(decode_stream(FOLDER / "chained.gop", "cpu"))
