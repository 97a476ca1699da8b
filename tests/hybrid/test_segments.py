"""Reference pictures inside a GoP, through files: chosen by what is shown, decoded as they were coded, refused where
there can be none."""

import zlib
from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import pytest

from codec.api import DecodedGop
from codec.container.header import VERSION, Header, write_header
from codec.container.stream import parse_stream, write_record
from codec.errors import StreamError
from codec.gop import Structure
from codec.hybrid import segments
from codec.hybrid.settings import HybridSettings
from codec.hybrid.shape import GopShape
from codec.media.picture import Colour, Picture, Timing
from codec.stream.decoder import decode_stream
from codec.stream.encoder import encode_clip
from codec.stream.source import StreamSource

FRAMES = 21
FINE = 0b1000_0000


class Turning:
    """A soft pattern that turns into another one by `angle` radians a frame; implements FrameSource."""

    frame_count, width, height = FRAMES, 96, 64

    def __init__(self, *angles: float) -> None:
        rng = np.random.default_rng(4)
        coarse = rng.normal(0, 45, (2, self.height // 8, self.width // 8))
        self._a, self._b = np.repeat(np.repeat(coarse, 8, axis=1), 8, axis=2)
        self._at = list(accumulate(angles, initial=0.0))

    def picture(self, index: int) -> Picture:
        """Frame `index`."""
        shown = self._a * np.cos(self._at[index]) + self._b * np.sin(self._at[index])
        grey = np.full((self.height // 2, self.width // 2), 128, np.uint8)
        return Picture(np.clip(126 + shown, 16, 235).astype(np.uint8), grey, grey.copy(), Colour())

    def pictures(self, start: int, stop: int) -> Iterator[Picture]:
        """Frames [start, stop)."""
        return map(self.picture, range(start, stop))


class Fading(Turning):
    """A pattern that stands still and fades from a tenth to all of its light."""

    def picture(self, index: int) -> Picture:
        """Frame `index`."""
        shown = Turning(*[0.0] * (FRAMES - 1)).picture(index)
        return Picture((shown.y * (0.1 + 0.9 * index / (FRAMES - 1))).astype(np.uint8), shown.u, shown.v, shown.colour)


def encode(clip: Turning, output: Path, settings: HybridSettings) -> list[DecodedGop]:
    gops: list[DecodedGop] = []
    timing = Timing(tuple(range(FRAMES)), Fraction(1, 25), Fraction(25), FRAMES / 25)
    encode_clip(clip, timing, Fraction(1), output, settings, on_gop=gops.append)
    return gops


def inner_of(path: Path) -> list[int]:
    """The byte of reference pictures inside each GoP, as the file has it."""
    return [record.payload[0] for _, record in sorted(parse_stream(path).records.items())]


def planes(gops: list[DecodedGop]) -> list[bytes]:
    return [plane.tobytes() for d in gops for p in d.pictures for plane in (p.y, p.u, p.v)]


# A still beginning, then a fast part: GoPs of 8 and 9 frames have both.
MIXED = [0.0] * 8 + [0.13] * (FRAMES - 9)


@pytest.mark.parametrize("structure", Structure)
def test_what_changes_fast_has_nearer_references_and_decodes_as_it_was_shown(
    tmp_path: Path, structure: Structure
) -> None:
    output = tmp_path / "a.gop"
    shown = encode(Turning(*MIXED), output, HybridSettings(0.08, structure))
    assert planes(list(decode_stream(output))) == planes(shown)
    calm, fast, _ = inner_of(output)
    assert calm == 0
    # Picture 4 is the middle of a full GoP; bit 7 says that what is between is coded finely.
    assert fast & 0b1000 and fast & FINE
    assert [d.gop.length for d in shown] == ([9, 9, 5] if structure is Structure.OVERLAP else [9, 9, 3])


def test_a_seek_into_a_chain_passes_reference_pictures(tmp_path: Path) -> None:
    output = tmp_path / "a.gop"
    shown = encode(Turning(*[0.13] * (FRAMES - 1)), output, HybridSettings(0.08))
    assert all(inner_of(output))
    assert planes(list(decode_stream(output, start_gop=2))) == planes(shown[2:])
    source = StreamSource(output, theta=1.0)
    for frame, part, offset in ((19, 2, 3), (3, 0, 3), (12, 1, 4), (13, 1, 5)):
        assert np.array_equal(source.picture(frame).y, shown[part].pictures[offset].y)


def test_nearer_references_come_out_nearer_to_the_source(tmp_path: Path) -> None:
    """At no more bits than a GoP without them: what turns by half a radian a GoP is not to be known from its ends."""
    clip = Turning(*[0.13] * (FRAMES - 1))
    shown = encode(clip, tmp_path / "a.gop", HybridSettings(0.02))
    errors = [
        float(np.mean((picture.y.astype(float) - clip.picture(d.gop.start + i).y) ** 2))
        for d in shown for i, picture in enumerate(d.pictures)
    ]  # fmt: skip
    for d, inner in zip(shown, inner_of(tmp_path / "a.gop"), strict=True):
        numbers = [0, *(i for i in range(1, 8) if inner >> (i - 1) & 1), d.gop.length - 1]
        assert max(b - a for a, b in pairwise(numbers)) <= 4
    # No picture stands out: the worst has twice the mean at most, where the middle of a GoP had four times.
    assert max(errors) < 2.5 * float(np.mean(errors))


def rewritten(path: Path, output: Path, inner: int, cut: int = 0, codec_data: bytes = b"") -> Path:
    """A stream with another byte of reference pictures in its second GoP, and `codec_data`; checksums hold."""
    stream = parse_stream(path)
    h = stream.header
    head = write_header(
        Header(h.model_id, h.width, h.height, h.structure, h.lambda_code, h.colour, h.sample_aspect, h.timing, h.codec,
               codec_data)
    )  # fmt: skip
    checksum = zlib.crc32(head[:-4])
    data = head
    for index, record in sorted(stream.records.items()):
        payload = bytes([inner]) + record.payload[1:] if index == 1 else record.payload
        data += write_record(index, payload, checksum, chained=record.chained, cut=cut if index == 1 else record.cut)
    output.write_bytes(data)
    return output


@pytest.mark.parametrize(("inner", "cut"), [(FINE, 0), (0b1000, 3), (0b11111111, 0), (0b1, 0)])
def test_reference_pictures_that_cannot_be_are_damage(tmp_path: Path, inner: int, cut: int) -> None:
    calm = tmp_path / "a.gop"
    shown = encode(Turning(*[0.0] * (FRAMES - 1)), calm, HybridSettings(0.08))
    hurt = rewritten(calm, tmp_path / "b.gop", inner, cut)
    with pytest.raises(StreamError, match="GoP 1 passes its checksum but does not decode"):
        list(decode_stream(hurt))
    kept = list(decode_stream(hurt, skip_damaged=True))
    assert [d.gop.index for d in kept] == [0]
    assert planes(kept) == planes(shown[:1])


def test_codec_data_that_nothing_reads_is_damage(tmp_path: Path) -> None:
    output = tmp_path / "a.gop"
    encode(Turning(*[0.0] * (FRAMES - 1)), output, HybridSettings(0.08))
    assert output.read_bytes()[8] == VERSION == 13
    with pytest.raises(StreamError, match="header is damaged"):
        list(decode_stream(rewritten(output, tmp_path / "b.gop", 0, codec_data=b"\x02")))


def test_what_fails_a_little_is_not_coded_finely(tmp_path: Path) -> None:
    output = tmp_path / "a.gop"
    encode(Turning(*[0.03] * (FRAMES - 1)), output, HybridSettings(0.08))
    assert any(inner_of(output)) and not any(mask & FINE for mask in inner_of(output))


def test_a_fade_is_not_coded_finely(tmp_path: Path) -> None:
    clip, output = Fading(*[0.0] * (FRAMES - 1)), tmp_path / "a.gop"
    assert np.abs(clip.picture(8).y - clip.picture(0).y.astype(float)).mean() > 20
    encode(clip, output, HybridSettings(0.08))
    assert not any(mask & FINE for mask in inner_of(output))


def test_fine_pictures_between_are_nearer_their_references(tmp_path: Path) -> None:
    clip, output = Turning(*[0.07] * (FRAMES - 1)), tmp_path / "a.gop"
    shown = encode(clip, output, HybridSettings(0.08))
    assert inner_of(output)[0] & FINE
    pictures = [picture for one in shown[:1] for picture in one.pictures]
    errors = [float(np.square(p.y - clip.picture(i).y.astype(float)).mean()) for i, p in enumerate(pictures)]
    ends = [0, *(i for i in range(1, 8) if inner_of(output)[0] >> (i - 1) & 1), 8]
    between = [i for i in range(9) if i not in ends]
    assert between and max(errors[i] for i in between) < 3 * max(errors[i] for i in ends)


def test_segments_share_their_ends() -> None:
    whole = GopShape(9, 64, 64, chained=True, entry=True)
    shapes = segments.shapes_of(whole, (4, 6))
    assert [(s.length, s.chained, s.entry) for s in shapes] == [(5, True, True), (3, True, False), (3, True, False)]
    parts = [b"one", b"", b"three"]
    payload = segments.joined((4, 6), parts)
    assert segments.parted(payload, whole) == list(zip(shapes, parts, strict=True))
    assert all(shape.fine for shape, _ in segments.parted(segments.joined((4, 6), parts, fine=True), whole))
    assert segments.parted(b"\x00payload", whole) == [(whole, b"payload")]
    for damaged in (b"", b"\x08", b"\x08\x05ab", b"\x80"):
        with pytest.raises(ValueError, match=r".+"):
            segments.parted(damaged, whole)
