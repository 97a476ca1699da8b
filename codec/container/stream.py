"""The records of a `.gop` file, one checked record a GoP, and the file as a whole; `FORMAT.md` specifies them.

Everything read here is untrusted: sizes are bounded before anything is allocated, and a record whose checksum fails is
skipped by looking for the next one that holds.
"""

import struct
import zlib
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from codec import gop
from codec.container.header import FRAMING, MAGIC, MAX_HEADER, Header, lambda_of_code, parse_header
from codec.container.parts import FileBytes
from codec.container.search import RECORD_SYNC, RecordSearch
from codec.container.varint import Reader, write_varint
from codec.context import QUIET, WorkContext
from codec.errors import StreamError
from codec.gop import Structure
from codec.media import place
from codec.media.picture import Colour, Timing

_RUBBISH = 64 * 2**20
"""Bytes that mean nothing, beside what the pictures can take, that are looked through for records."""


@dataclass(frozen=True, slots=True)
class Record:
    """One GoP's coded bytes; `size_bytes` counts the framing too."""

    index: int
    chained: bool
    """Coded with what the GoP before left; decodable only after it."""
    cut: int
    """Number of the GoP's first picture of a new scene; 0: none."""
    payload: bytes = field(repr=False)
    size_bytes: int


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What can be told of a stream without decoding it. `kbps` and `bpp` come from the file's own size."""

    path: Path
    width: int
    height: int
    frame_count: int
    structure: Structure
    lmbda: float
    colour: Colour
    timing: Timing
    sample_aspect: Fraction
    gop_bytes: tuple[int, ...]
    """Bytes of each GoP's record; 0 for a damaged or missing one."""
    size_bytes: int
    model_id: str
    codec: str
    """The codec's id."""
    key_gops: tuple[int, ...]
    """Undamaged GoPs that decode on their own; the others are chained to the one before."""
    damaged: tuple[int, ...]
    """GoPs that are missing, fail their checksum, or are chained to one of these."""

    @property
    def kbps(self) -> float:
        """File bytes · 8 / duration / 1000."""
        return self.size_bytes * 8 / self.timing.duration_s / 1000

    @property
    def bpp(self) -> float:
        """File bytes · 8 / (width · height · frames)."""
        return self.size_bytes * 8 / (self.width * self.height * self.frame_count)


@dataclass(frozen=True, slots=True)
class Stream:
    """A parsed file: header and the decodable records by GoP number."""

    path: Path
    header: Header
    records: dict[int, Record]
    size_bytes: int

    damaged: tuple[int, ...]
    """GoPs that are missing, fail their checksum, or are chained to one of these."""

    def chain_start(self, index: int) -> int:
        """The key GoP at which decoding has to begin to reach undamaged GoP `index`."""
        while self.records[index].chained:
            index -= 1
        return index

    def info(self) -> StreamInfo:
        h = self.header
        sizes = tuple(self.records[i].size_bytes if i in self.records else 0 for i in range(h.gop_count))
        return StreamInfo(
            self.path, h.width, h.height, h.frame_count, h.structure, lambda_of_code(h.lambda_code), h.colour, h.timing,
            h.sample_aspect, sizes, self.size_bytes, h.model_id.hex(), h.codec,
            tuple(i for i, record in sorted(self.records.items()) if not record.chained), self.damaged,
        )  # fmt: skip


def write_record(index: int, payload: bytes, header_checksum: int, *, chained: bool, cut: int) -> bytes:
    """Sync, GoP number, flags, length, CRC-32 (seeded with the header's, so that a record belongs to one stream)."""
    head = bytes([RECORD_SYNC]) + write_varint(index) + bytes([chained | cut << 1]) + write_varint(len(payload))
    return head + struct.pack("<I", zlib.crc32(payload, zlib.crc32(head, header_checksum))) + payload


