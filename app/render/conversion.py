"""YCbCr codes to RGB as a matrix and an offset, for the shaders."""

import numpy as np
from numpy.typing import NDArray

from codec.media.picture import Colour, Matrix

# Kr and Kb: BT.601-7 section 2.5.1, BT.709-6 item 3.2, BT.2020-2 table 4 (non-constant luminance).
_WEIGHTS = {Matrix.BT601: (0.299, 0.114), Matrix.BT709: (0.2126, 0.0722), Matrix.BT2020: (0.2627, 0.0593)}


def rgb_matrix(colour: Colour) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(3, 3) matrix and (3,) offset: rgb = matrix @ ycbcr + offset, all in codes of 0 to 255."""
    red, blue = _WEIGHTS[colour.matrix]
    green = 1 - red - blue
    luma, chroma, black = (1.0, 1.0, 0.0) if colour.full_range else (255 / 219, 255 / 224, 16.0)
    matrix = np.array(
        [
            [luma, 0.0, 2 * (1 - red) * chroma],
            [luma, -2 * blue * (1 - blue) / green * chroma, -2 * red * (1 - red) / green * chroma],
            [luma, 2 * (1 - blue) * chroma, 0.0],
        ]
    )
    return matrix, -matrix @ np.array([black, 128.0, 128.0])
