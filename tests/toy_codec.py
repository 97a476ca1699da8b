"""A codec as another package would bring it: pictures deflated, nothing lost but the bits that λ leaves out."""

import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, cast

import numpy as np
import pytest

from codec import gop, registry
from codec.api import CodecSettings, DecodeSettings, EncodedGop, GopCoding, Option, StreamDecoder, option
from codec.container.header import Header
from codec.container.stream import Stream
from codec.context import WorkContext
from codec.errors import StreamError
from codec.media.picture import FrameSource, Picture


@dataclass(frozen=True, slots=True)
class ToySettings(CodecSettings):
    lambda_range: ClassVar[tuple[float, float]] = (0.5, 8.0)
    lambda_start: ClassVar[float] = 2.0
    lambda_marks: ClassVar[tuple[float, ...]] = (1.0, 4.0)

    effort: int = option(6, Option("Effort", "How hard deflate tries", low=1, high=9))
    order: str = option("rows", Option("Order", "Which way samples are read", choices=("rows", "columns")))
    inverted: bool = option(False, Option("Inverted", "Codes the negative"))


def planes(data: bytes, header: Header, count: int) -> Iterator[Picture]:
    chroma = -(-header.height // 2), -(-header.width // 2)
    shapes = ((header.height, header.width), chroma, chroma)
    offset = 0
    for _ in range(count):
        made = []
        for shape in shapes:
            size = shape[0] * shape[1]
            part = np.frombuffer(data, np.uint8, size, offset)
            by_columns = header.codec_data == b"columns"
            made.append(part.reshape(shape[::-1]).T.copy() if by_columns else part.reshape(shape).copy())
            offset += size
        yield Picture(made[0], made[1], made[2], header.colour)


class Decoder:
    decoder = ""

    def __init__(self, stream: Stream) -> None:
        if stream.header.codec_data not in (b"rows", b"columns"):
            raise StreamError(f"{stream.path}: the stream's header is damaged (no such order).")
        self._stream = stream

    def gops(self, wanted: Iterable[int]) -> Iterator[tuple[int, list[Picture] | None]]:
        for index in wanted:
            yield index, self.gop(index)

    def gop(self, index: int) -> list[Picture] | None:
        header = self._stream.header
        count = gop.gop_at(index, header.frame_count, header.structure).length
        try:
            data = zlib.decompress(self._stream.records[index].payload)
            return list(planes(data, header, count))
        except (zlib.error, ValueError):
            return None


class Toy:
    id = "toy"
    name = "Toy"
    settings = ToySettings
    needs_weights = False

    def weights(self) -> dict[str, Path]:
        return {}

    def weights_id(self, path: Path) -> str:
        return ""

    def model_id(self, settings: CodecSettings) -> bytes:
        return b"toy code"

    def codec_data(self, settings: CodecSettings) -> bytes:
        return cast(ToySettings, settings).order.encode()

    def numbers(self, device: str, precision: str) -> str:
        return "cpu, uint8"

    def encode(
        self, clip: FrameSource, header: Header, settings: CodecSettings, context: WorkContext
    ) -> Iterator[EncodedGop]:
        asked = cast(ToySettings, settings)
        step = max(1, round(8 / asked.lmbda))
        parts = gop.split(header.frame_count, header.structure)
        for part in sorted(parts, key=lambda each: each.index != asked.first_gop):
            context.check()
            kept = b""
            for picture in clip.pictures(part.start, part.stop):
                for plane in (picture.y, picture.u, picture.v):
                    coarse = (plane // step * step).astype(np.uint8)
                    coarse = 255 - coarse if asked.inverted else coarse
                    kept += (coarse.T if asked.order == "columns" else coarse).tobytes()
            shown = list(planes(kept, header, part.length)) if asked.reconstruct else []
            yield EncodedGop(part, zlib.compress(kept, asked.effort), GopCoding(), shown)

    def decoder(self, stream: Stream, settings: DecodeSettings, context: WorkContext) -> StreamDecoder:
        return Decoder(stream)


TOY = Toy()


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Toy]:
    """The codec installed as a package brings one: by an entry point. Child processes have it too."""
    installed = tmp_path / "site"
    described = installed / "toy-1.0.dist-info"
    described.mkdir(parents=True)
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text("[seamscope.codecs]\ntoy = tests.toy_codec:TOY\n")
    root = Path(__file__).parents[1]
    monkeypatch.syspath_prepend(str(installed))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(installed), str(root))))
    registry.codecs.cache_clear()
    yield TOY
    registry.codecs.cache_clear()
