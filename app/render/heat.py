"""LPIPS and texture maps as see-through images."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage

from app.render.difference import ABSOLUTE_TABLE, SIGNED_TABLE
from app.state.inspection import Overlay

FULL = {Overlay.LPIPS: 1.0, Overlay.TEXTURE: 16.0}
"""What the brightest colour stands for: LPIPS density, luma codes of detail."""
STRIDE, OFFSET = 4, 1
"""The map's sample i stands for the STRIDE pixels from OFFSET + STRIDE * i on: AlexNet's first layer has kernel 11,
stride 4 and padding 2, so that its window is centred on pixel 4 i + 3."""


def heat_image(heat: NDArray[np.floating], overlay: Overlay) -> QImage:
    """(h, w) values to an image of (h, w) with premultiplied alpha: clear where nothing differs. Texture: blue where
    detail was lost, red where there is more."""
    share = np.clip(heat.astype(np.float32) / FULL[overlay], -1, 1)
    if overlay is Overlay.LPIPS:
        codes, strength = (255 * np.maximum(0, share)).astype(np.uint8), np.maximum(0, share)
    else:
        codes, strength = (128 + 127 * share).astype(np.uint8), np.abs(share)
    alpha = np.minimum(220, 510 * strength).astype(np.uint16)
    pixels = np.empty((*codes.shape, 4), np.uint8)
    pixels[:, :, :3] = (heat_colours(overlay)[codes][:, :, ::-1] * alpha[:, :, None] // 255).astype(np.uint8)
    pixels[:, :, 3] = alpha
    height, width = codes.shape
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied).copy()


def heat_colours(overlay: Overlay) -> NDArray[np.uint8]:
    """(256, 3) uint8: the colours of a map from its smallest to its largest value."""
    return ABSOLUTE_TABLE if overlay is Overlay.LPIPS else SIGNED_TABLE


def heat_area(heat: NDArray[np.floating]) -> QRectF:
    """The part of the picture that a map covers, in picture pixels."""
    return QRectF(OFFSET, OFFSET, STRIDE * heat.shape[1], STRIDE * heat.shape[0])
