"""A stream to a lossless video file."""

from collections.abc import Iterator
from pathlib import Path

from codec import gop
from codec.api import DecodeSettings
from codec.container.stream import StreamInfo, read_info
from codec.context import QUIET, WorkContext
from codec.errors import StreamError
from codec.gop import DEFAULT_THETA, Slot, Structure
from codec.media.picture import Picture
from codec.media.writer import LosslessWriter
from codec.pipeline.join import blend, frames, spread
from codec.stream.decoder import decode_stream


def decode_to_file(
    path: Path,
    output: Path,
    *,
    theta: float = DEFAULT_THETA,
    wide: bool = False,
    settings: DecodeSettings | None = None,
    keep_undamaged: bool = False,
    context: WorkContext = QUIET,
) -> int:
    """Decode `path` into FFV1 `output`, seams blended with θ and, if asked, wide; returns how many frames are repeats
    for damaged GoPs.

    Raises StreamError for a damaged stream unless `keep_undamaged`, OutputError when the output is the stream,
    MediaError when it cannot be written.
    """
    info, wanted = read_info(path, context), settings or DecodeSettings()
    decoded = decode_stream(
        path,
        wanted.device,
        context,
        threads=wanted.threads,
        precision=wanted.precision,
        skip_damaged=keep_undamaged,
        decoder=wanted.decoder,
    )
    with LosslessWriter(
        output, info.width, info.height, info.colour, info.timing, info.sample_aspect, (path,)
    ) as writer:
        if not keep_undamaged:
            for picture in frames(decoded, info.structure, theta, wide=wide):
                writer.write(picture)
            return 0
        return _write_with_gaps(info, {d.gop.index: d.pictures for d in decoded}, theta, wide, writer)


def _write_with_gaps(
    info: StreamInfo, gops: dict[int, list[Picture]], theta: float, wide: bool, writer: LosslessWriter
) -> int:
    shown: list[Picture | None] = list(_frames_or_none(info, gops, theta, wide))
    last = next((picture for picture in shown if picture is not None), None)
    if last is None:
        raise StreamError(f"{info.path}: no GoP of the stream can be decoded.")
    repeats = 0
    for picture in shown:
        repeats += picture is None
        last = picture or last
        writer.write(last)
    return repeats


def _frames_or_none(
    info: StreamInfo, gops: dict[int, list[Picture]], theta: float, wide: bool
) -> Iterator[Picture | None]:
    def picture_of(slot: Slot) -> Picture | None:
        return gops[slot.gop][slot.offset] if slot.gop in gops else None

    for index in range(info.frame_count):
        slots = gop.slots(index, info.frame_count, info.structure)
        found = [picture for picture in map(picture_of, slots) if picture is not None]
        reach = gop.reach(index, info.frame_count) if wide and info.structure is Structure.OVERLAP else None
        if found and reach is not None:
            yield spread(reach, picture_of, theta)
        elif len(found) == 2 and theta < 1:
            yield blend(found[0], found[1], theta)
        else:
            yield found[0] if found else None
