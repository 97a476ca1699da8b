"""The part of stored pictures that a container says is shown: Matroska's PixelCrop, the `clap` box of MP4 and MOV.

ffmpeg's library reads both, but does not hand them on through its Python binding.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

# Matroska element ids (RFC 9559, section 5).
_SEGMENT, _TRACKS, _TRACK, _TYPE, _VIDEO, _CLUSTER = 0x18538067, 0x1654AE6B, 0xAE, 0x83, 0xE0, 0x1F43B675
_SIDES = {0x54CC: "left", 0x54DD: "right", 0x54BB: "top", 0x54AA: "bottom"}
_VIDEO_TYPE = b"\x01"
# Bytes of a sample description before its boxes (ISO/IEC 14496-12, 12.1.3).
_ENTRY_HEAD = 86
_MOST_TRACKS = 256


@dataclass(frozen=True, slots=True)
class Crop:
    """Samples left out at each side."""

    left: int = 0
    right: int = 0
    top: int = 0
    bottom: int = 0

    def fits(self, width: int, height: int) -> bool:
        """True when it leaves something out, and something over."""
        out = (self.left, self.right, self.top, self.bottom)
        return any(out) and min(out) >= 0 and self.left + self.right < width and self.top + self.bottom < height


def container_crop(path: Path, container: str, number: int, size: tuple[int, int]) -> Crop | None:
    """What the file's `number`-th video track leaves out of pictures of `size`; None when that is nothing.
    `container` is ffmpeg's name of the format. What is damaged tells nothing."""
    names = set(container.split(","))
    found: Crop | None = None
    with suppress(OSError, ValueError, IndexError, ZeroDivisionError, StopIteration), path.open("rb") as file:
        end = path.stat().st_size
        if "matroska" in names:
            found = _matroska(file, end, number)
        elif "mov" in names:
            found = _mov(file, end, number, size)
    return found if found is not None and found.fits(*size) else None


def _matroska(file: BinaryIO, end: int, number: int) -> Crop | None:
    segment = next((start, stop) for name, start, stop in _elements(file, 0, end) if name == _SEGMENT)
    for name, start, stop in _elements(file, *segment):
        if name == _CLUSTER:
            return None
        if name != _TRACKS:
            continue
        videos: list[tuple[int, int]] = []
        for _, begin, over in _elements(file, start, stop):
            parts = {name: (a, b) for name, a, b in _elements(file, begin, over)}
            if _TYPE in parts and _read(file, *parts[_TYPE]) == _VIDEO_TYPE and _VIDEO in parts:
                videos.append(parts[_VIDEO])
        sides = {name: (a, b) for name, a, b in _elements(file, *videos[number]) if name in _SIDES}
        return Crop(**{_SIDES[name]: int.from_bytes(_read(file, *place), "big") for name, place in sides.items()})
    return None


def _elements(file: BinaryIO, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """Id, first byte and end of the data of each element between two places."""
    at = start
    while at < stop:
        file.seek(at)
        head = file.read(12)
        id_bytes = 9 - head[0].bit_length()
        size_bytes = 9 - head[id_bytes].bit_length()
        name = int.from_bytes(head[:id_bytes], "big")
        size = int.from_bytes(head[id_bytes : id_bytes + size_bytes], "big") & ((1 << 7 * size_bytes) - 1)
        begin = at + id_bytes + size_bytes
        unknown = size == (1 << 7 * size_bytes) - 1
        over = stop if unknown else min(begin + size, stop)
        yield name, begin, over
        at = over


def _mov(file: BinaryIO, end: int, number: int, size: tuple[int, int]) -> Crop | None:
    movie = next((start, stop) for name, start, stop in _boxes(file, 0, end) if name == b"moov")
    videos: list[tuple[int, int]] = []
    for name, start, stop in _boxes(file, *movie):
        if name != b"trak" or len(videos) > _MOST_TRACKS:
            continue
        media = _inside(file, start, stop, b"mdia")
        handler = _inside(file, *media, b"hdlr")
        if _read(file, handler[0] + 8, handler[0] + 12) == b"vide":
            videos.append(media)
    table = _inside(file, *_inside(file, *_inside(file, *videos[number], b"minf"), b"stbl"), b"stsd")
    _, entry, over = next(_boxes(file, table[0] + 8, table[1]))
    clap = _inside(file, entry - 8 + _ENTRY_HEAD, over, b"clap")
    data = _read(file, *clap)
    values = [int.from_bytes(data[at : at + 4], "big", signed=True) for at in range(0, 32, 4)]
    wide, high, right, down = (Fraction(values[n], values[n + 1]) for n in range(0, 8, 2))
    left, top = (size[0] - wide) / 2 + right, (size[1] - high) / 2 + down
    return Crop(int(left), int(size[0] - wide - left), int(top), int(size[1] - high - top))


def _boxes(file: BinaryIO, start: int, stop: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, first byte and end of the data of each box between two places."""
    at = start
    while at + 8 <= stop:
        file.seek(at)
        head = file.read(16)
        size, begin = int.from_bytes(head[:4], "big"), at + 8
        if size == 1:
            size, begin = int.from_bytes(head[8:16], "big"), at + 16
        over = stop if size == 0 else min(at + size, stop)
        yield head[4:8], begin, over
        if over <= at:
            return
        at = over


def _inside(file: BinaryIO, start: int, stop: int, name: bytes) -> tuple[int, int]:
    return next((begin, over) for found, begin, over in _boxes(file, start, stop) if found == name)


def _read(file: BinaryIO, start: int, stop: int) -> bytes:
    file.seek(start)
    return file.read(min(stop - start, 4096))
