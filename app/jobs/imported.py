"""Imported files as pictures of the clip's size, and the work of opening them. No Qt."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from av.video.reformatter import Interpolation, VideoReformatter

from app.jobs.copying import copy_whole
from app.jobs.events import GopReady
from app.state.imports import FileFacts, nearest_frames
from codec.container.stream import read_info
from codec.context import QUIET, WorkContext
from codec.errors import MediaError
from codec.gop import Slot
from codec.media.clip import open_clip
from codec.media.colour import from_frame, range_of, space_of, to_frame
from codec.media.picture import Colour, Picture, Timing
from codec.media.probe import Coded
from codec.media.spool import FrameSpool, SpoolSpec
from codec.rivals import RivalSource
from codec.rivals.encode import packet_sizes

STREAM_SUFFIX = ".gop"
_SCALING = Interpolation.LANCZOS | Interpolation.ACCURATE_RND


class _Emitting(Protocol):
    def report(self, fraction: float, message: str = "") -> None: ...
    def check(self) -> None: ...
    def emit(self, value: Any) -> None: ...


@dataclass(frozen=True, slots=True)
class ImportSpec:
    """An imported file by value; `width` and `height` are the clip's. `timing` of the clip: its frames are paired with
    those nearest in time; None: by number."""

    path: Path
    width: int
    height: int
    timing: Timing | None = None
    coding: Colour | None = None
    """The clip's: that of a file which does not say how it is coded."""

    def open(self, context: WorkContext = QUIET) -> "ImportedSource":
        return ImportedSource(self, context)


class ImportedSource:
    """FrameSource over any file that can be opened, its pictures resized where they differ from the clip's size.

    Frames count as in the file, or where they are paired by time as in the clip. Thread-safe. Raises MediaError.
    """

    def __init__(self, spec: ImportSpec, context: WorkContext = QUIET) -> None:
        self.spec = spec
        self._clip = open_clip(spec.path, coded=Coded(otherwise=spec.coding), context=context)
        self._pairs = None if spec.timing is None else nearest_frames(spec.timing, self._clip.timing)
        self._scaling = threading.Lock()
        self._reformatter = VideoReformatter()

    @property
    def frame_count(self) -> int:
        return self._clip.frame_count if self._pairs is None else len(self._pairs)

    @property
    def width(self) -> int:
        return self.spec.width

    @property
    def height(self) -> int:
        return self.spec.height

    def picture(self, index: int) -> Picture:
        """Frame `index` at the clip's size."""
        if self._pairs is not None and not 0 <= index < len(self._pairs):
            raise MediaError(f"{self.spec.path}: there is no frame beside frame {index} of the clip.")
        return self._fitted(self._clip.picture(index if self._pairs is None else self._pairs[index]))

    def frame_type(self, index: int) -> str:
        """As of `Clip`."""
        return self._clip.frame_type(index if self._pairs is None else self._pairs[index])

    def frame_bytes(self) -> tuple[int, ...]:
        """As of `Clip`, in the file's own counting."""
        return self._clip.frame_bytes()

    def pictures(self, start: int, stop: int) -> Iterator[Picture]:
        """Frames [start, stop) in order."""
        if self._pairs is not None:
            yield from (self.picture(index) for index in range(start, stop))
            return
        for picture in self._clip.pictures(start, stop):
            yield self._fitted(picture)

    def close(self) -> None:
        """Give back the file."""
        self._clip.close()

    def _fitted(self, picture: Picture) -> Picture:
        size = self.spec.width, self.spec.height
        if (picture.width, picture.height) == size:
            return picture
        space, span = space_of(picture.colour.matrix), range_of(picture.colour.full_range)
        with self._scaling:
            scaled = self._reformatter.reformat(
                to_frame(picture),
                width=size[0],
                height=size[1],
                format="yuv420p",
                src_colorspace=space,
                dst_colorspace=space,
                src_color_range=span,
                dst_color_range=span,
                interpolation=_SCALING,
                threads=1,
            )
        return from_frame(scaled, picture.colour)


