"""`.gop` file to pictures, from the file alone: its header names the codec."""

from collections.abc import Iterator
from pathlib import Path

from codec import gop, registry
from codec.api import DecodedGop, DecodeSettings, GopCoding
from codec.container.stream import Stream, parse_stream
from codec.context import QUIET, WorkContext
from codec.errors import StreamError


def decode_stream(
    path: Path | str,
    device: str = "auto",
    context: WorkContext = QUIET,
    *,
    start_gop: int = 0,
    threads: int = 0,
    precision: str = "auto",
    skip_damaged: bool = False,
    decoder: str = "auto",
) -> Iterator[DecodedGop]:
    """Decode GoP after GoP from `start_gop`.

    Raises StreamError naming the file and the damaged GoPs before anything is decoded, unless `skip_damaged`, which
    leaves them out; also for a codec that is not there; ModelError when the stream needs other weights; Cancelled.
    """
    stream = parse_stream(Path(path), context)
    if stream.damaged and not skip_damaged:
        raise StreamError(f"{path}: {describe_damage(stream)}.")
    settings = DecodeSettings(device, precision, threads, decoder)
    opened = registry.codec_of_stream(stream).decoder(stream, settings, context)
    wanted = [i for i in range(start_gop, stream.header.gop_count) if i in stream.records]
    done = 0
    for index, pictures in opened.gops(wanted):
        if pictures is None and not skip_damaged:
            raise StreamError(f"{path}: GoP {index} passes its checksum but does not decode.")
        if pictures is not None:
            done += 1
            record = stream.records[index]
            part = gop.gop_at(index, stream.header.frame_count, stream.header.structure)
            yield DecodedGop(part, pictures, record.size_bytes, GopCoding(record.chained, record.cut), opened.decoder)
        context.report(done / max(1, len(wanted)), f"GoP {done} of {len(wanted)}")
        context.check()


def describe_damage(stream: Stream) -> str:
    """Which GoPs are lost, as a phrase."""
    lost = stream.damaged
    shown = ", ".join(str(i) for i in lost[:5]) + (", ..." if len(lost) > 5 else "")
    return f"{len(lost)} of {stream.header.gop_count} GoPs are missing or damaged (number {shown})"
