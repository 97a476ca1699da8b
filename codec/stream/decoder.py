"""`.gop` file to pictures, from the file alone: several GoPs side by side."""

from collections.abc import Iterator
from pathlib import Path

import torch

from codec import gop
from codec.context import QUIET, WorkContext
from codec.errors import StreamError
from codec.media.picture import Picture
from codec.model import device as devices
from codec.model import store
from codec.model.weights import CodecModel
from codec.stream import latents, networks
from codec.stream.format import Stream, parse_stream
from codec.stream.latents import CodedGop
from codec.stream.parallel import GopThreads, worker_count
from codec.stream.settings import DecodedGop


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
    stream = parse_stream(Path(path))
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


Restored = list[tuple[int, CodedGop | None]]
"""GoP numbers with their latents, None for one whose symbols do not decode."""


class GopDecoder:
    """The two steps of a group of GoPs: `link` reads symbols and y_hat in chain order, `finish` makes pictures."""

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
        self._last: tuple[int, CodedGop] | None = None

    def groups(self, wanted: list[int], device: torch.device) -> Iterator[list[int]]:
        """GoP numbers to link, in order: those wanted, and before the first what it is chained to."""
        if not wanted:
            return
        header = self._stream.header
        ahead = range(self._stream.chain_start(wanted[0]), wanted[0])
        order = [gop.gop_at(i, header.frame_count, header.structure) for i in (*ahead, *wanted)]
        for group in networks.groups(order, device, header.width, header.height):
            yield [part.index for part in group]

    def next_to_link(self, index: int) -> int:
        """Where linking has to go on to reach `index`: after the last linked GoP, or at the start of its chain."""
        start = self._stream.chain_start(index)
        return max(start, self._last[0] + 1) if self._last is not None and self._last[0] < index else start

    def link(self, group: list[int]) -> Restored:
        """Symbols and y_hat of every GoP of the group."""
        self._context.check()
        return [(index, self._restore(index)) for index in group]

    def _restore(self, index: int) -> CodedGop | None:
        header, record = self._stream.header, self._stream.records[index]
        before = None
        if record.chained:
            if self._last is None or self._last[0] != index - 1:
                return None
            before = self._last[1]
        part = gop.gop_at(index, header.frame_count, header.structure)
        size = (networks.latent_frames(part.length), *networks.y_size(header.width, header.height))

        def run(model: CodecModel) -> CodedGop:
            symbols = latents.decode(model, record.payload, header.level_code, size, before and before.symbols)
            return latents.restore(model, symbols, header.level_code, before)

        try:
            coded = self._placed.run(run)
        except ValueError:
            return None
        self._last = (index, coded)
        return coded

    def finish(self, restored: Restored) -> list[tuple[int, DecodedGop | None]]:
        """The group's pictures; none are made of GoPs that were only linked on the way."""
        self._context.check()
        header = self._stream.header
        shown = [(index, coded) for index, coded in restored if coded is not None and index >= self._first_shown]
        pictures: list[list[Picture]] = []
        if shown:
            length = gop.gop_at(shown[0][0], header.frame_count, header.structure).length
            y_hat = torch.stack([coded.y_hat for _, coded in shown])
            pictures = self._placed.run(
                lambda model: networks.synthesise(
                    model, y_hat, header.level_code, length, header.width, header.height, header.colour
                )
            )
        made = {index: pictures[k] for k, (index, _) in enumerate(shown)}
        return [(index, self._decoded(index, made[index]) if index in made else None) for index, _ in restored]

    def _decoded(self, index: int, pictures: list[Picture]) -> DecodedGop:
        header = self._stream.header
        part = gop.gop_at(index, header.frame_count, header.structure)
        return DecodedGop(part, pictures, self._stream.records[index].size_bytes)
