"""Frames of one video file by number: the right one after any seek, whatever the file's time stamps say."""

import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
from av.error import FFmpegError
from av.video.frame import PictureType

from codec.context import QUIET, WorkContext
from codec.errors import MediaError
from codec.media import colour, filters, index_cache, probe, raw
from codec.media.cropping import Crop, container_crop
from codec.media.demux import Demuxer
from codec.media.index import FrameIndex, by_decoding, by_packets, check_of, doubt
from codec.media.orientation import orientation_of
from codec.media.picture import Colour, Picture
from codec.media.probe import ClipInfo, Coded
from codec.media.timing import timing_of

# Decoding on is cheaper than seeking for this many frames.
_SHORT_WALK = 12
# Frames at hand for deinterlacing: one and its neighbours.
_NEIGHBOURS = 3


class FileReader:
    """Frames of one video file. Not thread-safe: `Clip` holds the lock."""

    def __init__(
        self, path: Path, *, deinterlace: bool = False, coded: Coded | None = None, context: WorkContext = QUIET
    ) -> None:
        """With `deinterlace` each picture's lines are made of one moment (bwdif). Raises MediaError, Cancelled."""
        self._path = path
        self._deinterlace = deinterlace
        self._coded = coded
        self.keep_deep = False
        self._demuxer = Demuxer(path)
        try:
            self._table = self._demuxer.table(context)
            self._index = self._indexed(context)
            if not self._index.packets:
                what = "no frame of the video track can be decoded" if self._table.rows else None
                raise MediaError(f"{path}: {what or 'the video track holds no frames'}.")
            seen: Counter[int] = Counter()
            self._numbers: dict[tuple[int, int], int] = {}
            for number, packet in enumerate(self._index.packets):
                self._numbers[packet, seen[packet]] = number
                seen[packet] += 1
            self._frames: Iterator[av.VideoFrame] = iter(())
            self._seen: Counter[int] = Counter()
            self._types: dict[int, str] = {}
            self._near: dict[int, av.VideoFrame] = {}
            self._broken: set[int] = set()
            self._position = 0
            self._crop: Crop | None = None
            self._cropper = self._scaler = filters.scaler(0, 0)
            if self._index.careful:
                self._demuxer.be_careful()
            self._restart(None)
            first = self._first_frame()
            self.info = self._describe(first)
            if not first.format.name.startswith(("yuv420p", "yuvj420p")):
                # That a format cannot be converted comes out now.
                self._converted(first)
            self._restart(None)
        except BaseException:
            self._demuxer.close()
            raise

    def close(self) -> None:
        self._frames = iter(())
        self._near.clear()
        self._cropper = self._scaler = filters.scaler(0, 0)
        self._demuxer.close()

    def _indexed(self, context: WorkContext) -> FrameIndex:
        # Who reads the same file beside us must count as many pictures.
        known = index_cache.find(self._path)
        if known is not None:
            return known
        why = doubt(self._table, self._demuxer.stream) or index_cache.doubt_of(self._path)
        if not why:
            return by_packets(self._table)
        begun = time.monotonic()
        found = by_decoding(self._demuxer, self._table, why, context)
        index_cache.keep(self._path, found, seconds=time.monotonic() - begun)
        return found

    def _first_frame(self) -> av.VideoFrame:
        try:
            frame = next(self._frames)
        except (StopIteration, FFmpegError, OSError) as error:
            raise MediaError(f"{self._path}: no frame of the video track can be decoded.") from error
        if max(frame.width, frame.height) > probe.MAX_SIDE:
            raise MediaError(f"{self._path}: pictures of {frame.width}x{frame.height} are too large.")
        return frame

    def _describe(self, frame: av.VideoFrame) -> ClipInfo:
        container, stream = self._demuxer.container, self._demuxer.stream
        self._orientation = orientation_of(frame)
        track = list(container.streams.video).index(stream)
        self._crop = container_crop(self._path, container.format.name, track, (frame.width, frame.height))
        self._cropper = filters.cropper(self._crop or Crop())
        frame = self._cropped(frame)
        self._size = frame.width, frame.height
        self._scaler = filters.scaler(*self._size)
        self._colour, assumed, notes = probe.colour_of(frame, self._coded)
        depth, more = probe.format_notes(frame)
        notes += more
        timing = timing_of(self._index, stream)
        notes += self._notes(frame.interlaced_frame)
        if not timing.is_constant:
            notes.append("Variable frame rate: frames are shown at their own times.")
        width, height = self._orientation.size(*self._size)
        aspect = Fraction(stream.sample_aspect_ratio or 1)
        if aspect <= 0:
            aspect = Fraction(1)
        return ClipInfo(
            path=self._path,
            container=container.format.name,
            codec=stream.codec_context.name,
            pixel_format=frame.format.name,
            bit_depth=depth,
            width=width,
            height=height,
            sample_aspect=1 / aspect if self._orientation.transposed else aspect,
            rotation=self._orientation.rotation,
            colour=self._colour,
            timing=timing,
            total_frames=timing.frame_count,
            size_bytes=self._path.stat().st_size,
            keyframes=self._index.keyframes,
            notes=tuple(notes),
            transfer=probe.transfer_of(frame),
            mirrored=self._orientation.mirrored,
            assumed=assumed,
            interlaced=frame.interlaced_frame,
            deinterlaced=self._deinterlace,
            can_deinterlace=True,
        )

    def _notes(self, interlaced: bool) -> list[str]:
        index, notes = self._index, []
        if raw.is_raw(self._path):
            notes.append(raw.layout_of(self._path).note)
        if self._table.damaged or index.damaged:
            notes.append("The file is damaged or cut short; what can be read of it is shown.")
        if index.lost:
            held = sum(row.shown for row in self._table.rows)
            notes.append(f"{len(index.packets)} pictures decode of the {held} that the file has packets of.")
        if index.pts is None:
            notes.append("The file's time stamps are unusable; a constant frame rate is assumed.")
        if self._deinterlace:
            notes.append("Deinterlaced (bwdif), one picture a frame.")
        elif interlaced:
            notes.append("Interlaced source: a picture holds the lines of two moments; it is shown as it is coded.")
        for number, width, height in index.sizes[1:2]:
            stored = "{}x{}".format(*index.sizes[0][1:])
            notes.append(
                f"The picture size changes: from frame {number} on {width}x{height} instead of {stored}; "
                "all are shown at the first size."
            )
        if self._orientation.mirrored:
            notes.append("The file asks for its pictures to be mirrored; they are.")
        if self._crop is not None:
            notes.append("The file leaves out the edges of its pictures (a container's crop); they are not shown.")
        return notes

    def _restart(self, keyframe: int | None) -> None:
        """Decode from the frame numbered `keyframe` (display order) on, or from the first packet."""
        self._frames = iter(())
        self._demuxer.go_to(0 if keyframe is None else self._index.packets[keyframe], self._table)
        self._frames = self._demuxer.frames()
        self._seen.clear()
        self._position = keyframe or 0

    def frame_type(self, index: int) -> str:
        """Of a frame that has been decoded; empty when it has not, or the format has no types."""
        found = self._types.get(index, "")
        return "" if found == PictureType.NONE.name else found

    def frame_bytes(self) -> tuple[int, ...]:
        """Bytes of all packets of each frame: fields count with the first of them, unseen references with what follows;
        what gave no picture counts with the one before."""
        frames = {packet: number for number, packet in reversed(list(enumerate(self._index.packets)))}
        found = [0] * len(self._index.packets)
        owner, waiting = frames[min(frames)], 0
        for number, row in enumerate(self._table.rows):
            if not row.shown:
                waiting += row.size
                continue
            owner = frames.get(number, owner)
            found[owner] += row.size + waiting
            waiting = 0
        found[owner] += waiting
        return tuple(found)

    def read(self, index: int) -> Picture:
        """Frame `index` as shown. Raises MediaError."""
        return self._converted(self._fields_joined(index) if self._deinterlace else self._frame(index))

    def _converted(self, frame: av.VideoFrame) -> Picture:
        try:
            return self._convert(frame)
        except (FFmpegError, ValueError) as error:
            raise MediaError(
                f"{self._path}: pictures of the format {frame.format.name} cannot be converted."
            ) from error

    def _fields_joined(self, index: int) -> av.VideoFrame:
        """The frame, deinterlaced."""
        last = len(self._index.packets) - 1
        wanted = [number for number in range(index - 1, index + 2) if 0 <= number <= last]
        # In order, so that playing decodes each frame once.
        near = {number: self._near.get(number) or self._frame(number) for number in wanted}
        self._near = near
        return filters.deinterlaced(near.get(index - 1), near[index], near.get(index + 1))

    def _frame(self, index: int) -> av.VideoFrame:
        keys = self._index.keyframes
        starts = [key for key in keys[: bisect_right(keys, index)] if key not in self._broken]
        walk = index - self._position
        frame = None
        if 0 <= walk <= _SHORT_WALK or (walk > 0 and starts and starts[-1] <= self._position):
            frame = self._walk_to(index)
        # Where the nearest key frame does not bring the frame (broken links), start earlier, at last from the top.
        for start in (*reversed(starts[-2:]), None):
            if frame is not None:
                break
            self._restart(start)
            frame = self._walk_to(index, checked=start is not None)
            if frame is None and start is not None and self._index.checks is not None:
                self._broken.add(start)
        if frame is None and not self._index.careful:
            self._demuxer.be_careful()
            self._restart(None)
            frame = self._walk_to(index, checked=False)
        if frame is None:
            index_cache.distrust(self._path)
            raise MediaError(
                f"{self._path}: frame {index} cannot be decoded, the file is damaged there; opened again, "
                "it is a clip of those that can."
            )
        return frame

    def _walk_to(self, index: int, *, checked: bool = True) -> av.VideoFrame | None:
        """Decode on to the frame; None when it does not come, or is not what counting found there."""
        checks = self._index.checks
        try:
            for frame in self._frames:
                packet = -1 if frame.pts is None else frame.pts
                number = self._numbers.get((packet, self._seen[packet]))
                self._seen[packet] += 1
                if number is None:
                    continue
                self._position = number + 1
                if frame.is_corrupt and checks is None:
                    index_cache.distrust(self._path)
                self._types[number] = PictureType(frame.pict_type).name
                if number > index:
                    return None
                if number == index:
                    right = checks is None or not checked or check_of(frame) == checks[number]
                    return frame if right else None
        except (FFmpegError, OSError):
            return None
        return None

    def _cropped(self, frame: av.VideoFrame) -> av.VideoFrame:
        fits = self._crop is not None and self._crop.fits(frame.width, frame.height)
        return self._cropper.made(frame) if fits else frame

    def _convert(self, frame: av.VideoFrame) -> Picture:
        frame = self._cropped(frame)
        if (frame.width, frame.height) != self._size:
            frame = self._scaler.made(frame)
        keep_deep = self.keep_deep and self.info.bit_depth > 8
        return self._orientation.applied(convert(frame, self._colour, keep_deep=keep_deep))


def convert(frame: av.VideoFrame, shown: Colour, *, keep_deep: bool = False) -> Picture:
    """An ffmpeg frame of any format as an 8-bit 4:2:0 picture; with `keep_deep` it brings 10 bits too."""
    picture = colour.from_frame(_formatted(frame, shown, ("yuv420p", "yuvj420p")), shown)
    if not keep_deep:
        return picture
    return replace(picture, deep=colour.deep_planes(_formatted(frame, shown, ("yuv420p10le",))))


def _formatted(frame: av.VideoFrame, shown: Colour, formats: tuple[str, ...]) -> av.VideoFrame:
    """The frame in one of `formats`, the first if it is in none."""
    if frame.format.name in formats:
        return frame
    return frame.reformat(
        format=formats[0],
        src_colorspace=None if frame.format.is_rgb else colour.space_of(shown.matrix),
        dst_colorspace=colour.space_of(shown.matrix),
        src_color_range=None if frame.format.is_rgb else colour.range_of(shown.full_range),
        dst_color_range=colour.range_of(shown.full_range),
        interpolation=colour.FLAGS,
    )
