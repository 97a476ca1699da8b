"""What YCbCr codes stand for: the numbers by which files name a matrix (ITU-T H.273, table 4), and the matrices."""

import numpy as np
from numpy.typing import NDArray

from codec.media.picture import Colour, Matrix

# Kr and Kb: BT.601-7 section 2.5.1, BT.709-6 item 3.2, BT.2020-2 table 4 (non-constant luminance); SMPTE 240M and FCC
# as H.273 gives them.
_WEIGHTS = {
    Matrix.BT601: (0.299, 0.114),
    Matrix.BT709: (0.2126, 0.0722),
    Matrix.BT2020: (0.2627, 0.0593),
    Matrix.SMPTE240M: (0.212, 0.087),
    Matrix.FCC: (0.30, 0.11),
}
UNSPECIFIED = 2
_NUMBERED = {
    1: Matrix.BT709,
    4: Matrix.FCC,
    5: Matrix.BT601,
    6: Matrix.BT601,
    7: Matrix.SMPTE240M,
    9: Matrix.BT2020,
}
_NUMBERS = {Matrix.BT601: 6, Matrix.BT709: 1, Matrix.BT2020: 9, Matrix.SMPTE240M: 7, Matrix.FCC: 4}
_UNSUPPORTED = {
    0: "identity (RGB)",
    8: "YCgCo",
    10: "BT.2020 constant luminance",
    11: "SMPTE ST 2085",
    12: "chromaticity-derived",
    13: "chromaticity-derived constant luminance",
    14: "ICtCp",
    15: "IPT-C2",
    16: "YCgCo-Re",
    17: "YCgCo-Ro",
}


def matrix_of(number: int) -> Matrix | None:
    """The matrix that H.273 gives a number; None for one that is not supported, or none (UNSPECIFIED)."""
    return _NUMBERED.get(number)


def number_of(matrix: Matrix) -> int:
    """The number by which a frame or a file names a matrix."""
    return _NUMBERS[matrix]


def unsupported_title(number: int) -> str:
    """What a matrix without support is called in texts."""
    return _UNSUPPORTED.get(number, f"number {number} of H.273")


def rgb_matrix(colour: Colour) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(3, 3) matrix and (3,) offset: rgb = matrix @ ycbcr + offset, all in codes of 0 to 255."""
    red, blue = _WEIGHTS[colour.matrix]
    green = 1 - red - blue
    luma, chroma, black = (1.0, 1.0, 0.0) if colour.full_range else (255 / 219, 255 / 224, 16.0)
    matrix: NDArray[np.float64] = np.array(
        [
            [luma, 0.0, 2 * (1 - red) * chroma],
            [luma, -2 * blue * (1 - blue) / green * chroma, -2 * red * (1 - red) / green * chroma],
            [luma, 2 * (1 - blue) * chroma, 0.0],
        ]
    )
    return matrix, -matrix @ np.array([black, 128.0, 128.0])


def between(source: Colour, target: Colour) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(3, 3) matrix and (3,) offset from the codes of one coding to those of another. Chroma never needs luma: what is
    grey in one is grey in the other."""
    (first, black), (second, other) = rgb_matrix(source), rgb_matrix(target)
    inverse = np.linalg.inv(second)
    factors = (inverse @ first).astype(np.float32)
    factors[1:, 0] = 0
    return factors, (inverse @ (black - other)).astype(np.float32)
