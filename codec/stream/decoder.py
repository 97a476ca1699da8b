"""`.gop` file to pictures, from the file alone: several GoPs side by side."""

from collections.abc import Iterator
from pathlib import Path

import torch

from codec import gop
from codec.context import QUIET, WorkContext
from codec.errors import StreamError
from codec.model import device as devices
from codec.model import store
from codec.model.weights import CodecModel
from codec.stream import latents, networks
from codec.stream.format import Header, Stream, parse_stream
from codec.stream.parallel import in_order, worker_count
from codec.stream.settings import DecodedGop


def decode_stream(
    path: Path | str,
    device: str = "auto",
    context: WorkContext = QUIET,
    *,
    start_gop: int = 0,
    threads: int = 0,
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
    decoder = _GopDecoder(stream, store.model_for(stream.header.model_id, chosen, stream.path), context)
    order = [i for i in range(start_gop, stream.header.gop_count) if i in stream.records]
    for done, decoded in enumerate(in_order(decoder.decode, order, worker_count(threads, chosen)), start=1):
        if decoded is not None:
            yield decoded
        elif not skip_damaged:
            raise StreamError(f"{path}: GoP {order[done - 1]} passes its checksum but does not decode.")
        context.report(done / len(order), f"GoP {done} of {len(order)}")
        context.check()


def describe_damage(stream: Stream) -> str:
    """Which GoPs are lost, as a phrase."""
    lost = stream.damaged
    shown = ", ".join(str(i) for i in lost[:5]) + (", ..." if len(lost) > 5 else "")
    return f"{len(lost)} of {stream.header.gop_count} GoPs are missing or damaged (number {shown})"


def decode_gop(model: CodecModel, stream: Stream, index: int) -> DecodedGop:
    """One GoP on its own. Raises StreamError when it is missing or damaged."""
    symbols = _symbols(model, stream, index) if index in stream.records else None
    if symbols is None:
        raise StreamError(f"{stream.path}: GoP {index} is missing or damaged.")
    return _pictures(model, stream.header, stream, index, symbols)


def _symbols(model: CodecModel, stream: Stream, index: int) -> latents.GopSymbols | None:
    header = stream.header
    part = gop.gop_at(index, header.frame_count, header.structure)
    height, width = networks.y_size(header.width, header.height)
    try:
        payload = stream.records[index].payload
        return latents.decode(model, payload, header.level_code, networks.latent_frames(part.length), height, width)
    except ValueError:
        return None


class _GopDecoder:
    """Decodes GoPs, several at once; moves to the CPU for good when the accelerator's memory is full."""

    def __init__(self, stream: Stream, model: CodecModel, context: WorkContext) -> None:
        self._stream, self._model, self._context = stream, model, context

    def decode(self, index: int) -> DecodedGop | None:
        """The GoP's pictures, or None when its symbols do not decode."""
        self._context.check()
        stream, model = self._stream, self._model
        symbols = _symbols(model, stream, index)
        if symbols is None:
            return None
        try:
            return _pictures(model, stream.header, stream, index, symbols)
        except RuntimeError as error:
            if not devices.is_out_of_memory(error) or model.y_gain.log_gain.device.type == "cpu":
                raise
            self._context.report(0.0, "the accelerator's memory is full, going on with the CPU")
            self._model = store.model_for(stream.header.model_id, torch.device("cpu"), stream.path)
            return _pictures(self._model, stream.header, stream, index, symbols)


def _pictures(model: CodecModel, header: Header, stream: Stream, index: int, symbols: latents.GopSymbols) -> DecodedGop:
    part = gop.gop_at(index, header.frame_count, header.structure)
    y_hat = latents.restore(model, symbols, header.level_code)
    pictures = networks.synthesise(
        model, y_hat, header.level_code, part.length, header.width, header.height, header.colour
    )
    return DecodedGop(part, pictures, stream.records[index].size_bytes)
