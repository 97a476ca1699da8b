import zlib
from fractions import Fraction
from pathlib import Path

import pytest

from codec.container.header import Header, parse_header, write_header
from codec.errors import StreamError
from codec.gop import Structure
from codec.media import Colour, Matrix
from codec.media.timing import counted_timing


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", Matrix)
def test_a_header_keeps_every_coding(matrix: Matrix, full: bool) -> None:
    colour = Colour(matrix, full)
    timing = counted_timing(9, Fraction(25))
    header = Header(b"\1" * 8, 96, 64, Structure.OVERLAP, 0, colour, Fraction(1), timing, "hybrid")
    data = write_header(header)
    found, end, _ = parse_header(data + bytes(64), Path("x.gop"))
    assert found == header
    assert end == len(data)
    # Bits 4 to 6 of the flags, as FORMAT.md numbers them.
    numbers = (Matrix.BT601, Matrix.BT709, Matrix.BT2020, Matrix.SMPTE240M, Matrix.FCC)
    # Behind magic, version, length, the id of six letters, no codec data, model id and three sizes.
    flags = data[8 + 1 + 1 + 7 + 1 + 8 + 3]
    assert flags == numbers.index(matrix) << 4 | full << 1


@pytest.mark.parametrize(("codec", "other"), [("hybrid", 10), ("vae", 12)])
def test_a_header_of_another_codecs_format_is_damage(codec: str, other: int) -> None:
    timing = counted_timing(9, Fraction(25))
    header = Header(b"\1" * 8, 96, 64, Structure.OVERLAP, 0, Colour(), Fraction(1), timing, codec, b"data")
    data = bytearray(write_header(header))
    assert parse_header(bytes(data) + bytes(64), Path("x.gop"))[0] == header
    data[8] = other
    data[-4:] = zlib.crc32(bytes(data[:-4])).to_bytes(4, "little")
    with pytest.raises(StreamError, match="impossible codec id"):
        parse_header(bytes(data) + bytes(64), Path("x.gop"))
