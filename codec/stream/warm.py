"""A tiny clip through the encoder and the decoder everybody uses, so that kernels are chosen and the coder is compiled
before they are needed."""

import tempfile
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from codec import registry
from codec.context import QUIET, WorkContext
from codec.gop import GOP_LENGTH
from codec.media.picture import Colour, Picture, Timing
from codec.nn import device as devices
from codec.stream.decoder import decode_stream
from codec.stream.encoder import encode_clip

_SIDE = 64
_FRAMES = 2 * GOP_LENGTH - 1
"""A key GoP and one that is chained to it."""


class _Drifting:
    """Noise that drifts: it has motion, texture and something to code in every picture."""

    frame_count, width, height = _FRAMES, _SIDE, _SIDE

    def __init__(self) -> None:
        self._noise = np.random.default_rng(0).integers(64, 192, (_SIDE, _SIDE), np.uint8)

    def picture(self, index: int) -> Picture:
        """Frame `index`, 64x64."""
        luma = np.roll(self._noise, index, axis=1)
        return Picture(luma, luma[::2, ::2].copy(), luma[1::2, ::2].copy(), Colour())

    def pictures(self, start: int, stop: int) -> Iterator[Picture]:
        """Frames [start, stop)."""
        return map(self.picture, range(start, stop))


def warm_up(
    device: str = "auto", precision: str = "auto", context: WorkContext = QUIET, codec: str = registry.DEFAULT
) -> str:
    """Encode and decode a clip of 64x64 pixels with a codec on `device`, and drop it; returns the device's name.

    Raises what `encode_clip` and `decode_stream` raise.
    """
    kind = registry.named(codec).settings
    timing = Timing(tuple(range(_FRAMES)), Fraction(1, 25), Fraction(25), _FRAMES / 25)
    settings = kind(kind.lambda_start, device=device, precision=precision)
    with tempfile.TemporaryDirectory(prefix="seamscope-warm-") as folder:
        stream = Path(folder) / "warm.gop"
        encode_clip(_Drifting(), timing, Fraction(1), stream, settings, context)
        deque(decode_stream(stream, device, context, precision=precision), maxlen=0)
    return str(devices.pick(device))