@dataclass(frozen=True, slots=True)
class Opened:
    """An imported file, open."""

    source: ImportedSource
    frame_bits: tuple[float, ...]
    """Bits of each frame's packets in display order; empty where its frames are paired by time, or are images."""


def inspect(context: WorkContext, path: Path, coding: Colour | None = None) -> FileFacts:
    """What a file holds; `coding` as in ImportSpec. Raises MediaError, StreamError."""
    context.check()
    if path.suffix.lower() == STREAM_SUFFIX:
        info = read_info(path, context)
        timing = info.timing
        count = len(info.damaged)
        lost = (
            f"{count} {'GoP is damaged and stays' if count == 1 else 'GoPs are damaged and stay'} empty."
            if count
            else ""
        )
        return FileFacts(
            path, info.width, info.height, info.frame_count, timing.frame_rate, timing.duration_s, info.size_bytes,
            "seamscope", (lost,) if lost else (), info.structure, info.lmbda, info.codec,
            info.colour,
        )  # fmt: skip
    with open_clip(path, coded=Coded(otherwise=coding), context=context) as clip:
        clip.picture(0)
        info, timing = clip.info, clip.timing
        return FileFacts(
            path, info.width, info.height, clip.frame_count, timing.frame_rate, timing.duration_s, info.size_bytes,
            info.codec, info.notes, colour=info.colour, assumed=info.assumed,
        )  # fmt: skip


def copy_streams(context: WorkContext, pairs: tuple[tuple[Path, Path], ...]) -> list[FileFacts]:
    """Copy streams under other names, all or none, and tell what the copies hold; one that keeps its name is only
    looked at. Raises MediaError, StreamError, OutputError."""
    made: list[Path] = []
    try:
        for source, target in pairs:
            if target != source:
                copy_whole(source, target, context)
                made.append(target)
        return [inspect(context, target) for _, target in pairs]
    except BaseException:
        for target in made:
            target.unlink(missing_ok=True)
        raise


def open_imported(context: WorkContext, spec: ImportSpec) -> Opened:
    """Open a file as a take. Raises MediaError."""
    context.check()
    source = spec.open(context)
    try:
        source.picture(0)
    except BaseException:
        source.close()
        raise
    # Paired by time, frames are left out or stand twice: single packets say little then.
    known = spec.timing is None and spec.path.is_file()
    bits = tuple(8.0 * size for size in source.frame_bytes()) if known else ()
    return Opened(source, bits)


@dataclass(frozen=True, slots=True)
class OpenedRival:
    """A rival's file, open."""

    source: RivalSource
    frame_bits: tuple[float, ...]


def open_rival(
    context: WorkContext, path: Path, width: int, height: int, frame_count: int, colour: Colour
) -> OpenedRival:
    """Open a rival's file that was encoded before of a clip of `colour`. Raises MediaError, RivalError."""
    context.check()
    source = RivalSource(path, width, height, frame_count, colour)
    try:
        return OpenedRival(source, tuple(8.0 * size for size in packet_sizes(path)))
    except BaseException:
        source.close()
        raise


def decode_into_spool(
    context: _Emitting, path: Path, device: str, precision: str, spool: SpoolSpec, decoder: str = "auto"
) -> None:
    """Decode a stream's undamaged GoPs into a spool, telling so as they come; `decoder` as in DecodeSettings. Raises
    StreamError, ModelError."""
    from codec.pipeline.spooled import slot_number
    from codec.stream.decoder import decode_stream

    info = read_info(path, context)
    if (info.width, info.height) != (spool.width, spool.height):
        raise MediaError(f"{path}: the stream is no longer the one that was looked at.")
    pictures = FrameSpool(spool)
    try:
        for decoded in decode_stream(path, device, context, precision=precision, decoder=decoder, skip_damaged=True):
            for offset, picture in enumerate(decoded.pictures):
                pictures.put(slot_number(Slot(decoded.gop.index, offset)), picture)
            context.emit(GopReady(info.structure, decoded.gop, decoded.size_bytes, decoded.coding, decoded.decoder))
    finally:
        pictures.close()
