"""Clip to `.gop` file with whichever codec the settings are for: the GoP the user looks at first, the file in order."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from codec import gop, registry
from codec.api import CodecSettings, DecodedGop
from codec.container.header import MAX_FRAMES, MAX_PIXELS, MAX_SIDE, Header, lambda_code, write_header
from codec.container.stream import StreamInfo, read_info, write_record
from codec.context import QUIET, WorkContext
from codec.errors import SettingError, StreamError
from codec.media import place
from codec.media.picture import FrameSource, Timing
from codec.output import WholeFile, check_output, read_by


def encode_clip(
    clip: FrameSource,
    timing: Timing,
    sample_aspect: Fraction,
    output: Path,
    settings: CodecSettings,
    context: WorkContext = QUIET,
    on_gop: Callable[[DecodedGop], None] | None = None,
) -> StreamInfo:
    """Encode `clip` into `output`, which appears whole or not at all.

    `on_gop` gets every GoP as decoded from its bytes, the one numbered `settings.first_gop` first (its pictures are
    empty when `settings.reconstruct` is off). Falls back to the CPU when an accelerator's memory runs out and says so
    through `context`. Raises SettingError, MediaError, ModelError, OutputError (the output is the clip), StreamError
    (it cannot be written) and Cancelled.
    """
    _check_clip(clip, output)
    codec = registry.codec_of(settings)
    colour = clip.picture(0).colour
    count = gop.count(clip.frame_count, settings.structure)
    if settings.first_gop >= count:
        raise SettingError(f"The first GoP must be below {count}, not {settings.first_gop}.")
    context.report(0.0, "loading the model")
    header = Header(
        codec.model_id(settings), clip.width, clip.height, settings.structure, lambda_code(settings.lmbda), colour,
        sample_aspect, timing, codec.id, codec.codec_data(settings),
    )  # fmt: skip
    head = write_header(header)
    checksum = int.from_bytes(head[-4:], "little")
    records: dict[int, bytes] = {}
    for made in codec.encode(clip, header, settings, context):
        coding = made.coding
        record = write_record(made.gop.index, made.payload, checksum, chained=coding.chained, cut=coding.cut)
        records[made.gop.index] = record
        if on_gop is not None:
            on_gop(DecodedGop(made.gop, made.pictures, len(record), coding, made.decoder))
        context.report(len(records) / count, f"GoP {len(records)} of {count}")
        context.check()
    _write(output, head, [records[i] for i in range(count)], read_by(clip))
    return read_info(output)


def _check_clip(clip: FrameSource, output: Path) -> None:
    if clip.width > MAX_SIDE or clip.height > MAX_SIDE or clip.width * clip.height > MAX_PIXELS:
        raise SettingError(f"Pictures of {clip.width}x{clip.height} are larger than the stream format allows.")
    if clip.frame_count > MAX_FRAMES:
        raise SettingError(f"A stream holds at most {MAX_FRAMES} frames; set in and out points.")
    place.output_file(output, StreamError, "stream")
    check_output(output, read_by(clip))


def _write(output: Path, head: bytes, records: list[bytes], inputs: tuple[Path, ...]) -> None:
    try:
        with WholeFile(output, inputs) as part, part.open("wb") as file:
            file.write(head)
            file.writelines(records)
    except OSError as error:
        raise StreamError(f"{output}: the stream cannot be written ({error.strerror or error}).") from error
