"""Which pictures a video track holds, in the order in which they are shown: what the decoder delivers.

Where every packet is known to become one picture shown at its own time, the packets tell. Everywhere else the track is
decoded once from the first packet to the last and the pictures are counted.
"""

import itertools
import zlib
from dataclasses import dataclass, replace

import av

from codec.context import WorkContext
from codec.media.colour import plane_array
from codec.media.demux import Demuxer, PacketTable

# Containers that give every packet the time at which its picture is shown.
_TIMED = {"mov", "matroska", "webm", "flv", "mpegts", "nut", "yuv4mpegpipe", "rawvideo", "ivf", "obu"}
# Codecs of which a packet is a picture, or is known not to be by its header; besides those without references.
_ONE_EACH = {"h264", "hevc", "vvc", "av1", "vp8", "vp9", "mpeg1video", "mpeg2video", "ffv1", "png"}
_OWN_PES = {"h264", "hevc"}


@dataclass(frozen=True, slots=True)
class FrameIndex:
    """Picture i of a track comes from packet `packets[i]`; pictures of one packet follow each other."""

    packets: tuple[int, ...]
    pts: tuple[int, ...] | None
    """When each is shown, rising strictly, in the stream's ticks; None when the file's own times are unusable."""
    keyframes: tuple[int, ...]
    """Pictures from whose packet decoding can begin."""
    last_duration: int
    checks: tuple[int, ...] | None = None
    """CRC-32 of each picture, of a track that was decoded to count its pictures."""
    sizes: tuple[tuple[int, int, int], ...] = ()
    """(first picture, width, height) of each run of pictures of one size, of a track that was decoded."""
    counted_why: str = ""
    """Why the packets could not be relied on; empty where they could."""
    lost: int = 0
    """Packets that should have become a picture and did not."""
    damaged: bool = False
    """The decoder said of a picture that it is not whole."""
    careful: bool = False
    """True when pictures must be decoded one after the other."""


def by_packets(table: PacketTable) -> FrameIndex:
    """The index of a track whose packets can be relied on."""
    rows = table.rows
    times = sorted((row.pts, number) for number, row in enumerate(rows) if row.shown and row.pts is not None)
    packets = tuple(number for _, number in times)
    keyframes = tuple(i for i, number in enumerate(packets) if rows[number].key)
    last = rows[packets[-1]].duration if packets else 0
    return FrameIndex(packets, tuple(pts for pts, _ in times), keyframes, last)


def doubt(table: PacketTable, stream: av.VideoStream) -> str:
    """Why the packets' own times do not tell the pictures, in a few words; empty when they do."""
    shown = [row for row in table.rows if row.shown]
    coder = stream.codec_context
    codec = coder.codec.canonical_name
    if not shown:
        return ""
    if table.damaged:
        return "the file is damaged or cut short"
    if table.discards:
        return "an edit list leaves packets out"
    if table.fields:
        return "fields have packets of their own"
    if table.sets_change:
        return "the stream changes its parameters"
    if codec not in _ONE_EACH and not coder.codec.intra_only:
        return "packets of this codec need not be pictures"
    times = [row.pts for row in shown]
    known = {pts for pts in times if pts is not None}
    if len(known) < len(shown):
        return "packets lack times of their own"
    if coder.codec.intra_only or all(row.key for row in shown):
        return ""
    container = stream.container.format.name
    if not _TIMED & set(container.split(",")):
        return "the container does not say when pictures are shown"
    if container == "mpegts" and (codec not in _OWN_PES or not all(map(table.is_unique, range(len(table.rows))))):
        return "pictures share time stamps"
    first = table.rows[0]
    earlier = [row for row in shown if row.pts is not None and first.pts is not None and row.pts < first.pts]
    if not first.key or first.pts is None or not all(row.decodable for row in earlier):
        return "it does not begin with a picture that stands on its own"
    if container == "mpegts" and _rising([row.dts for row in table.rows]) is None:
        return "its clock jumps"
    if _reorder_depth(times) > coder.reorder_depth and codec in ("h264", "hevc"):
        return "the stream does not say how far its pictures are reordered"
    return ""


def _reorder_depth(times: list[int | None]) -> int:
    """The most pictures that are decoded before one and shown after it."""
    waiting: list[int] = []
    deepest = 0
    for pts in times:
        assert pts is not None
        waiting = [other for other in waiting if other > pts]
        deepest = max(deepest, len(waiting))
        waiting.append(pts)
    return deepest


def by_decoding(demuxer: Demuxer, table: PacketTable, why: str, context: WorkContext) -> FrameIndex:
    """Decode the track from its first packet and note what comes; where something is missing once more, carefully.
    Raises MediaError, Cancelled."""
    careful = table.damaged or table.fields or table.discards
    if careful:
        demuxer.be_careful()
    found = _decoded(demuxer, table, why, context)
    if not careful and (found.lost or found.damaged):
        careful = True
        demuxer.be_careful()
        found = _decoded(demuxer, table, why, context)
    return replace(found, careful=careful)


def _decoded(demuxer: Demuxer, table: PacketTable, why: str, context: WorkContext) -> FrameIndex:
    demuxer.go_to(0, table)
    packets: list[int] = []
    checks: list[int] = []
    damaged = False
    sizes: list[tuple[int, int, int]] = []
    for frame in demuxer.frames():
        context.check()
        if frame.pts is None:
            continue
        if not sizes or sizes[-1][1:] != (frame.width, frame.height):
            sizes.append((len(packets), frame.width, frame.height))
        packets.append(frame.pts)
        checks.append(check_of(frame))
        damaged |= frame.is_corrupt
        context.report(frame.pts / len(table.rows), f"counting pictures: {len(packets)}")
    rows = table.rows
    keyframes = tuple(i for i, number in enumerate(packets) if rows[number].key)
    expected = sum(row.shown for row in rows)
    lost = 0 if table.fields else max(expected - len(packets), 0)
    last = rows[packets[-1]].duration if packets else 0
    pts = _times(packets, table)
    return FrameIndex(tuple(packets), pts, keyframes, last, tuple(checks), tuple(sizes), why, lost, damaged)


def _times(packets: list[int], table: PacketTable) -> tuple[int, ...] | None:
    rows = table.rows
    own = [rows[number].pts for number in packets]
    if rising := _rising(own):
        return rising
    # Without times of presentation (AVI) pictures are shown at the times of decoding, in their own order.
    if _rising([row.dts for row in rows]) is None:
        return None
    return _rising(sorted(dts for number in packets if (dts := rows[number].dts) is not None))


def _rising(times: "list[int | None] | list[int]") -> tuple[int, ...] | None:
    known = tuple(pts for pts in times if pts is not None)
    if len(known) < len(times) or any(b <= a for a, b in itertools.pairwise(known)):
        return None
    return known


def check_of(frame: av.VideoFrame) -> int:
    """CRC-32 of a frame's samples, without the padding of its rows."""
    form, found = frame.format, 0
    for number, plane in enumerate(frame.planes):
        bits = form.components[0].bits if form.is_planar else form.padded_bits_per_pixel
        # The second plane of semi-planar formats holds two samples each.
        paired = form.is_planar and len(frame.planes) == 2 and number == 1
        used = min(plane.line_size, plane.width * -(-bits // 8) * (2 if paired else 1))
        found = zlib.crc32(plane_array(plane, used, plane.height).tobytes(), found)
    return found
