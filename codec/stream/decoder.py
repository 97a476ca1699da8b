"""`.gop` file to pictures, from the file alone: several GoPs side by side."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from codec import gop
from codec.context import QUIET, WorkContext
from codec.errors import StreamError
from codec.media.picture import Picture
from codec.model import device as devices
from codec.model import store
from codec.model.config import LatentKind
from codec.model.weights import CodecModel
from codec.stream import latents, networks
from codec.stream.format import Stream, parse_stream
from codec.stream.latents import GopSymbols, Memory
from codec.stream.networks import AnchorState, DecodedAnchors, Motion
from codec.stream.parallel import GopThreads, worker_count
from codec.stream.settings import DecodedGop, GopCoding
from codec.stream.shape import GopShape


def decode_stream(
    path: Path | str,
    device: str = "auto",
    context: WorkContext = QUIET,
    *,
    start_gop: int = 0,
    threads: int = 0,
    precision: str = "auto",
    skip_damaged: bool = False,
) -> Iterator[DecodedGop]:
    """Decode GoP after GoP from `start_gop`.

    Raises StreamError naming the file and the damaged GoPs before anything is decoded, unless `skip_damaged`, which
    leaves them out; ModelError when the stream needs other weights; Cancelled.
    """
    stream = parse_stream(Path(path), context)
    if stream.damaged and not skip_damaged:
        raise StreamError(f"{path}: {describe_damage(stream)}.")
    chosen = devices.pick(device)
    decoder = GopDecoder(stream, chosen, context, start_gop, precision)
    wanted = [i for i in range(start_gop, stream.header.gop_count) if i in stream.records]
    done = 0
    with GopThreads(worker_count(threads, chosen)) as pool:
        linked = pool.linked(lambda group: group, decoder.link, decoder.groups(wanted, chosen))
        for gops in pool.in_order(decoder.finish, linked):
            for index, decoded in gops:
                if index < start_gop:
                    continue
                if decoded is None and not skip_damaged:
                    raise StreamError(f"{path}: GoP {index} passes its checksum but does not decode.")
                if decoded is not None:
                    done += 1
                    yield decoded
            context.report(done / max(1, len(wanted)), f"GoP {done} of {len(wanted)}")
            context.check()


def describe_damage(stream: Stream) -> str:
    """Which GoPs are lost, as a phrase."""
    lost = stream.damaged
    shown = ", ".join(str(i) for i in lost[:5]) + (", ..." if len(lost) > 5 else "")
    return f"{len(lost)} of {stream.header.gop_count} GoPs are missing or damaged (number {shown})"


@dataclass(frozen=True, slots=True)
class Restored:
    """A GoP whose symbols are read and whose anchors are decoded."""

    index: int
    shape: GopShape
    symbols: GopSymbols
    motion: Motion
    anchors: DecodedAnchors


class GopDecoder:
    """The two steps of a group of GoPs: `link` reads symbols and decodes anchors in chain order, `finish` makes the
    pictures between them."""

    def __init__(
        self,
        stream: Stream,
        device: torch.device,
        context: WorkContext = QUIET,
        first_shown: int = 0,
        precision: str = "auto",
    ) -> None:
        """GoPs below `first_shown` are linked, not shown. Raises ModelError when the weights the stream names are not
        there."""
        self._stream, self._context, self._first_shown = stream, context, first_shown
        header = stream.header
        self._placed = devices.Placed(
            lambda d: store.model_for(header.model_id, d, stream.path, precision), device, context
        )
        self._last: tuple[int, AnchorState] | None = None

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
        shape, code = header.shape(part, chained=record.chained, cut=record.cut), header.level_code

        def run(model: CodecModel) -> Restored:
            symbols = latents.decode(model, record.payload, code, shape, before and before.past)
            motion = networks.decoded_motion(symbols.motion, shape)

            def restore(i: int, kind: LatentKind, memory: Memory) -> Memory:
                return latents.restore(model, symbols.z[i : i + 1], symbols.residuals[i : i + 1], code, kind, memory)

            keys = [networks.rgb_of_key(key, header.colour) for key in symbols.keys]
            anchors = networks.decode_anchors(
                model, restore, symbols.trees, symbols.textures, motion, shape, code, before, keys, header.colour
            )
            return Restored(index, shape, symbols, motion, anchors)

        try:
            restored = self._placed.run(run)
        except ValueError:
            return None
        self._last = (index, restored.anchors.state)
        return restored

    def finish(self, linked: list[tuple[int, Restored | None]]) -> list[tuple[int, DecodedGop | None]]:
        """The group's pictures; none are made of GoPs that were only linked on the way."""
        self._context.check()
        shown = [part for index, part in linked if part is not None and index >= self._first_shown]
        between, damaged = self._placed.run(lambda model: self._between(model, shown)) if shown else (None, set())
        header = self._stream.header
        made = {}
        for k, part in enumerate(shown):
            if k in damaged:
                continue
            tensors = networks.in_order(part.anchors.pictures, None if between is None else between[k])
            made[part.index] = networks.pictures_of(tensors, header.width, header.height, header.colour)
        return [(index, self._decoded(index, made[index]) if index in made else None) for index, _ in linked]

    def _between(self, model: CodecModel, parts: list[Restored]) -> tuple[Tensor | None, set[int]]:
        """The pictures (n, m, 3, H, W) between the anchors of GoPs of one shape, and which of the n have damaged trees
        there; those that are chained to them do not need them."""
        shape, code = parts[0].shape, self._stream.header.level_code
        damaged: set[int] = set()
        if shape.length <= 2:
            return None, damaged
        ends = [torch.cat([part.anchors.pictures[i].to(model.device) for part in parts]) for i in (0, -1)]
        known = networks.known_between(model, ends[0], ends[1], [part.motion for part in parts])
        size, colour = (shape.height, shape.width), self._stream.header.colour
        for k, part in enumerate(parts):
            try:
                networks.decode_trees_between(model, part.symbols.trees[-1], known[k], size, code, colour)
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
        return networks.decode_between(model, y_hat, known, code), damaged

    def _decoded(self, index: int, pictures: list[Picture]) -> DecodedGop:
        header = self._stream.header
        part = gop.gop_at(index, header.frame_count, header.structure)
        record = self._stream.records[index]
        return DecodedGop(part, pictures, record.size_bytes, GopCoding(record.chained, record.cut))
