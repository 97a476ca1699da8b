"""The hybrid codec's bytes to pictures, several GoPs side by side."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

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
from codec.hybrid import latents, networks, segments
from codec.hybrid.corrections import decode_trees_between
from codec.hybrid.latents import GopSymbols, Memory
from codec.hybrid.model import store
from codec.hybrid.model.config import LatentKind
from codec.hybrid.model.weights import CodecModel
from codec.hybrid.motion import coding
from codec.hybrid.networks import AnchorState, DecodedAnchors, Motion
from codec.hybrid.pictures import pictures_of, rgb_of_key
from codec.hybrid.settings import LAMBDA_RANGE
from codec.hybrid.shape import GopShape, shape_of
from codec.media.picture import Picture
from codec.nn import device as devices
from codec.pipeline.threads import GopThreads, worker_count


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a GoP whose symbols are read and whose anchors are decoded."""

    shape: GopShape
    symbols: GopSymbols
    motion: Motion
    anchors: DecodedAnchors


Restored = list[Segment]
"""All of a GoP, its segments."""


class GopDecoder:
    """A stream being decoded, in two steps of a group of GoPs: `link` reads symbols and decodes anchors in chain order,
    `finish` makes the pictures between them."""

    def __init__(self, stream: Stream, settings: DecodeSettings | None = None, context: WorkContext = QUIET) -> None:
        """Raises StreamError for a λ that the codec does not have, ModelError when the weights the stream names are not
        there."""
        settings, header = settings or DecodeSettings(), stream.header
        low, high = (lambda_code(end) for end in LAMBDA_RANGE)
        if not low <= header.lambda_code <= high:
            raise StreamError(f"{stream.path}: the stream's header is damaged (impossible λ).")
        if header.codec_data not in (b"", segments.CODEC_DATA):
            raise StreamError(f"{stream.path}: the stream's header is damaged (impossible codec data).")
        self._stream, self._settings, self._context = stream, settings, context
        self._device = devices.pick(settings.device)
        self._first_shown = 0
        self._placed = devices.Placed(
            lambda d: store.model_for(header.model_id, d, stream.path, settings.precision), self._device, context
        )
        self._last: tuple[int, AnchorState] | None = None

    def gops(self, wanted: Iterable[int]) -> Iterator[tuple[int, list[Picture] | None]]:
        """Pictures of GoPs by ascending number, several worked on side by side; None where the bytes pass their
        checksum but do not decode. Raises Cancelled."""
        numbers = list(wanted)
        self._first_shown = min(numbers, default=0)
        with GopThreads(worker_count(self._settings.threads, self._device)) as pool:
            linked = pool.linked(lambda group: group, self.link, self.groups(numbers, self._device))
            for group in pool.in_order(self.finish, linked):
                yield from (found for found in group if found[0] >= self._first_shown)

    def gop(self, index: int) -> list[Picture] | None:
        """One GoP's pictures, with what it is chained to decoded on the way."""
        self._first_shown = 0
        for i in range(self.next_to_link(index), index):
            self.link([i])
        ((_, pictures),) = self.finish(self.link([index]))
        return pictures

    def groups(self, wanted: list[int], device: torch.device) -> Iterator[list[int]]:
        """GoP numbers to link, in order: those wanted, and before the first what it is chained to."""
        if not wanted:
            return
        header = self._stream.header
        ahead = range(self._stream.chain_start(wanted[0]), wanted[0])
        order = [gop.gop_at(i, header.frame_count, header.structure) for i in (*ahead, *wanted)]
        for _, run in groupby(order, lambda part: self._stream.records[part.index].chained):
            for group in networks.groups(list(run), device, header.width, header.height):
                yield [part.index for part in group]

    def next_to_link(self, index: int) -> int:
        """Where linking has to go on to reach `index`: after the last linked GoP, or at the start of its chain."""
        start = self._stream.chain_start(index)
        return max(start, self._last[0] + 1) if self._last is not None and self._last[0] < index else start

    def link(self, group: list[int]) -> list[tuple[int, Restored | None]]:
        """Symbols and anchors of every GoP of the group, None for one that does not decode."""
        self._context.check()
        return [(index, self._restore(index)) for index in group]

    def _restore(self, index: int) -> Restored | None:
        header, record = self._stream.header, self._stream.records[index]
        before = None
        if record.chained:
            if self._last is None or self._last[0] != index - 1:
                return None
            before = self._last[1]
        part = gop.gop_at(index, header.frame_count, header.structure)
        shape = shape_of(header, part, chained=record.chained, cut=record.cut)
        restored: Restored = []
        moved = coding.new_models()
        try:
            for each, data in segments.parted(record.payload, shape, header.codec_data):
                restored.append(self._segment(each, data, before, moved))
                before = restored[-1].anchors.state
        except ValueError:
            return None
        self._last = (index, restored[-1].anchors.state)
        return restored

    def _segment(self, shape: GopShape, data: bytes, before: AnchorState | None, moved: NDArray[np.int32]) -> Segment:
        """A segment that is coded as `data`, chained to what one left `before`; `moved` as of `latents.decode`. Raises
        ValueError when it is damaged."""
        code, colour = self._stream.header.lambda_code, self._stream.header.colour

        def run(model: CodecModel) -> Segment:
            symbols = latents.decode(model, data, code, shape, before and before.past, moved)
            motion = networks.decoded_motion(symbols.motion, shape)

            def restore(i: int, kind: LatentKind, memory: Memory) -> Memory:
                return latents.restore(model, symbols.z[i : i + 1], symbols.residuals[i : i + 1], code, kind, memory)

            keys = [rgb_of_key(key, colour) for key in symbols.keys]
            anchors = networks.decode_anchors(
                model, restore, symbols.trees, symbols.textures, motion, shape, code, before, keys, colour
            )
            return Segment(shape, symbols, motion, anchors)

        return self._placed.run(run)

    def finish(self, linked: list[tuple[int, Restored | None]]) -> list[tuple[int, list[Picture] | None]]:
        """The group's pictures; none are made of GoPs that were only linked on the way."""
        self._context.check()
        shown = [part for index, part in linked if part is not None and index >= self._first_shown]
        made: list[Tensor | None] = []
        for run in networks.runs([each for part in shown for each in part], lambda each: each.shape.length):
            made += self._placed.run(lambda model, some=run: self._pictures(model, some))
        header, rest = self._stream.header, iter(made)
        found: dict[int, list[Picture] | None] = {}
        for index, part in linked:
            if part is None or index < self._first_shown:
                continue
            tensors = [next(rest) for _ in part]
            pictures: list[Picture] = []
            for each in tensors:
                if each is not None:
                    # The first picture of all segments but the first is the last of the one before.
                    own = each[min(1, len(pictures)) :]
                    pictures += pictures_of(own, header.width, header.height, header.colour)
            found[index] = None if any(each is None for each in tensors) else pictures
        return [(index, found.get(index)) for index, _ in linked]

    def _pictures(self, model: CodecModel, parts: list[Segment]) -> list[Tensor | None]:
        """The pictures (n, 3, H, W) of segments of one length, None where the trees between the anchors are damaged;
        what is chained to those does not need them."""
        shape, code = parts[0].shape, self._stream.header.lambda_code
        if shape.length <= 2:
            return [networks.in_order(part.anchors.pictures, None) for part in parts]
        damaged: set[int] = set()
        ends = [torch.cat([part.anchors.pictures[i].to(model.device) for part in parts]) for i in (0, -1)]
        known = networks.known_between(model, ends[0], ends[1], [part.motion for part in parts])
        size, colour = (shape.height, shape.width), self._stream.header.colour
        for k, part in enumerate(parts):
            try:
                decode_trees_between(model, part.symbols.trees[-1], known[k], size, code, colour)
            except ValueError:
                damaged.add(k)
        memory = latents.joined([part.anchors.state.memory for part in parts], model.device)
        y_hat = []
        for i, kind in enumerate(shape.kinds[shape.anchors :]):
            # A GoP with a cut has an anchor less.
            z = np.stack([part.symbols.z[part.shape.anchors + i] for part in parts])
            residual = np.stack([part.symbols.residuals[part.shape.anchors + i] for part in parts])
            memory = latents.restore(model, z, residual, code, kind, memory)
            y_hat.append(memory.y_hat)
        between = networks.decode_between(model, y_hat, known, code)
        return [
            None if k in damaged else networks.in_order(part.anchors.pictures, between[k])
            for k, part in enumerate(parts)
        ]
