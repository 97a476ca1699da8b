"""A file's video packets by number, in the order in which they lie in it, from any of them on."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import av
from av.error import FFmpegError

from codec.context import WorkContext
from codec.media import probe
from codec.media.nal import FieldCoding, Framing, field_coding, framing_of, stored_sets

_CHECK_EVERY = 256


@dataclass(frozen=True, slots=True)
class PacketRow:
    """What a packet says of itself. Times in the stream's ticks; `pos` is its byte in the file, -1 when unknown."""

    pts: int | None
    dts: int | None
    pos: int
    size: int
    duration: int
    key: bool
    shown: bool
    """False for what is only decoded: VP8 and VP9 packets that make a reference, those that an edit list leaves out."""
    decodable: bool
    """Among the first pictures: shown before the key frame and yet in need of nothing older (HEVC, VVC)."""


@dataclass(frozen=True)
class PacketTable:
    """All packets of a video track that hold data."""

    rows: tuple[PacketRow, ...]
    damaged: bool
    """A packet is marked so, or reading ended with an error."""
    discards: bool
    """Some packets are only there to be decoded, by an edit list."""
    fields: bool
    """Some packets hold a single field."""
    sets_change: bool
    """The parameters of the stream change on the way."""

    @cached_property
    def _places(self) -> Counter[tuple[int, int]]:
        return Counter((row.pos, row.size) for row in self.rows)

    def is_unique(self, number: int) -> bool:
        """True when the packet can be known again by its place and size."""
        row = self.rows[number]
        return row.pos >= 0 and self._places[row.pos, row.size] == 1


