"""The `.gop` container: a checked header, then one checked record a GoP. `FORMAT.md` beside this file specifies it.

Everything read here is untrusted: sizes are bounded before anything is allocated, and a record whose checksum fails is
skipped by looking for the next one that holds.
"""

import struct
import zlib
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from codec import gop
from codec.context import QUIET, WorkContext
from codec.entropy.varint import Reader, write_varint
from codec.errors import StreamError
from codec.gop import Gop, Structure
from codec.media import place
from codec.media.picture import Colour, Matrix, Timing
from codec.stream.parts import FileBytes
from codec.stream.search import RECORD_SYNC, RecordSearch
from codec.stream.settings import LAMBDA_RANGE, lambda_of_code, level_code
from codec.stream.shape import GopShape

MAGIC = b"\x89SGOP\r\n\x1a"
VERSION = 9
"""Formats 1 to 6 were never released; nothing reads them."""
MODEL_ID_BYTES = 8
MAX_SIDE = 8192
MAX_PIXELS = 8192 * 4320
MAX_FRAMES = 10_000_000
MAX_HEADER = 64 * 2**20
MIN_RECORD = 1 + 1 + 1 + 1 + 4 + 4
_FRAMING = 64
"""More bytes than come before the fields of a header, or the payload of a record."""
_RUBBISH = 64 * 2**20
"""Bytes that mean nothing, beside what the pictures can take, that are looked through for records."""
LEVEL_CODES = level_code(LAMBDA_RANGE[0]), level_code(LAMBDA_RANGE[1])

_MATRICES = (Matrix.BT601, Matrix.BT709, Matrix.BT2020, Matrix.SMPTE240M, Matrix.FCC)
_STRUCTURES = (Structure.OVERLAP, Structure.DISJOINT)


@dataclass(frozen=True, slots=True)
class Header:
    """What a stream says of itself before its GoPs."""

    model_id: bytes
    width: int
    height: int
    structure: Structure
    level_code: int
    colour: Colour
    sample_aspect: Fraction
    timing: Timing

    @property
    def frame_count(self) -> int:
        return self.timing.frame_count

    @property
    def gop_count(self) -> int:
        return gop.count(self.frame_count, self.structure)

    def shape(self, part: Gop, *, chained: bool, cut: int) -> GopShape:
        """What the coded symbols of a GoP look like."""
        entry = chained and self.structure is Structure.DISJOINT
        return GopShape(part.length, self.width, self.height, chained, entry, cut)


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
            self.path, h.width, h.height, h.frame_count, h.structure, lambda_of_code(h.level_code), h.colour, h.timing,
            h.sample_aspect, sizes, self.size_bytes, h.model_id.hex(),
            tuple(i for i, record in sorted(self.records.items()) if not record.chained), self.damaged,
        )  # fmt: skip


def write_header(header: Header) -> bytes:
    """Magic, version, length, fields, CRC-32 of all that."""
    timing = header.timing
    body = bytearray(header.model_id)
    body += write_varint(header.width) + write_varint(header.height) + write_varint(header.frame_count)
    constant = _is_counted(timing)
    flags = _STRUCTURES.index(header.structure) | (header.colour.full_range << 1) | ((not constant) << 2)
    body.append(flags | _MATRICES.index(header.colour.matrix) << 4)
    body += struct.pack("<h", header.level_code)
    for ratio in (header.sample_aspect, timing.frame_rate):
        body += write_varint(ratio.numerator) + write_varint(ratio.denominator)
    if not constant:
        deltas = b"".join(write_varint(b - a) for a, b in zip(timing.pts, timing.pts[1:], strict=False))
        packed = zlib.compress(deltas, 9)
        end = max(timing.pts[-1] + 1, round(timing.duration_s / timing.time_base))
        body += write_varint(timing.time_base.numerator) + write_varint(timing.time_base.denominator)
        body += write_varint(end - timing.pts[-1]) + write_varint(len(packed)) + packed
    head = MAGIC + bytes([VERSION]) + write_varint(len(body)) + bytes(body)
    return head + struct.pack("<I", zlib.crc32(head))


def _is_counted(timing: Timing) -> bool:
    """True when the timing is frame number over frame rate, so that the rate alone says it all."""
    period = 1 / timing.frame_rate
    close = abs(timing.duration_s - float(timing.frame_count * period)) < float(period) / 2
    tick = max(float(timing.time_base), 1e-9)
    return close and all(
        abs(float(pts * timing.time_base) - float(i * period)) <= tick for i, pts in enumerate(timing.pts)
    )


