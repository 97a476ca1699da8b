"""Differences of two pictures as colours, and the scale that explains them."""

import numpy as np
from numpy.typing import NDArray

from app.state.layouts import Channels, DifferenceLook, Sign
from codec.errors import MediaError
from codec.media.colour import recoded, to_rgb
from codec.media.picture import Picture, Rgb

# Dark where nothing differs; brightness rises all the way, so that the map also reads in grey.
_ABSOLUTE_STOPS = ((0, 0, 0), (52, 16, 96), (150, 30, 110), (232, 88, 60), (252, 184, 60), (255, 255, 220))
_SIGNED_STOPS = (
    (190, 240, 255),
    (40, 130, 230),
    (14, 40, 110),
    (0, 0, 0),
    (120, 24, 20),
    (240, 96, 40),
    (255, 236, 180),
)


def _table(stops: tuple[tuple[int, int, int], ...]) -> NDArray[np.uint8]:
    at = np.linspace(0, 255, len(stops))
    codes = np.arange(256)
    return np.stack([np.interp(codes, at, [s[c] for s in stops]) for c in range(3)], axis=1).round().astype(np.uint8)


ABSOLUTE_TABLE = _table(_ABSOLUTE_STOPS)
"""(256, 3) uint8: colour of |difference| x gain, clipped to 255."""
SIGNED_TABLE = _table(_SIGNED_STOPS)
"""(256, 3) uint8: colour of 128 + difference x gain / 2, clipped to 0..255; entry 128 is (nearly) black."""


def difference_codes(a: NDArray[np.uint8], b: NDArray[np.uint8], look: DifferenceLook) -> NDArray[np.uint8]:
    """a - b as codes of the same shape, uint8: |a - b| x gain, or 128 + floor((a - b) x gain / 2), clipped."""
    signed = a.astype(np.int16) - b
    if look.sign is Sign.ABSOLUTE:
        np.abs(signed, out=signed)
        signed *= look.gain
        return np.minimum(signed, 255, out=signed).astype(np.uint8)
    signed *= look.gain
    signed >>= 1
    signed += 128
    return np.clip(signed, 0, 255, out=signed).astype(np.uint8)


def difference_rgb(take: Picture, reference: Picture, look: DifferenceLook) -> Rgb:
    """(H, W, 3) uint8: `take` minus `reference`. Luma goes through a colour table; RGB shows each channel's own codes.

    Luma is compared in the reference's own codes; a take with another matrix or range is converted first. Raises
    MediaError when the sizes differ.
    """
    if (take.width, take.height) != (reference.width, reference.height):
        sizes = f"{take.width}x{take.height} and {reference.width}x{reference.height}"
        raise MediaError(f"Pictures of {sizes} have no difference.")
    if look.channels is Channels.RGB:
        return difference_codes(to_rgb(take), to_rgb(reference), look)
    codes = difference_codes(recoded(take, reference.colour).y, reference.y, look)
    table = ABSOLUTE_TABLE if look.sign is Sign.ABSOLUTE else SIGNED_TABLE
    return table[codes]


def scale_colours(look: DifferenceLook) -> NDArray[np.uint8]:
    """(256, 3) uint8: the colours of a difference from its smallest to its largest value."""
    if look.channels is Channels.RGB:
        return np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    return ABSOLUTE_TABLE if look.sign is Sign.ABSOLUTE else SIGNED_TABLE


def scale_ends(look: DifferenceLook) -> tuple[float, float]:
    """Code differences at the ends of the scale."""
    largest = 255 / look.gain
    return (0.0, largest) if look.sign is Sign.ABSOLUTE else (-largest, largest)