class Demuxer:
    """The video packets of a file. Not thread-safe. Raises MediaError when it cannot be opened."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._careful = False
        self._open()

    def _open(self) -> None:
        self.container = probe.open_container(self._path)
        try:
            self.stream = probe.video_stream(self.container, self._path)
        except BaseException:
            self.container.close()
            raise
        self.stream.thread_type = "AUTO"
        if self._careful:
            self.stream.codec_context.thread_count = 1
        self._packets = self._filled()
        self._next = 0
        self._is_open = True

    def close(self) -> None:
        """Give back file and decoder."""
        self._packets = iter(())
        self.container.close()
        # Who still holds the clip must not hold the decoder with the pictures it refers to: 48 MiB at 1920x1080.
        del self.stream

    def be_careful(self) -> None:
        """From the next `go_to` on decode in one thread: of pictures decoded side by side, those after a damaged one at
        the end of the file are lost, and what stands for missing samples is another every time."""
        self._careful, self._is_open = True, False
        self.container.close()

    def table(self, context: WorkContext) -> PacketTable:
        """Read every packet. Afterwards the demuxer stands at the end."""
        reading = _Reading(self.stream)
        try:
            for packet in self._filled():
                if len(reading.rows) % _CHECK_EVERY == 0:
                    context.check()
                reading.add(packet)
        except (OSError, FFmpegError):
            reading.damaged = True
        return reading.table()

    def frames(self) -> Iterator[av.VideoFrame]:
        """What the decoder makes of the packets from here on, in its order: a frame's `pts` is the number of the packet
        it came from. Damaged packets lose their own frames only."""
        decoder = self.stream.codec_context
        try:
            for packet in self._packets:
                packet.pts = packet.dts = self._next
                self._next += 1
                try:
                    made = decoder.decode(packet)
                except FFmpegError:
                    continue
                yield from made
        except (OSError, FFmpegError):
            # The file ends in the middle; what the decoder still holds comes out.
            pass
        while True:
            try:
                made = decoder.decode(None)
            except FFmpegError:
                return
            yield from made

    def go_to(self, number: int, table: PacketTable) -> None:
        """Let the packet of that number come next, to a decoder that knows none of those before. Raises MediaError."""
        row = table.rows[number]
        if self._is_open and table.is_unique(number):
            # By time where the format can, by byte where a stream is nothing but its packets.
            for stamp in (row.pts, row.dts):
                if stamp is not None and self._lands(stamp, number, row, in_bytes=False):
                    return
            if row.pts is None and self._lands(row.pos, number, row, in_bytes=True):
                return
        self.container.close()
        self._open()
        packets = self._packets
        for _ in range(number):
            next(packets, None)
        self._next = number

    def _lands(self, offset: int, number: int, row: PacketRow, *, in_bytes: bool) -> bool:
        try:
            if in_bytes:
                self.container.seek(offset, unsupported_byte_offset=True)
            else:
                self.container.seek(offset, stream=self.stream, backward=True)
            packets = self._filled()
            for packet in packets:
                if (packet.pos, packet.size) == (row.pos, row.size):
                    self._packets, self._next = _led(packet, packets), number
                    return True
                passed = _later(packet.pos, row.pos) if in_bytes else _later(packet.dts, row.dts)
                if passed:
                    return False
        except (OSError, FFmpegError):
            return False
        return False

    def _filled(self) -> Iterator[av.Packet]:
        return (packet for packet in self.container.demux(self.stream) if packet.size)


def _led(first: av.Packet, others: Iterator[av.Packet]) -> Iterator[av.Packet]:
    yield first
    yield from others


def _later(one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and one > other


class _Reading:
    """A table while it is read."""

    def __init__(self, stream: av.VideoStream) -> None:
        self.rows: list[PacketRow] = []
        self.damaged = self._discards = self._fields = self._change = False
        coder = stream.codec_context
        self._codec = coder.codec.canonical_name
        self._framing: Framing | None = None
        self._sets: set[bytes] = set()
        if self._codec in ("h264", "hevc", "vvc"):
            extra = bytes(coder.extradata or b"")
            self._framing = framing_of(extra, self._codec)
            self._sets = stored_sets(extra, self._framing)
        self._field_coding = self._may_be_fields() if self._codec == "h264" else []
        self._keys = 0

    def _may_be_fields(self) -> list[FieldCoding]:
        try:
            return [found for sps in self._sets if (found := field_coding(sps)) is not None]
        except IndexError:
            self._change = True
            return []

    def add(self, packet: av.Packet) -> None:
        self.damaged |= packet.is_corrupt
        self._discards |= packet.is_discard
        self._keys += packet.is_keyframe
        shown, decodable = not packet.is_discard, False
        if self._codec in ("vp8", "vp9"):
            shown &= _is_shown(memoryview(packet), self._codec)
        elif self._framing is not None:
            self._look_into(packet, self._framing)
            if self._codec != "h264" and self._keys <= 1 and not packet.is_keyframe:
                decodable = self._framing.stands_before(memoryview(packet))
        if packet.has_sidedata("new_extradata") or packet.has_sidedata("param_change"):
            self._change = True
        self.rows.append(
            PacketRow(
                packet.pts, packet.dts, -1 if packet.pos is None else packet.pos, packet.size, packet.duration or 0,
                packet.is_keyframe, shown, decodable,
            )
        )  # fmt: skip

    def _look_into(self, packet: av.Packet, framing: Framing) -> None:
        if self._codec == "h264" and not self._fields:
            self._fields = any(coding.is_field(memoryview(packet), framing) for coding in self._field_coding)
        if packet.is_keyframe and not self._change and self._codec != "vvc":
            found = framing.parameter_sets(memoryview(packet))
            if found and not self._sets:
                self._sets = found
                self._field_coding = self._may_be_fields() if self._codec == "h264" else []
            self._change |= not found <= self._sets

    def table(self) -> PacketTable:
        return PacketTable(tuple(self.rows), self.damaged, self._discards, self._fields, self._change)


def _is_shown(data: memoryview, codec: str) -> bool:
    """Of a VP8 frame header (RFC 6386, 9.1), a VP9 one (VP9 6.2) or a VP9 superframe, which ends with a shown frame."""
    if codec == "vp8":
        return bool(data[0] >> 4 & 1)
    if data[-1] & 0xE0 == 0xC0:
        return True
    profile = data[0] >> 5 & 1 | (data[0] >> 4 & 1) << 1
    bits = data[0] << 8 | (data[1] if len(data) > 1 else 0)
    at = 11 if profile < 3 else 10
    shows_existing = bits >> at & 1
    return bool(shows_existing or bits >> (at - 2) & 1)
