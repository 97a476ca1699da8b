"""Clip to `.gop` file: networks, quantisation, rANS; the GoP the user looks at first, the file in order."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import torch

from codec import gop
from codec.context import QUIET, WorkContext
from codec.errors import SettingError, StreamError
from codec.gop import Gop
from codec.media.picture import FrameSource, Picture, Timing
from codec.model import device as devices
from codec.model import store
from codec.model.weights import CodecModel
from codec.stream import latents, networks
from codec.stream.format import (
    MAX_FRAMES,
    MAX_PIXELS,
    MAX_SIDE,
    Header,
    StreamInfo,
    read_info,
    write_header,
    write_record,
)
from codec.stream.parallel import in_order, worker_count
from codec.stream.settings import DecodedGop, EncodeSettings, level_code


def encode_clip(
    clip: FrameSource,
    timing: Timing,
    sample_aspect: Fraction,
    output: Path,
    settings: EncodeSettings,
    context: WorkContext = QUIET,
    on_gop: Callable[[DecodedGop], None] | None = None,
) -> StreamInfo:
    """Encode `clip` into `output`, which appears whole or not at all.

    `on_gop` gets every GoP as decoded from its bytes, the one numbered `settings.first_gop` first (its pictures are
    empty when `settings.reconstruct` is off). Falls back to the CPU when an accelerator's memory runs out and says so
    through `context`. Raises SettingError, MediaError, ModelError, StreamError (the output cannot be written) and
    Cancelled.
    """
    _check_clip(clip, output)
    header_colour = clip.picture(0).colour
    count = gop.count(clip.frame_count, settings.structure)
    if settings.first_gop >= count:
        raise SettingError(f"The first GoP must be below {count}, not {settings.first_gop}.")
    context.report(0.0, "loading the model")
    device = devices.pick(settings.device)
    model = store.default_model(device)
    code = level_code(settings.lmbda)
    header = Header(
        model.model_id, clip.width, clip.height, settings.structure, code, header_colour, sample_aspect, timing
    )
    head = write_header(header)
    checksum = int.from_bytes(head[-4:], "little")
    encoder = _GopEncoder(model, header, checksum, settings.reconstruct, context)
    order = [settings.first_gop, *(i for i in range(count) if i != settings.first_gop)]
    records: dict[int, bytes] = {}

    def work(index: int) -> tuple[bytes, DecodedGop]:
        context.check()
        part = gop.gop_at(index, clip.frame_count, settings.structure)
        return encoder.encode(part, list(clip.pictures(part.start, part.stop)))

    workers = worker_count(settings.threads, device)
    for done, (record, decoded) in enumerate(in_order(work, order, workers), start=1):
        records[decoded.gop.index] = record
        if on_gop is not None:
            on_gop(decoded)
        context.report(done / count, f"GoP {done} of {count}")
        context.check()
    _write(output, head, [records[i] for i in range(count)])
    return read_info(output)


class _GopEncoder:
    """Encodes GoPs, several at once; moves to the CPU for good when the accelerator's memory is full."""

    def __init__(
        self, model: CodecModel, header: Header, checksum: int, reconstruct: bool, context: WorkContext
    ) -> None:
        self._model, self._header, self._checksum = model, header, checksum
        self._reconstruct = reconstruct
        self.context = context

    def encode(self, part: Gop, pictures: list[Picture]) -> tuple[bytes, DecodedGop]:
        """The GoP's record and its decode."""
        try:
            return self._encode(part, pictures)
        except RuntimeError as error:
            if not devices.is_out_of_memory(error) or self._model.y_gain.log_gain.device.type == "cpu":
                raise
            self.context.report(0.0, "the accelerator's memory is full, going on with the CPU")
            self._model = store.default_model(torch.device("cpu"))
            return self._encode(part, pictures)

    def _encode(self, part: Gop, pictures: list[Picture]) -> tuple[bytes, DecodedGop]:
        header, model = self._header, self._model
        y = networks.analyse(model, pictures, header.level_code)
        symbols, indices = latents.quantise(model, y, header.level_code)
        payload = latents.encode(symbols, indices, model)
        record = write_record(part.index, payload, self._checksum)
        shown: list[Picture] = []
        if self._reconstruct:
            t, height, width = y.shape[0], *y.shape[-2:]
            decoded = latents.decode(model, payload, header.level_code, t, height, width)
            y_hat = latents.restore(model, decoded, header.level_code)
            shown = networks.synthesise(
                model, y_hat, header.level_code, part.length, header.width, header.height, header.colour
            )
        return record, DecodedGop(part, shown, len(record))


def _check_clip(clip: FrameSource, output: Path) -> None:
    if clip.width > MAX_SIDE or clip.height > MAX_SIDE or clip.width * clip.height > MAX_PIXELS:
        raise SettingError(f"Pictures of {clip.width}x{clip.height} are larger than the stream format allows.")
    if clip.frame_count > MAX_FRAMES:
        raise SettingError(f"A stream holds at most {MAX_FRAMES} frames; set in and out points.")
    if not output.parent.is_dir():
        raise StreamError(f"{output}: the folder does not exist.")


def _write(output: Path, head: bytes, records: list[bytes]) -> None:
    temporary = output.with_name(f".{output.name}.part")
    try:
        with temporary.open("wb") as file:
            file.write(head)
            file.writelines(records)
        temporary.replace(output)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StreamError(f"{output}: the stream cannot be written ({error.strerror or error}).") from error
