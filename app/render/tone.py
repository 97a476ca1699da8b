"""HDR pictures as a screen of standard range shows them: a table from R'G'B' codes of BT.2020 to those of sRGB.

Light as Rec. ITU-R BT.2100-2 (PQ: table 4, HLG: table 5, for a display of 1000 cd/m2), brought under the white of an
SDR picture, 203 cd/m2 (Report ITU-R BT.2408), by the curve of Report ITU-R BT.2390-10, section 5.4.1, on luminance;
then the primaries of BT.709 (Rec. ITU-R BT.2087), clipped, and the sRGB curve (IEC 61966-2-1). What is darker than the
curve's knee stays as bright as it was meant.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from app.render.scaling import pixels_of
from codec.media.picture import Transfer

SIDE = 33
"""Entries of the table along each channel."""
PEAK_NITS, WHITE_NITS = 1000.0, 203.0
_LUMINANCE = np.array([0.2627, 0.6780, 0.0593])
_TO_709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])
_M1, _M2, _C1, _C2, _C3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073
Values = NDArray[np.float64]


def pq_nits(signal: Values) -> Values:
    """Light of PQ signals 0 to 1, in cd/m2."""
    power = np.power(np.clip(signal, 0, 1), 1 / _M2)
    share: Values = np.power(np.maximum(power - _C1, 0) / (_C2 - _C3 * power), 1 / _M1)
    return 10000 * share


def pq_signal(nits: Values) -> Values:
    """The inverse of `pq_nits`."""
    power = np.power(np.clip(nits, 0, 10000) / 10000, _M1)
    return np.power((_C1 + _C2 * power) / (1 + _C3 * power), _M2)


def hlg_nits(signal: Values) -> Values:
    """Display light of HLG signals (..., 3), in cd/m2, on a display of PEAK_NITS (system gamma 1.2)."""
    signal = np.clip(signal, 0, 1)
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - _C) / _A) + _B) / 12)
    return PEAK_NITS * scene * np.power(np.maximum(scene @ _LUMINANCE, 1e-9), 0.2)[..., None]


def under_white(nits: Values) -> Values:
    """Luminance in cd/m2, at most PEAK_NITS, to 0 .. WHITE_NITS."""
    peak = float(pq_signal(np.array(PEAK_NITS)))
    level, top = np.minimum(pq_signal(nits) / peak, 1), float(pq_signal(np.array(WHITE_NITS))) / peak
    knee = 1.5 * top - 0.5
    t = np.clip((level - knee) / (1 - knee), 0, 1)
    curve = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * top
    return pq_nits(np.where(level < knee, level, curve) * peak)


@lru_cache(maxsize=2)
def table(transfer: Transfer) -> NDArray[np.uint8]:
    """(SIDE, SIDE, SIDE, 3) uint8: R'G'B' by red, green and blue code (every 255 / 32 codes)."""
    axis = np.linspace(0, 1, SIDE)
    signal = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
    light = hlg_nits(signal) if transfer is Transfer.HLG else pq_nits(signal)
    luminance = np.maximum(light @ _LUMINANCE, 1e-6)
    light *= (under_white(luminance) / luminance)[..., None]
    linear = np.clip(light / WHITE_NITS @ _TO_709.T, 0, 1)
    shown = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.power(linear, 1 / 2.4) - 0.055)
    return np.round(255 * shown).astype(np.uint8)


@lru_cache(maxsize=2)
def _filter(transfer: Transfer):
    from PIL import ImageFilter

    # Pillow counts red fastest; images here hold blue first, so its "red" is our blue.
    swapped = table(transfer).astype(np.float32)[..., ::-1] / 255
    return ImageFilter.Color3DLUT(SIDE, np.ascontiguousarray(swapped).ravel())


def tone_mapped(image: QImage, transfer: Transfer) -> QImage:
    """An RGB32 image of an HDR picture as it is shown."""
    from PIL import Image

    if image.isNull() or transfer is Transfer.SDR:
        return image
    codes = Image.fromarray(np.ascontiguousarray(pixels_of(image)[:, :, :3]))
    made = np.full((image.height(), image.width(), 4), 255, np.uint8)
    made[:, :, :3] = np.asarray(codes.filter(_filter(transfer)))
    return QImage(made.data, image.width(), image.height(), 4 * image.width(), QImage.Format.Format_RGB32).copy()