def _read_record(data: FileBytes, position: int, header_checksum: int, header: Header) -> tuple[Record, int] | None:
    """The record at `position` and where it ends, or None when what stands there is none."""
    reader = Reader(data[position : position + FRAMING])
    try:
        if reader.take(1)[0] != RECORD_SYNC:
            return None
        index, flags, length = reader.varint(), reader.take(1)[0], reader.varint()
        if index >= header.gop_count or (flags & 1 and index == 0):
            return None
        if flags >> 1 >= gop.gop_at(index, header.frame_count, header.structure).length:
            return None
        head = reader.data[: reader.position]
        checksum = struct.unpack("<I", reader.take(4))[0]
    except ValueError:
        return None
    start = position + reader.position
    end = start + length
    if length > most_record_bytes(header) or end > len(data):
        return None
    payload = data[start:end]
    if zlib.crc32(payload, zlib.crc32(head, header_checksum)) != checksum:
        return None
    return Record(index, bool(flags & 1), flags >> 1, payload, end - position), end


def most_record_bytes(header: Header) -> int:
    """More than a GoP's record can have: twice its pictures' samples, and room for what does not shrink with them."""
    samples = header.width * header.height * 3 // 2
    return 2 * samples * (gop.GOP_LENGTH + 1) + 2**17


def _read_header(data: FileBytes, path: Path) -> tuple[Header, int, int]:
    """As `parse_header`, reading no more of the file than it. Raises StreamError also for a file far too long."""
    first = data[:FRAMING]
    reader = Reader(first, min(len(first), len(MAGIC) + 1))
    try:
        end = reader.varint() + reader.position + 4
    except ValueError:
        end = len(first)
    header, position, checksum = parse_header(data[: min(end, MAX_HEADER + FRAMING)], path, len(data))
    if len(data) > position + header.gop_count * most_record_bytes(header) + _RUBBISH:
        raise StreamError(
            f"{path}: {len(data)} bytes are more than {header.frame_count} frames of {header.width}x{header.height} "
            "can take; this is no Seamscope stream, or it is damaged."
        )
    return header, position, checksum


def parse_stream(path: Path, context: WorkContext = QUIET) -> Stream:
    """Read a whole file; damaged GoPs are left out and listed. Raises StreamError when nothing can be read, and
    Cancelled."""
    place.regular_file(path, StreamError)
    try:
        with path.open("rb") as file:
            return _parse(FileBytes(file), path, context)
    except OSError as error:
        raise StreamError(f"{path}: the stream cannot be read ({error.strerror or error}).") from error


def _parse(data: FileBytes, path: Path, context: WorkContext) -> Stream:
    header, position, checksum = _read_header(data, path)
    records: dict[int, Record] = {}
    search = RecordSearch(data, context)
    # Bytes spent on checksums of false starts are bounded, so that hostile input cannot make this quadratic.
    searched = 0
    while position < len(data) and searched < 64 * len(data):
        found = _read_record(data, position, checksum, header)
        if found is None:
            searched += min(len(data) - position, 1 + _claimed(data, position))
            start = search.after(position)
            if start is None:
                break
            position = start
            continue
        record, position = found
        records.setdefault(record.index, record)
    if not records:
        raise StreamError(f"{path}: the stream holds no undamaged GoP; it is truncated or damaged.")
    damaged = _take_out_lost(records, header.gop_count)
    if not records:
        raise StreamError(f"{path}: every GoP of the stream is damaged or chained to a damaged one.")
    return Stream(path, header, records, len(data), damaged)


def _take_out_lost(records: dict[int, Record], gops: int) -> tuple[int, ...]:
    """Remove records chained to a missing one; returns the GoPs that are lost."""
    lost = []
    for index in range(gops):
        record = records.get(index)
        if record is None or (record.chained and index - 1 not in records):
            records.pop(index, None)
            lost.append(index)
    return tuple(lost)


def _claimed(data: FileBytes, position: int) -> int:
    """Payload bytes a false record made the checksum read."""
    reader = Reader(data[position : position + FRAMING], 1)
    try:
        reader.varint()
        reader.take(1)
        return reader.varint()
    except ValueError:
        return 0


def read_info(path: Path | str, context: WorkContext = QUIET) -> StreamInfo:
    """What `path` is, checked GoP by GoP, without decoding. Raises StreamError, Cancelled."""
    return parse_stream(Path(path), context).info()
