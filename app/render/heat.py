"""LPIPS and texture maps as see-through images."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage

from app.render.difference import ABSOLUTE_TABLE
from app.state.inspection import Overlay

FULL = {Overlay.LPIPS: 1.0, Overlay.TEXTURE: 8.0}
"""What the brightest colour stands for: LPIPS density, luma codes of detail (of a city's picture x265 loses one code at
CRF 32 and three and a half at CRF 42, as a median)."""
_TEXTURE_STOPS = ((165, 225, 255), (30, 110, 255), (0, 60, 255), (255, 40, 0), (255, 110, 20), (255, 220, 120))
_TEXTURE_TABLE = np.stack(
    [np.interp(np.arange(256), (0, 96, 127, 128, 160, 255), channel) for channel in zip(*_TEXTURE_STOPS, strict=True)],
    axis=-1,
).astype(np.uint8)
STRIDE, OFFSET = 4, 1
"""The map's sample i stands for the STRIDE pixels from OFFSET + STRIDE * i on: AlexNet's first layer has kernel 11,
stride 4 and padding 2, so that its window is centred on pixel 4 i + 3."""


def heat_image(heat: NDArray[np.floating], overlay: Overlay) -> QImage:
    """(h, w) values to an image of (h, w) with premultiplied alpha: clear where nothing differs. Texture: blue where
    detail was lost, red where there is more."""
    share = np.clip(heat.astype(np.float32) / FULL[overlay], -1, 1)
    if overlay is Overlay.LPIPS:
        colours = ABSOLUTE_TABLE[(255 * np.maximum(0, share)).astype(np.uint8)]
        alpha = np.minimum(220, 510 * np.maximum(0, share))
    else:
        # Most of what matters is one or two codes: bright colours at once, and opacity that rises fast.
        colours = _TEXTURE_TABLE[(127.5 + 127.5 * share).astype(np.uint8)]
        alpha = 220 * np.sqrt(np.abs(share))
    alpha = alpha.astype(np.uint16)
    pixels = np.empty((*share.shape, 4), np.uint8)
    pixels[:, :, :3] = (colours[:, :, ::-1] * alpha[:, :, None] // 255).astype(np.uint8)
    pixels[:, :, 3] = alpha
    height, width = share.shape
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied).copy()


@lru_cache(maxsize=2)
def heat_scale(overlay: Overlay) -> QImage:
    """One row: the map's colours from its smallest to its largest value."""
    full = FULL[overlay]
    return heat_image(np.linspace(0 if overlay is Overlay.LPIPS else -full, full, 256)[None], overlay)


def heat_area(heat: NDArray[np.floating]) -> QRectF:
    """The part of the picture that a map covers, in picture pixels."""
    return QRectF(OFFSET, OFFSET, STRIDE * heat.shape[1], STRIDE * heat.shape[0])
