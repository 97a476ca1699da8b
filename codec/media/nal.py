"""The few fields of H.264, HEVC and VVC headers that tell how packets become pictures (section 7.3 of each)."""

from collections.abc import Iterator
from dataclasses import dataclass

_SETS = {"h264": 7, "hevc": 33, "vvc": 15}
_RADL = {"hevc": (6, 7), "vvc": (2,)}
_LAST_SLICE = {"hevc": 31, "vvc": 11}
_H264_SLICES = (1, 5)
_CHROMA_PROFILES = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}
_START = b"\x00\x00\x01"
# Headers stand at the front of a unit; copying more of a large one would cost time.
_SLICE_HEAD = 32


class _Bits:
    """Bits of a unit's payload, first to last. Raises IndexError at its end."""

    def __init__(self, payload: bytes) -> None:
        self._data = payload.replace(b"\x00\x00\x03", b"\x00\x00")
        self._at = 0

    def take(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | self._data[self._at >> 3] >> (7 - (self._at & 7)) & 1
            self._at += 1
        return value

    def unsigned(self) -> int:
        """ue(v)."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        """se(v)."""
        code = self.unsigned()
        return (code + 1) // 2 if code % 2 else -(code // 2)


@dataclass(frozen=True, slots=True)
class Framing:
    """How units stand in a packet: `length_bytes` of a length before each, or 0 where start codes part them. `codec` is
    "h264", "hevc" or "vvc"."""

    length_bytes: int
    codec: str

    def units(self, data: bytes | memoryview) -> Iterator[bytes | memoryview]:
        """The units of a packet, headers included; a broken length ends it."""
        if not self.length_bytes:
            yield from _between_start_codes(bytes(data))
            return
        at = 0
        while at + self.length_bytes < len(data):
            size = int.from_bytes(data[at : at + self.length_bytes], "big")
            at += self.length_bytes
            yield data[at : at + size]
            at += size

    def parameter_sets(self, data: bytes | memoryview) -> set[bytes]:
        """The sequence parameter sets of a packet."""
        return {bytes(unit) for unit in self.units(data) if self._is_set(unit)}

    def _is_set(self, unit: bytes | memoryview) -> bool:
        if len(unit) < 4:
            return False
        return self._kind(unit) == _SETS[self.codec]

    def _kind(self, unit: bytes | memoryview) -> int:
        if self.codec == "h264":
            return unit[0] & 31
        return unit[0] >> 1 & 63 if self.codec == "hevc" else unit[1] >> 3

    def stands_before(self, data: bytes | memoryview) -> bool:
        """True for a picture that is shown before the key frame it follows and needs nothing older (RADL): it decodes
        even at the very beginning."""
        kinds = [self._kind(unit) for unit in self.units(data) if len(unit) > 1]
        slices = [kind for kind in kinds if kind <= _LAST_SLICE.get(self.codec, -1)]
        return bool(slices) and all(kind in _RADL[self.codec] for kind in slices)


def framing_of(extradata: bytes, codec: str) -> Framing:
    """As a stream's extradata say."""
    if codec == "vvc":
        stored = bool(extradata) and extradata[0] & 0xF8 == 0xF8
        return Framing((extradata[0] >> 1 & 3) + 1 if stored else 0, codec)
    place = 21 if codec == "hevc" else 4
    stored = len(extradata) > place and extradata[0] == 1
    return Framing((extradata[place] & 3) + 1 if stored else 0, codec)


def stored_sets(extradata: bytes, framing: Framing) -> set[bytes]:
    """The sequence parameter sets that stand outside packets (avcC, hvcC, or start codes)."""
    if not framing.length_bytes:
        return framing.parameter_sets(extradata)
    found: set[bytes] = set()
    if framing.codec == "vvc":
        return found
    if framing.codec == "hevc":
        at = 23
        for _ in range(extradata[22] if len(extradata) > 22 else 0):
            count = int.from_bytes(extradata[at + 1 : at + 3], "big")
            at += 3
            for _ in range(count):
                size = int.from_bytes(extradata[at : at + 2], "big")
                found.add(extradata[at + 2 : at + 2 + size])
                at += 2 + size
    else:
        at = 6
        for _ in range(extradata[5] & 31 if len(extradata) > 5 else 0):
            size = int.from_bytes(extradata[at : at + 2], "big")
            found.add(extradata[at + 2 : at + 2 + size])
            at += 2 + size
    return {unit for unit in found if framing._is_set(unit)}


@dataclass(frozen=True, slots=True)
class FieldCoding:
    """What is needed to see in an H.264 slice whether it is of a field: bits before the flag that says so."""

    frame_number_bits: int
    separate_planes: bool

    def is_field(self, packet: bytes | memoryview, framing: Framing) -> bool:
        """True when the packet's first slice is of a single field."""
        for unit in framing.units(packet):
            if len(unit) > 1 and unit[0] & 31 in _H264_SLICES:
                bits = _Bits(bytes(unit[1:_SLICE_HEAD]))
                try:
                    for _ in range(3):
                        bits.unsigned()
                    bits.take((2 if self.separate_planes else 0) + self.frame_number_bits)
                    return bool(bits.take(1))
                except IndexError:
                    return True
        return False


def field_coding(sps: bytes) -> FieldCoding | None:
    """Of an H.264 sequence parameter set; None when all pictures are frames. Raises IndexError when it is cut short."""
    bits = _Bits(sps[4:])
    bits.unsigned()
    separate = False
    if sps[1] in _CHROMA_PROFILES:
        chroma = bits.unsigned()
        separate = chroma == 3 and bool(bits.take(1))
        for _ in range(2):
            bits.unsigned()
        bits.take(1)
        if bits.take(1):
            _skip_scaling(bits, 12 if chroma == 3 else 8)
    number_bits = bits.unsigned() + 4
    order = bits.unsigned()
    if order == 0:
        bits.unsigned()
    elif order == 1:
        bits.take(1)
        for _ in range(2):
            bits.signed()
        for _ in range(bits.unsigned()):
            bits.signed()
    bits.unsigned()
    bits.take(1)
    for _ in range(2):
        bits.unsigned()
    return None if bits.take(1) else FieldCoding(number_bits, separate)


def _skip_scaling(bits: _Bits, lists: int) -> None:
    for number in range(lists):
        if not bits.take(1):
            continue
        last = following = 8
        for _ in range(16 if number < 6 else 64):
            if following:
                following = (last + bits.signed()) % 256
            last = following or last


def _between_start_codes(data: bytes) -> Iterator[bytes]:
    at = data.find(_START)
    while at >= 0:
        end = data.find(_START, at + 3)
        # Trailing zero bytes belong to the next start code.
        yield data[at + 3 : end if end >= 0 else len(data)].rstrip(b"\x00") if end >= 0 else data[at + 3 :]
        at = end
