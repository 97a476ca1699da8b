"""The header of a `.gop` file: which codec made it, and what its pictures are. `FORMAT.md` beside this file specifies
it.

Everything read here is untrusted: sizes are bounded before anything is allocated.
"""

import math
import re
import struct
import zlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from codec import gop
from codec.container.varint import Reader, write_varint
from codec.errors import StreamError
from codec.gop import Structure
from codec.media.picture import Colour, Matrix, Timing

MAGIC = b"\x89SGOP\r\n\x1a"
VERSION = 13
"""Of streams of the codec `hybrid`; 10 of all others. Headers are the same in all: 13 keeps programs from payloads
that they would take for others. Nothing reads formats 1 to 9 and 11: those of `hybrid` as it was."""
_BEFORE_VERSION = 12
"""Of streams of `hybrid` none of which has a GoP with finer pictures between: still read."""
_OTHERS_VERSION = 10
_CHANGED_CODEC = "hybrid"
CODEC_ID = re.compile(rb"[a-z0-9-]{1,32}")
MAX_CODEC_DATA = 4096
MODEL_ID_BYTES = 8
MAX_SIDE = 8192
MAX_PIXELS = 8192 * 4320
MAX_FRAMES = 10_000_000
MAX_HEADER = 64 * 2**20
MIN_RECORD = 1 + 1 + 1 + 1 + 4 + 4
FRAMING = 64
"""More bytes than come before the fields of a header, or the payload of a record."""
LAMBDA_UNIT = 512
"""Steps of the header's λ code per octave of λ."""
LAMBDA_ORIGIN = 0.005
"""λ of code 0."""

_MATRICES = (Matrix.BT601, Matrix.BT709, Matrix.BT2020, Matrix.SMPTE240M, Matrix.FCC)
_STRUCTURES = (Structure.OVERLAP, Structure.DISJOINT)


@dataclass(frozen=True, slots=True)
class Header:
    """What a stream says of itself before its GoPs."""

    model_id: bytes
    width: int
    height: int
    structure: Structure
    lambda_code: int
    """λ as `lambda_code` gives it."""
    colour: Colour
    sample_aspect: Fraction
    timing: Timing
    codec: str
    """The codec's id, as `codec.registry` knows it."""
    codec_data: bytes = b""
    """What only the codec reads."""

    @property
    def frame_count(self) -> int:
        return self.timing.frame_count

    @property
    def gop_count(self) -> int:
        return gop.count(self.frame_count, self.structure)


def lambda_code(lmbda: float) -> int:
    """λ as the header carries it: LAMBDA_UNIT · log2(λ / LAMBDA_ORIGIN), rounded; 16 bits with a sign."""
    return round(LAMBDA_UNIT * math.log2(lmbda / LAMBDA_ORIGIN))


def lambda_of_code(code: int) -> float:
    """λ of a header's code."""
    return LAMBDA_ORIGIN * 2.0 ** (code / LAMBDA_UNIT)


def write_header(header: Header) -> bytes:
    """Magic, version, length, fields, CRC-32 of all that. Raises ValueError for a codec id that is none."""
    timing = header.timing
    body = bytearray()
    codec = header.codec.encode("ascii")
    if not CODEC_ID.fullmatch(codec) or len(header.codec_data) > MAX_CODEC_DATA:
        raise ValueError(f"no codec id, or too much beside it: {header.codec!r}")
    body += write_varint(len(codec)) + codec + write_varint(len(header.codec_data)) + header.codec_data
    body += header.model_id
    body += write_varint(header.width) + write_varint(header.height) + write_varint(header.frame_count)
    constant = _is_counted(timing)
    flags = _STRUCTURES.index(header.structure) | (header.colour.full_range << 1) | ((not constant) << 2)
    body.append(flags | _MATRICES.index(header.colour.matrix) << 4)
    body += struct.pack("<h", header.lambda_code)
    for ratio in (header.sample_aspect, timing.frame_rate):
        body += write_varint(ratio.numerator) + write_varint(ratio.denominator)
    if not constant:
        deltas = b"".join(write_varint(b - a) for a, b in zip(timing.pts, timing.pts[1:], strict=False))
        packed = zlib.compress(deltas, 9)
        end = max(timing.pts[-1] + 1, round(timing.duration_s / timing.time_base))
        body += write_varint(timing.time_base.numerator) + write_varint(timing.time_base.denominator)
        body += write_varint(end - timing.pts[-1]) + write_varint(len(packed)) + packed
    head = MAGIC + bytes([_version_of(header.codec)]) + write_varint(len(body)) + bytes(body)
    return head + struct.pack("<I", zlib.crc32(head))


def _version_of(codec: str) -> int:
    return VERSION if codec == _CHANGED_CODEC else _OTHERS_VERSION


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
    if version not in (VERSION, _BEFORE_VERSION, _OTHERS_VERSION):
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
        header = _parse_fields(Reader(data[:end], start), version, len(data) if file_size is None else file_size)
    except (ValueError, zlib.error, OverflowError, ZeroDivisionError) as error:
        raise StreamError(f"{path}: the stream's header is damaged ({error}).") from error
    return header, reader.position, checksum


def _parse_fields(reader: Reader, version: int, file_size: int) -> Header:
    name = reader.take(min(reader.varint(), MAX_CODEC_DATA))
    like = VERSION if version == _BEFORE_VERSION else version
    if not CODEC_ID.fullmatch(name) or _version_of(name.decode("ascii")) != like:
        raise ValueError("impossible codec id")
    codec_data = reader.take(min(reader.varint(), MAX_CODEC_DATA + 1))
    if len(codec_data) > MAX_CODEC_DATA:
        raise ValueError("impossible codec data")
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
    aspect, rate = _ratio(reader), _ratio(reader)
    if flags & 4:
        timing = _parse_timing(reader, frames, rate)
    else:
        period = 1 / rate
        timing = Timing(tuple(range(frames)), period, rate, float(frames * period))
    codec, colour = name.decode("ascii"), Colour(_MATRICES[flags >> 4], bool(flags & 2))
    return Header(model_id, width, height, _STRUCTURES[flags & 1], code, colour, aspect, timing, codec, codec_data)


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
