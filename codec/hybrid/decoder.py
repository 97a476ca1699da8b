"""The hybrid codec's bytes to pictures, several GoPs side by side."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from codec import gop
from codec.api import DecodeSettings
from codec.container.header import lambda_code
from codec.container.stream import Stream
from codec.context import QUIET, WorkContext
from codec.errors import StreamError
from codec.hybrid import payload, segments, tables
from codec.hybrid.anchors import AnchorState, DecodedAnchors, decode_anchors, in_order
from codec.hybrid.corrections import decode_trees_between
from codec.hybrid.motion import coding
from codec.hybrid.motion.layout import MotionFields, fields_of
from codec.hybrid.motion.warp import between
from codec.hybrid.payload import Symbols
from codec.hybrid.pictures import pictures_of, rgb_of
from codec.hybrid.settings import LAMBDA_RANGE
from codec.hybrid.shape import GopShape, level_of, shape_of
from codec.media.picture import Picture
from codec.pipeline.threads import GopThreads, worker_count


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a GoP whose symbols are read and whose anchors are decoded."""

    shape: GopShape
    symbols: Symbols
    motion: MotionFields
    anchors: DecodedAnchors


Restored = list[Segment]
"""All of a GoP, its segments."""


class GopDecoder:
    """A stream being decoded, a GoP in two steps: `link` reads symbols and decodes anchors in chain order, `finish`
    makes the pictures between them."""

    decoder = ""

    def __init__(self, stream: Stream, settings: DecodeSettings | None = None, context: WorkContext = QUIET) -> None:
        """Raises StreamError for a λ that the codec does not have, ModelError when the tables the stream names are not
        there."""
        settings, header = settings or DecodeSettings(), stream.header
        low, high = (lambda_code(end) for end in LAMBDA_RANGE)
        if not low <= header.lambda_code <= high:
            raise StreamError(f"{stream.path}: the stream's header is damaged (impossible λ).")
        if header.codec_data:
            raise StreamError(f"{stream.path}: the stream's header is damaged (impossible codec data).")
        self._stream, self._threads, self._context = stream, settings.threads, context
        self._first_shown = 0
        self._tables, self._level = tables.of_stream(header.model_id, stream.path), level_of(header)
        self._last: tuple[int, AnchorState] | None = None

    def gops(self, wanted: Iterable[int]) -> Iterator[tuple[int, list[Picture] | None]]:
        """Pictures of GoPs by ascending number, several worked on side by side; None where the bytes pass their
        checksum but do not decode. Raises Cancelled."""
        numbers = list(wanted)
        self._first_shown = min(numbers, default=0)
        ahead = range(self._stream.chain_start(numbers[0]), numbers[0]) if numbers else ()
        with GopThreads(worker_count(self._threads, torch.device("cpu"))) as pool:
            linked = pool.linked(lambda index: index, self.link, (*ahead, *numbers))
            yield from (found for found in pool.in_order(self.finish, linked) if found[0] >= self._first_shown)

    def gop(self, index: int) -> list[Picture] | None:
        """One GoP's pictures, with what it is chained to decoded on the way."""
        self._first_shown = 0
        for i in range(self.next_to_link(index), index):
            self.link(i)
        return self.finish(self.link(index))[1]

    def next_to_link(self, index: int) -> int:
        """Where linking has to go on to reach `index`: after the last linked GoP, or at the start of its chain."""
        start = self._stream.chain_start(index)
        return max(start, self._last[0] + 1) if self._last is not None and self._last[0] < index else start

    def link(self, index: int) -> tuple[int, Restored | None]:
        """Symbols and anchors of a GoP, None when it does not decode."""
        self._context.check()
        header, record = self._stream.header, self._stream.records[index]
        before = None
        if record.chained:
            if self._last is None or self._last[0] != index - 1:
                return index, None
            before = self._last[1]
        part = gop.gop_at(index, header.frame_count, header.structure)
        shape = shape_of(header, part, chained=record.chained, cut=record.cut)
        restored: Restored = []
        moved = coding.new_models()
        try:
            for each, data in segments.parted(record.payload, shape):
                restored.append(self._segment(each, data, before, moved))
                before = restored[-1].anchors.state
        except ValueError:
            return index, None
        self._last = (index, restored[-1].anchors.state)
        return index, restored

    def _segment(self, shape: GopShape, data: bytes, before: AnchorState | None, moved: NDArray[np.int32]) -> Segment:
        """A segment that is coded as `data`, chained to what one left `before`; `moved` as of `payload.decode`. Raises
        ValueError when it is damaged."""
        colour = self._stream.header.colour
        symbols = payload.decode(self._tables, data, self._level, shape, before and before.texture, moved)
        motion = fields_of(symbols.motion, shape.length, shape.entry)
        keys = [rgb_of(key, colour) for key in symbols.keys]
        anchors = decode_anchors(
            self._tables, symbols.trees, symbols.textures, motion, shape, self._level, before, keys, colour
        )
        return Segment(shape, symbols, motion, anchors)

    def finish(self, linked: tuple[int, Restored | None]) -> tuple[int, list[Picture] | None]:
        """A GoP's pictures; none are made of one that was only linked on the way."""
        self._context.check()
        index, restored = linked
        if restored is None or index < self._first_shown:
            return index, None
        header = self._stream.header
        pictures: list[Picture] = []
        try:
            for segment in restored:
                # The first picture of all segments but the first is the last of the one before.
                own = self._pictures(segment)[min(1, len(pictures)) :]
                pictures += pictures_of(own, header.width, header.height, header.colour)
        except ValueError:
            return index, None
        return index, pictures

    def _pictures(self, segment: Segment) -> Tensor:
        """The pictures (n, 3, H, W) of a segment. Raises ValueError where the trees between the anchors are damaged;
        what is chained to those does not need them."""
        ends, shape = segment.anchors.pictures, segment.shape
        if shape.length <= 2:
            return in_order(ends, None)
        made = between(ends[0], ends[-1], segment.motion)
        colour = self._stream.header.colour
        decode_trees_between(self._tables, segment.symbols.trees[-1], made, shape, self._level, colour)
        return in_order(ends, made)
