"""An LPIPS map as a see-through image."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage

from app.render.difference import ABSOLUTE_TABLE

HEAT_FULL = 1.0
"""LPIPS density shown in the brightest colour."""
STRIDE, OFFSET = 4, 1
"""The map's sample i stands for the STRIDE pixels from OFFSET + STRIDE * i on: AlexNet's first layer has kernel 11,
stride 4 and padding 2, so that its window is centred on pixel 4 i + 3."""


def heat_image(heat: NDArray[np.floating]) -> QImage:
    """(h, w) densities to an image of (h, w) with premultiplied alpha: clear where nothing differs."""
    codes = np.clip(heat.astype(np.float32) * (255 / HEAT_FULL), 0, 255).astype(np.uint8)
    alpha = np.minimum(220, 2 * codes.astype(np.uint16))
    pixels = np.empty((*codes.shape, 4), np.uint8)
    pixels[:, :, :3] = (ABSOLUTE_TABLE[codes][:, :, ::-1] * alpha[:, :, None] // 255).astype(np.uint8)
    pixels[:, :, 3] = alpha
    height, width = codes.shape
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied).copy()


def heat_area(heat: NDArray[np.floating]) -> QRectF:
    """The part of the picture that a map covers, in picture pixels."""
    return QRectF(OFFSET, OFFSET, STRIDE * heat.shape[1], STRIDE * heat.shape[0])
