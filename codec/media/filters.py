"""ffmpeg's own filters on decoded frames: cropping, scaling and deinterlacing, as the ffmpeg program would do them."""

from fractions import Fraction

import av
from av.filter import Graph

from codec.media.cropping import Crop

# One picture for each frame; the field order is the frame's own.
_BWDIF = "mode=send_frame:parity=auto:deint=all"


class _Chain:
    """One filter, for frames of one size and format."""

    def __init__(self, frame: av.VideoFrame, name: str, arguments: str) -> None:
        self._graph = Graph()
        self._graph.threads = 1
        source = self._graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1)
        )
        work = self._graph.add(name, arguments)
        sink = self._graph.add("buffersink")
        source.link_to(work)
        work.link_to(sink)
        self._graph.configure()
        self._count = 0

    def push(self, frame: av.VideoFrame | None) -> None:
        """The next frame; None: there are no more."""
        if frame is not None:
            frame.pts, frame.time_base = self._count, Fraction(1)
            self._count += 1
        self._graph.vpush(frame)

    def pull(self) -> av.VideoFrame:
        made = self._graph.vpull()
        assert isinstance(made, av.VideoFrame)
        return made


class Steady:
    """A filter that makes one frame of each, whatever their sizes and formats."""

    def __init__(self, name: str, arguments: str) -> None:
        self._name, self._arguments = name, arguments
        self._kind: tuple[int, int, str] | None = None
        self._chain: _Chain | None = None

    def made(self, frame: av.VideoFrame) -> av.VideoFrame:
        """The filtered frame."""
        kind = _kind_of(frame)
        if self._chain is None or kind != self._kind:
            self._chain, self._kind = _Chain(frame, self._name, self._arguments), kind
        self._chain.push(frame)
        return self._chain.pull()


def cropper(crop: Crop) -> Steady:
    """Leaves out what a container leaves out; of a format with shared chroma whole groups of samples."""
    inside = f"w=iw-{crop.left}-{crop.right}:h=ih-{crop.top}-{crop.bottom}"
    return Steady("crop", f"{inside}:x={crop.left}:y={crop.top}")


def scaler(width: int, height: int) -> Steady:
    """To one size, chroma where the frame's own lies."""
    return Steady("scale", f"{width}:{height}:flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp")


def deinterlaced(before: av.VideoFrame | None, frame: av.VideoFrame, after: av.VideoFrame | None) -> av.VideoFrame:
    """The frame with each line interpolated to one moment. Its neighbours are what the filter looks at; where there is
    none, or one of another kind, the clip begins or ends."""
    kind = _kind_of(frame)
    chain = _Chain(frame, "bwdif", _BWDIF)
    earlier = before is not None and _kind_of(before) == kind
    if earlier:
        chain.push(before)
    chain.push(frame)
    if after is not None and _kind_of(after) == kind:
        chain.push(after)
    chain.push(None)
    if earlier:
        chain.pull()
    return chain.pull()


def _kind_of(frame: av.VideoFrame) -> tuple[int, int, str]:
    return frame.width, frame.height, frame.format.name
