"""The one form in which a decoded picture travels: 8-bit planar YCbCr 4:2:0 with its colour description."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]
Plane16 = NDArray[np.uint16]
Rgb = NDArray[np.uint8]
"""(H, W, 3) uint8, full range, the RGB that the viewer shows and every metric is computed on."""


class Matrix(Enum):
    """YCbCr matrix, by the names ffmpeg gives them (ITU-T H.273 MatrixCoefficients)."""

    BT601 = "smpte170m"
    BT709 = "bt709"
    BT2020 = "bt2020nc"
    SMPTE240M = "smpte240m"
    FCC = "fcc"

    @property
    def title(self) -> str:
        """The name shown to a user."""
        return _TITLES[self]


_TITLES = {
    Matrix.BT601: "BT.601",
    Matrix.BT709: "BT.709",
    Matrix.BT2020: "BT.2020",
    Matrix.SMPTE240M: "SMPTE 240M",
    Matrix.FCC: "FCC",
}


class Transfer(Enum):
    """How codes turn into light; the value is its name in texts (ITU-T H.273 TransferCharacteristics)."""

    SDR = "SDR"
    """Anything that is shown as it is."""
    PQ = "PQ"
    HLG = "HLG"


@dataclass(frozen=True, slots=True)
class Colour:
    """How YCbCr codes turn into RGB."""

    matrix: Matrix = Matrix.BT709
    full_range: bool = False

    @property
    def title(self) -> str:
        """As shown to a user: "BT.601, full range"."""
        return f"{self.matrix.title}, {'full' if self.full_range else 'limited'} range"


@dataclass(frozen=True, slots=True, eq=False)
class DeepPlanes:
    """What a picture was before it was dithered to 8 bits: planes of its shapes, uint16 codes from 0 to 1023."""

    y: Plane16
    u: Plane16
    v: Plane16

    @property
    def size_bytes(self) -> int:
        """Bytes held by the three planes."""
        return self.y.nbytes + self.u.nbytes + self.v.nbytes


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture: `y` (H, W), `u` and `v` (ceil(H/2), ceil(W/2)), all uint8 and C-contiguous."""

    y: Plane
    u: Plane
    v: Plane
    colour: Colour
    deep: DeepPlanes | None = None
    """Only for screens of 10 bits, and only of sources that were asked to keep it."""

    @property
    def width(self) -> int:
        return self.y.shape[1]

    @property
    def height(self) -> int:
        return self.y.shape[0]

    @property
    def size_bytes(self) -> int:
        """Bytes held by all planes."""
        own = self.y.nbytes + self.u.nbytes + self.v.nbytes
        return own if self.deep is None else own + self.deep.size_bytes


@dataclass(frozen=True, slots=True)
class Timing:
    """When frames are shown. `pts[i] * time_base` is frame i's start in seconds, starting at 0 and rising strictly."""

    pts: tuple[int, ...]
    time_base: Fraction
    frame_rate: Fraction
    """Average frame rate; exact for a constant-rate clip."""
    duration_s: float
    """From the first frame's start to the last frame's end."""

    @property
    def frame_count(self) -> int:
        return len(self.pts)

    @property
    def is_constant(self) -> bool:
        """True when every frame lasts as long as the next, within one tick."""
        if len(self.pts) < 3:
            return True
        gaps = [b - a for a, b in zip(self.pts, self.pts[1:], strict=False)]
        return max(gaps) - min(gaps) <= 1


class FrameSource(Protocol):
    """Anything that gives pictures by number: a clip, a rival's file, a neural stream's decoded frames."""

    @property
    def frame_count(self) -> int: ...

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    def picture(self, index: int) -> Picture:
        """Frame `index` (0-based). Raises MediaError naming the file when it cannot be had. Thread-safe."""
        ...

    def pictures(self, start: int, stop: int) -> Iterator[Picture]:
        """Frames [start, stop) in order, decoded sequentially (faster than `picture` one by one)."""
        ...
