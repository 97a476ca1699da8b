"""A clip's GoPs to strings and back: several at once on an accelerator, one on each thread of a CPU.

A GoP's payload is one string. Where a scene changes within a GoP, the pictures before and after are coded as two
shorter GoPs: two strings, the length of the first before them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from codec import gop
from codec.api import DecodeSettings, EncodedGop, GopCoding
from codec.container.header import Header
from codec.container.stream import Stream
from codec.container.varint import Reader, write_varint
from codec.context import WorkContext
from codec.errors import StreamError
from codec.gop import Gop
from codec.media.colour import from_rgb, to_rgb
from codec.media.picture import Colour, FrameSource, Picture
from codec.nn import device as devices
from codec.pipeline.cuts import find_cut
from codec.pipeline.reading import GopReader
from codec.pipeline.threads import GopThreads, worker_count
from codec.vae import store
from codec.vae.lambdas import QUALITY_MAX, quality_of
from codec.vae.model import CodedGop, VaeCodec
from codec.vae.settings import VaeSettings

_BATCH_PIXELS = 4 * 1920 * 1080
"""Pixels of a picture times GoPs that go through the networks together on an accelerator."""
Part = tuple[int, int]
"""Pictures [first, last) of a GoP that are coded together."""


def encode(clip: FrameSource, header: Header, settings: VaeSettings, context: WorkContext) -> Iterator[EncodedGop]:
    """Every GoP of the clip, the one numbered `settings.first_gop` first. Falls back to the CPU when an accelerator's
    memory runs out and says so through `context`. Raises MediaError, ModelError, StreamError and Cancelled."""
    device = devices.pick(settings.device)
    placed = devices.Placed(lambda d: store.model_for(header.model_id, d, settings.precision), device, context)
    full = _is_full(settings.autoencoder, device)
    reader, quality = GopReader(clip), header.codec_data[0]

    def read(group: list[Gop]) -> list[list[Picture]]:
        context.check()
        return [reader.read(part.start, part.stop) for part in group]

    def work(item: tuple[list[Gop], list[list[Picture]]]) -> list[EncodedGop]:
        context.check()
        group, pictures = item
        colour, shown = header.colour, settings.reconstruct
        return placed.run(lambda model: _encoded(model, group, pictures, colour, quality, full, shown))

    groups = list(_groups(gop.split(header.frame_count, header.structure), device, header))
    groups.sort(key=lambda group: all(part.index != settings.first_gop for part in group))
    with GopThreads(worker_count(settings.threads, device)) as threads:
        for made in threads.in_order(work, ((group, read(group)) for group in groups)):
            yield from sorted(made, key=lambda each: each.gop.index != settings.first_gop)


def _encoded(
    model: VaeCodec,
    group: list[Gop],
    pictures: list[list[Picture]],
    colour: Colour,
    quality: int,
    full: bool,
    reconstruct: bool,
) -> list[EncodedGop]:
    cuts = [find_cut([picture.y for picture in own]) for own in pictures]
    rgb = [np.stack([to_rgb(picture) for picture in own]) for own in pictures]
    if len({(part.length, cut) for part, cut in zip(group, cuts, strict=True)}) > 1:
        # What differs in shape cannot share a batch.
        parts = zip(group, pictures, strict=True)
        return [e for g, p in parts for e in _encoded(model, [g], [p], colour, quality, full, reconstruct)]
    strings: list[list[bytes]] = [[] for _ in group]
    shown: list[list[Picture]] = [[] for _ in group]
    for first, last in _parts(group[0].length, cuts[0]):
        batch = np.stack([own[first:last] for own in rgb])
        coded = model.encode(_tensor(batch, model.device), quality, full=full)
        # What is shown is what the bytes say.
        decoded = model.decode(coded, full=full) if reconstruct else None
        for k, each in enumerate(coded):
            strings[k].append(each.string)
            if decoded is not None:
                shown[k] += _pictures(decoded[k], colour)
    rows = zip(group, strings, cuts, shown, strict=True)
    kind = _named(full)
    return [EncodedGop(part, payload_of(own), GopCoding(False, cut), made, kind) for part, own, cut, made in rows]


def code_alone(model: VaeCodec, part: Gop, pictures: list[Picture], settings: VaeSettings) -> EncodedGop:
    """One GoP of a clip's pictures with a model that need not be installed, and what its bytes decode to. Raises
    StreamError."""
    full = _is_full(settings.autoencoder, model.device)
    (made,) = _encoded(model, [part], [pictures], pictures[0].colour, quality_of(settings.lmbda), full, True)
    return made


def payload_of(strings: list[bytes]) -> bytes:
    """A GoP's strings as its record has them: one, or two with the first one's length ahead."""
    return strings[0] if len(strings) == 1 else write_varint(len(strings[0])) + b"".join(strings)


def strings_of(payload: bytes, parts: int) -> list[bytes]:
    """What `payload_of` joined. Raises ValueError where that cannot be."""
    if parts == 1:
        return [payload]
    reader = Reader(payload)
    first = reader.take(reader.varint())
    return [first, payload[reader.position :]]


class GopDecoder:
    """A stream being decoded; every GoP on its own."""

    def __init__(self, stream: Stream, settings: DecodeSettings, context: WorkContext) -> None:
        """Raises StreamError for a header that this codec does not write, ModelError when the weights it names are not
        there."""
        header = stream.header
        if len(header.codec_data) != 1 or header.codec_data[0] > QUALITY_MAX:
            raise StreamError(f"{stream.path}: the stream's header is damaged (impossible quality).")
        self._stream, self._settings, self._context = stream, settings, context
        self._device = devices.pick(settings.device)
        self._full = _is_full(settings.decoder, self._device)
        self.decoder = _named(self._full)
        self._placed = devices.Placed(
            lambda d: store.model_for(header.model_id, d, settings.precision, stream.path), self._device, context
        )

    def gops(self, wanted: Iterable[int]) -> Iterator[tuple[int, list[Picture] | None]]:
        """Pictures of GoPs by ascending number, several worked on side by side; None where the bytes pass their
        checksum but do not decode. Raises Cancelled."""
        header = self._stream.header
        gops = (gop.gop_at(index, header.frame_count, header.structure) for index in wanted)
        with GopThreads(worker_count(self._settings.threads, self._device)) as threads:
            for made in threads.in_order(self._decoded, _groups(gops, self._device, header)):
                yield from made

    def gop(self, index: int) -> list[Picture] | None:
        """One GoP's pictures."""
        header = self._stream.header
        ((_, pictures),) = self._decoded([gop.gop_at(index, header.frame_count, header.structure)])
        return pictures

    def _decoded(self, group: list[Gop]) -> list[tuple[int, list[Picture] | None]]:
        self._context.check()
        if len({self._stream.records[part.index].cut for part in group}) > 1:
            return [found for part in group for found in self._decoded([part])]
        try:
            made = self._placed.run(lambda model: self._pictures(model, group))
        except ValueError:
            if len(group) == 1:
                return [(group[0].index, None)]
            return [found for part in group for found in self._decoded([part])]
        return [(part.index, pictures) for part, pictures in zip(group, made, strict=True)]

    def _pictures(self, model: VaeCodec, group: list[Gop]) -> list[list[Picture]]:
        header, records = self._stream.header, [self._stream.records[part.index] for part in group]
        parts = _parts(group[0].length, records[0].cut)
        strings = [strings_of(record.payload, len(parts)) for record in records]
        made: list[list[Picture]] = [[] for _ in group]
        for number, (first, last) in enumerate(parts):
            coded = CodedGop(b"", last - first, header.height, header.width, header.codec_data[0])
            decoded = model.decode([replace(coded, string=own[number]) for own in strings], full=self._full)
            for own, tensors in zip(made, decoded, strict=True):
                own.extend(_pictures(tensors, header.colour))
        return made


