"""Minified images where no graphics card does it."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from app.state.scaling import Minify
from codec import opencv


def warm_up() -> None:
    """Load what minifying needs, which takes a tenth of a second, away from the GUI thread."""
    cv2 = opencv.load()
    cv2.resize(np.zeros((2, 2, 4), np.uint8), (1, 1), interpolation=cv2.INTER_AREA)


def pixels_of(image: QImage) -> NDArray[np.uint8]:
    """A view of an RGB32 image, (H, W, 4) uint8 in the order B G R X; valid while the image lives."""
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4)


def minified(image: QImage, width: int, height: int, how: Minify) -> QImage:
    """An RGB32 image scaled down: every pixel the mean of what it covers, or Lanczos of three lobes."""
    size = max(1, width), max(1, height)
    if how is Minify.AREA:
        cv2 = opencv.load()
        made = cv2.resize(pixels_of(image), size, interpolation=cv2.INTER_AREA)
    else:
        from PIL import Image

        whole = Image.fromarray(np.ascontiguousarray(pixels_of(image)[:, :, :3]))
        made = np.full((size[1], size[0], 4), 255, np.uint8)
        made[:, :, :3] = np.asarray(whole.resize(size, Image.Resampling.LANCZOS))
    return QImage(made.data, *size, 4 * size[0], QImage.Format.Format_RGB32).copy()
