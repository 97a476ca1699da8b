"""`.gop` file to pictures, from the file alone: entropy decoding of the next GoPs beside the synthesis of this one."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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
    before = torch.get_num_threads()
    if threads:
        torch.set_num_threads(threads)
    try:
        model = store.model_for(stream.header.model_id, devices.pick(device), stream.path)
        yield from _decode(stream, model, start_gop, context, skip_damaged)
    finally:
        torch.set_num_threads(before)


def describe_damage(stream: Stream) -> str:
    """Which GoPs are lost, as a phrase."""
    lost = stream.damaged
    shown = ", ".join(str(i) for i in lost[:5]) + (", ..." if len(lost) > 5 else "")
    return f"{len(lost)} of {stream.header.gop_count} GoPs are missing or damaged (number {shown})"


def _decode(
    stream: Stream, model: CodecModel, start_gop: int, context: WorkContext, skip_damaged: bool
) -> Iterator[DecodedGop]:
    header = stream.header
    order = [i for i in range(start_gop, header.gop_count) if i in stream.records]
    with ThreadPoolExecutor(1, "gop-symbols") as pool:
        upcoming = pool.submit(_symbols, model, stream, order[0]) if order else None
        for position, index in enumerate(order):
            context.check()
            assert upcoming is not None
            symbols = upcoming.result()
            if position + 1 < len(order):
                upcoming = pool.submit(_symbols, model, stream, order[position + 1])
            context.report(position / len(order), f"GoP {position + 1} of {len(order)}")
            if symbols is None:
                if skip_damaged:
                    continue
                raise StreamError(f"{stream.path}: GoP {index} passes its checksum but does not decode.")
            model, decoded = _reconstruct(model, stream, index, symbols, context)
            yield decoded
    context.report(1.0, "decoded")


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


def _reconstruct(
    model: CodecModel, stream: Stream, index: int, symbols: latents.GopSymbols, context: WorkContext
) -> tuple[CodecModel, DecodedGop]:
    """The GoP's pictures, and the model to go on with (on the CPU when the accelerator's memory is full)."""
    try:
        return model, _pictures(model, stream.header, stream, index, symbols)
    except RuntimeError as error:
        if not devices.is_out_of_memory(error) or model.y_gain.log_gain.device.type == "cpu":
            raise
        context.report(0.0, "the accelerator's memory is full, going on with the CPU")
        model = store.model_for(stream.header.model_id, torch.device("cpu"), stream.path)
        return model, _pictures(model, stream.header, stream, index, symbols)


def _pictures(model: CodecModel, header: Header, stream: Stream, index: int, symbols: latents.GopSymbols) -> DecodedGop:
    part = gop.gop_at(index, header.frame_count, header.structure)
    y_hat = latents.restore(model, symbols, header.level_code)
    pictures = networks.synthesise(
        model, y_hat, header.level_code, part.length, header.width, header.height, header.colour
    )
    return DecodedGop(part, pictures, stream.records[index].size_bytes)
