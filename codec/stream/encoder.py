"""Clip to `.gop` file: networks, quantisation, rANS; the GoP the user looks at first, the file in order."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

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
from codec.stream.latents import CodedGop
from codec.stream.parallel import GopThreads, worker_count
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
    placed = devices.Placed(lambda d: store.named_model(settings.weights, d, settings.precision), device, context)
    header = Header(
        placed.run(lambda model: model.model_id), clip.width, clip.height, settings.structure,
        level_code(settings.lmbda), header_colour, sample_aspect, timing,
    )  # fmt: skip
    head = write_header(header)
    encoder = _GopEncoder(placed, clip, header, int.from_bytes(head[-4:], "little"), settings, context)
    records: dict[int, bytes] = {}
    with GopThreads(worker_count(settings.threads, device)) as threads:
        linked = threads.linked(encoder.analyse, encoder.link, encoder.groups(device))
        for finished in threads.in_order(encoder.finish, _first_ahead(linked, settings.first_gop)):
            for record, decoded in finished:
                records[decoded.gop.index] = record
                if on_gop is not None:
                    on_gop(decoded)
            context.report(len(records) / count, f"GoP {len(records)} of {count}")
            context.check()
    _write(output, head, [records[i] for i in range(count)])
    return read_info(output)


@dataclass(frozen=True, slots=True)
class _Analysed:
    """GoPs of one length that went through the networks together: gained y and z of each."""

    gops: list[Gop]
    y: Tensor
    z: list[Tensor]


@dataclass(frozen=True, slots=True)
class _Linked:
    """GoPs with their symbols, table indices, and what each was chained to."""

    gops: list[Gop]
    coded: list[CodedGop]
    indices: list[NDArray[np.uint8]]
    before: list[CodedGop | None]


def _first_ahead(groups: Iterable[_Linked], first: int) -> Iterator[_Linked]:
    """The group of GoP `first` before those that had to be linked ahead of it."""
    held: list[_Linked] = []
    waiting = True
    for group in groups:
        held.append(group)
        if waiting and all(part.index != first for part in group.gops):
            continue
        if waiting:
            held = [held[-1], *held[:-1]]
        waiting = False
        yield from held
        held = []


class _GopEncoder:
    """The three steps of a group of GoPs: `analyse` and `finish` run side by side, `link` in chain order."""

    def __init__(
        self,
        placed: devices.Placed[CodecModel],
        clip: FrameSource,
        header: Header,
        checksum: int,
        settings: EncodeSettings,
        context: WorkContext,
    ) -> None:
        self._placed, self._clip, self._header, self._checksum = placed, clip, header, checksum
        self._settings, self._context = settings, context
        self._last: CodedGop | None = None

    def groups(self, device: torch.device) -> Iterator[list[Gop]]:
        """All GoPs in coding order: the chain the user looks at first, then the others."""
        gops = gop.split(self._header.frame_count, self._header.structure)
        interval = self._settings.key_interval
        chains = [gops[i : i + interval] for i in range(0, len(gops), interval)]
        first = self._settings.first_gop // interval
        for chain in (chains[first], *chains[:first], *chains[first + 1 :]):
            yield from networks.groups(chain, device, self._header.width, self._header.height)

    def analyse(self, gops: list[Gop]) -> _Analysed:
        """Pictures to y and z."""
        self._context.check()
        pictures = [list(self._clip.pictures(part.start, part.stop)) for part in gops]

        def run(model: CodecModel) -> _Analysed:
            y = networks.analyse(model, pictures, self._header.level_code)
            return _Analysed(gops, y, [latents.hyper_symbols(model, each) for each in y])

        return self._placed.run(run)

    def link(self, analysed: _Analysed) -> _Linked:
        """Quantise GoP after GoP, each chained to the one before unless it is a key GoP."""
        linked = _Linked(analysed.gops, [], [], [])
        for part, y, z in zip(analysed.gops, analysed.y, analysed.z, strict=True):
            before = None if part.index % self._settings.key_interval == 0 else self._last
            coded, indices = self._placed.run(
                lambda model, y=y, z=z, before=before: latents.quantise(model, y, z, self._header.level_code, before)
            )
            self._last = coded
            linked.coded.append(coded)
            linked.indices.append(indices)
            linked.before.append(before)
        return linked

    def finish(self, linked: _Linked) -> list[tuple[bytes, DecodedGop]]:
        """Records and decoded pictures, the GoP asked for first."""
        self._context.check()
        shown: list[list[Picture]] = [[] for _ in linked.gops]
        records = [self._placed.run(lambda model, k=k: self._record(model, linked, k)) for k in range(len(shown))]
        if self._settings.reconstruct:
            header, length = self._header, linked.gops[0].length
            y_hat = torch.stack([coded.y_hat for coded in linked.coded])
            shown = self._placed.run(
                lambda model: networks.synthesise(
                    model, y_hat, header.level_code, length, header.width, header.height, header.colour
                )
            )
        done = [
            (record, DecodedGop(part, pictures, len(record)))
            for record, part, pictures in zip(records, linked.gops, shown, strict=True)
        ]
        return sorted(done, key=lambda pair: pair[1].gop.index != self._settings.first_gop)

    def _record(self, model: CodecModel, linked: _Linked, k: int) -> bytes:
        coded, before = linked.coded[k], linked.before[k]
        payload = latents.encode(coded.symbols, linked.indices[k], model)
        if self._settings.reconstruct:
            # What is shown is what the bytes say: read them back before believing the encoder's own y_hat.
            t, _, height, width = coded.symbols.residuals.shape
            size = (t, height, width)
            read = latents.decode(model, payload, self._header.level_code, size, before and before.symbols)
            same = np.array_equal(read.z, coded.symbols.z)
            if not (same and np.array_equal(read.residuals, coded.symbols.residuals)):
                raise StreamError(f"GoP {linked.gops[k].index} does not decode to what was encoded.")
        return write_record(linked.gops[k].index, payload, self._checksum, chained=before is not None)


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