def parse_header(data: bytes, path: Path, file_size: int | None = None) -> tuple[Header, int, int]:
    """Header, the position after it, and its checksum. `file_size`: of the file, where `data` only begins it. Raises
    StreamError naming the file and the cause."""
    if len(data) == 0:
        raise StreamError(f"{path}: the file is empty.")
    if data[: len(MAGIC)] != MAGIC[: len(data)] or len(data) <= len(MAGIC):
        raise StreamError(f"{path}: this is not a Seamscope .gop stream.")
    version = data[len(MAGIC)]
    if version > VERSION:
        raise StreamError(
            f"{path}: the stream is of format {version}, this program reads {VERSION}; use a newer Seamscope."
        )
    if version < VERSION:
        raise StreamError(f"{path}: the stream is of format {version}, which nothing reads any more; encode it again.")
    try:
        reader = Reader(data, len(MAGIC) + 1)
        length = reader.varint()
        if length > MAX_HEADER:
            raise ValueError("impossible length")
        start = reader.position
        reader.take(length)
        end = reader.position
        checksum = zlib.crc32(data[:end])
        if struct.unpack("<I", reader.take(4))[0] != checksum:
            raise ValueError("checksum mismatch")
        header = _parse_fields(Reader(data[:end], start), len(data) if file_size is None else file_size)
    except (ValueError, zlib.error, OverflowError, ZeroDivisionError) as error:
        raise StreamError(f"{path}: the stream's header is damaged ({error}).") from error
    return header, reader.position, checksum


def _parse_fields(reader: Reader, file_size: int) -> Header:
    model_id = reader.take(MODEL_ID_BYTES)
    width, height, frames = reader.varint(), reader.varint(), reader.varint()
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE and width * height <= MAX_PIXELS):
        raise ValueError(f"impossible picture size {width}x{height}")
    # Each GoP takes at least a record's framing: a header cannot promise more frames than the file could hold.
    if not 1 <= frames <= min(MAX_FRAMES, gop.GOP_LENGTH * (file_size // MIN_RECORD + 1)):
        raise ValueError(f"impossible frame count {frames}")
    flags = reader.take(1)[0]
    if flags & 0x88 or flags >> 4 >= len(_MATRICES):
        raise ValueError("unknown flags")
    code = struct.unpack("<h", reader.take(2))[0]
    if not LEVEL_CODES[0] <= code <= LEVEL_CODES[1]:
        raise ValueError("impossible λ")
    aspect, rate = _ratio(reader), _ratio(reader)
    if flags & 4:
        timing = _parse_timing(reader, frames, rate)
    else:
        period = 1 / rate
        timing = Timing(tuple(range(frames)), period, rate, float(frames * period))
    colour = Colour(_MATRICES[flags >> 4], bool(flags & 2))
    return Header(model_id, width, height, _STRUCTURES[flags & 1], code, colour, aspect, timing)


def _ratio(reader: Reader) -> Fraction:
    top, bottom = reader.varint(), reader.varint()
    if not (1 <= top < 2**32 and 1 <= bottom < 2**32):
        raise ValueError("impossible ratio")
    return Fraction(top, bottom)


def _parse_timing(reader: Reader, frames: int, rate: Fraction) -> Timing:
    base, last, length = _ratio(reader), reader.varint(), reader.varint()
    unpacker = zlib.decompressobj()
    # A delta takes at most nine bytes: never inflate more than the frame count warrants.
    raw = unpacker.decompress(reader.take(length), 9 * frames + 1)
    deltas = Reader(raw)
    pts = [0]
    for _ in range(frames - 1):
        delta = deltas.varint()
        if not 1 <= delta < 2**40:
            raise ValueError("impossible frame time")
        pts.append(pts[-1] + delta)
    if not 1 <= last < 2**40:
        raise ValueError("impossible last frame duration")
    return Timing(tuple(pts), base, rate, float((pts[-1] + last) * base))


def write_record(index: int, payload: bytes, header_checksum: int, *, chained: bool, cut: int) -> bytes:
    """Sync, GoP number, flags, length, CRC-32 (seeded with the header's, so that a record belongs to one stream)."""
    head = bytes([RECORD_SYNC]) + write_varint(index) + bytes([chained | cut << 1]) + write_varint(len(payload))
    return head + struct.pack("<I", zlib.crc32(payload, zlib.crc32(head, header_checksum))) + payload


def _read_record(data: FileBytes, position: int, header_checksum: int, header: Header) -> tuple[Record, int] | None:
    """The record at `position` and where it ends, or None when what stands there is none."""
    reader = Reader(data[position : position + _FRAMING])
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
    first = data[:_FRAMING]
    reader = Reader(first, min(len(first), len(MAGIC) + 1))
    try:
        end = reader.varint() + reader.position + 4
    except ValueError:
        end = len(first)
    header, position, checksum = parse_header(data[: min(end, MAX_HEADER + _FRAMING)], path, len(data))
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
    reader = Reader(data[position : position + _FRAMING], 1)
    try:
        reader.varint()
        reader.take(1)
        return reader.varint()
    except ValueError:
        return 0


def read_info(path: Path | str, context: WorkContext = QUIET) -> StreamInfo:
    """What `path` is, checked GoP by GoP, without decoding. Raises StreamError, Cancelled."""
    return parse_stream(Path(path), context).info()
