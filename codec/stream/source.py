"""A `.gop` file as pictures by number, decoded GoP by GoP on demand with a few GoPs kept."""

from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

from codec import gop
from codec.gop import DEFAULT_THETA
from codec.media.picture import Picture
from codec.model import device as devices
from codec.model import store
from codec.stream.decoder import decode_gop
from codec.stream.format import parse_stream
from codec.stream.join import blend
from codec.stream.parallel import in_order

_KEPT_GOPS = 4


class StreamSource:
    """Decoded frames of a stream, shared frames blended with θ (1: hard cut); implements FrameSource.

    Not for two threads at once. Raises StreamError, ModelError.
    """

    def __init__(self, path: Path, device: str = "auto", theta: float = DEFAULT_THETA) -> None:
        self._stream = parse_stream(path)
        self._model = store.model_for(self._stream.header.model_id, devices.pick(device), path)
        self._theta = theta
        self._gops: OrderedDict[int, list[Picture]] = OrderedDict()

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
        if index not in self._gops:
            # On one thread, as everywhere, so that the pictures are those of the command line's decode.
            (decoded,) = in_order(lambda i: decode_gop(self._model, self._stream, i), (index,), 1)
            self._gops[index] = decoded.pictures
            while len(self._gops) > _KEPT_GOPS:
                self._gops.popitem(last=False)
        self._gops.move_to_end(index)
        return self._gops[index]