def _is_full(asked: str, device: torch.device) -> bool:
    return asked == "full" or (asked == "auto" and device.type != "cpu")


def _named(full: bool) -> str:
    return "full" if full else "fast"


def _parts(length: int, cut: int) -> list[Part]:
    return [(0, cut), (cut, length)] if cut else [(0, length)]


def _groups(gops: Iterable[Gop], device: torch.device, header: Header) -> Iterator[list[Gop]]:
    """Consecutive GoPs of one length that a device takes at once."""
    most = 1 if device.type == "cpu" else max(1, min(8, _BATCH_PIXELS // (header.width * header.height)))
    for _, equal in groupby(gops, key=lambda part: part.length):
        run = list(equal)
        yield from (run[i : i + most] for i in range(0, len(run), most))


def _tensor(rgb: NDArray[np.uint8], device: torch.device) -> Tensor:
    """(B, T, H, W, 3) uint8 -> (B, T, 3, H, W) in [-1, 1]."""
    return torch.from_numpy(rgb).to(device).permute(0, 1, 4, 2, 3).float() / 127.5 - 1


def _pictures(decoded: Tensor, colour: Colour) -> list[Picture]:
    """(T, 3, H, W) about [-1, 1] -> pictures."""
    values = decoded.clamp(-1, 1).add(1).mul(127.5).round().to(torch.uint8)
    return [from_rgb(picture, colour) for picture in values.permute(0, 2, 3, 1).contiguous().cpu().numpy()]
