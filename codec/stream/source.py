"""A `.gop` file as pictures by number, decoded GoP by GoP on demand with a few GoPs kept."""

from collections.abc import Iterator
from pathlib import Path

from cachetools import LRUCache

from codec import gop, registry
from codec.api import DecodeSettings
from codec.container.stream import parse_stream
from codec.context import QUIET
from codec.errors import StreamError
from codec.gop import DEFAULT_THETA
from codec.media.picture import Picture
from codec.pipeline.join import blend
from codec.pipeline.threads import GopThreads

_KEPT_GOPS = 4


class StreamSource:
    """Decoded frames of a stream, shared frames blended with θ (1: hard cut); implements FrameSource.

    Not for two threads at once. Raises StreamError, ModelError.
    """

    def __init__(
        self,
        path: Path,
        device: str = "auto",
        theta: float = DEFAULT_THETA,
        precision: str = "auto",
        decoder: str = "auto",
    ) -> None:
        """`decoder`: one of DECODERS."""
        self._stream = parse_stream(path)
        settings = DecodeSettings(device, precision, threads=1, decoder=decoder)
        self._decoder = registry.codec_of_stream(self._stream).decoder(self._stream, settings, QUIET)
        self._theta = theta
        self._gops: LRUCache[int, list[Picture]] = LRUCache(_KEPT_GOPS)

    @property
    def frame_count(self) -> int:
        return self._stream.header.frame_count

    @property
    def width(self) -> int:
        return self._stream.header.width

    @property
    def height(self) -> int:
        return self._stream.header.height

    def picture(self, index: int) -> Picture:
        """Frame `index`. Raises StreamError when its GoP is damaged."""
        found = [
            self._gop(slot.gop)[slot.offset]
            for slot in gop.slots(index, self.frame_count, self._stream.header.structure)
        ]
        return found[0] if len(found) == 1 or self._theta == 1.0 else blend(found[0], found[1], self._theta)

    def pictures(self, start: int, stop: int) -> Iterator[Picture]:
        """Frames [start, stop) in order."""
        for index in range(start, stop):
            yield self.picture(index)

    def _gop(self, index: int) -> list[Picture]:
        found = self._gops.get(index)
        if found is None:
            # On one thread, as everywhere, so that the pictures are those of the command line's decode.
            with GopThreads(1) as threads:
                (found,) = threads.in_order(self._decode, (index,))
            self._gops[index] = found
        return found

    def _decode(self, index: int) -> list[Picture]:
        path = self._stream.path
        if index not in self._stream.records:
            raise StreamError(f"{path}: GoP {index} is missing or damaged.")
        pictures = self._decoder.gop(index)
        if pictures is None:
            raise StreamError(f"{path}: GoP {index} passes its checksum but does not decode.")
        return pictures
