"""SSIM and MS-SSIM (Wang et al. 2004, "Image Quality Assessment: From Error Visibility to Structural Similarity"; Wang,
Simoncelli and Bovik 2003, "Multiscale Structural Similarity for Image Quality Assessment", Eq. 7 and table of section
3.2).

An 11x11 Gaussian window of σ = 1.5, only where it lies wholly inside the picture; K1 = 0.01, K2 = 0.03, L = 255; a 2x2
mean and every second sample between scales. Channels are scored apart and averaged.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from codec.errors import SettingError

WINDOW = 11
SIGMA = 1.5
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
MIN_SIDE_MS = (WINDOW - 1) * 2 ** (len(SCALE_WEIGHTS) - 1) + 1
"""Below this side the coarsest scale is smaller than the window: 161 pixels."""
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2

Image = NDArray[np.uint8]
"""(H, W) or (H, W, C) uint8."""
_Map = NDArray[np.floating]


def ssim(a: Image, b: Image) -> float:
    """SSIM of two pictures of one shape, in [-1, 1]. Raises SettingError for pictures smaller than the window."""
    _check(a, b, WINDOW, "SSIM")
    return float(_scores(a.astype(np.float32), b.astype(np.float32))[0].mean())


def ms_ssim(a: Image, b: Image) -> float:
    """MS-SSIM of two pictures of one shape, in [0, 1]. Raises SettingError for pictures under MIN_SIDE_MS.

    A negative contrast-structure term counts as zero: its power is not defined.
    """
    _check(a, b, MIN_SIDE_MS, "MS-SSIM")
    x, y = a.astype(np.float32), b.astype(np.float32)
    product = np.ones(1 if a.ndim == 2 else a.shape[2])
    for scale, weight in enumerate(SCALE_WEIGHTS):
        if scale:
            x, y = _halved(x), _halved(y)
        whole, contrast = _scores(x, y)
        last = scale == len(SCALE_WEIGHTS) - 1
        product *= np.maximum(whole if last else contrast, 0.0) ** weight
    return float(product.mean())


def _check(a: Image, b: Image, side: int, name: str) -> None:
    if a.shape != b.shape:
        raise SettingError(f"{name} needs pictures of one size, not {a.shape[1::-1]} and {b.shape[1::-1]}.")
    if min(a.shape[:2]) < side:
        raise SettingError(f"{name} needs pictures of at least {side} pixels a side, not {a.shape[1]}x{a.shape[0]}.")


def _scores(x: _Map, y: _Map) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Each channel's mean SSIM and mean contrast-structure term, (C,)."""
    # Written into what is no longer needed: at full size, taking new memory costs as much as the arithmetic.
    mean_x, mean_y = _window(x), _window(y)
    xy = mean_x * mean_y
    squares = np.square(mean_x, out=mean_x)
    squares += np.square(mean_y, out=mean_y)
    products = x * y
    covariance = _window(products)
    # The window is linear: one pass serves both variances.
    powers = np.square(x, out=products)
    powers += y * y
    spread = _window(powers)
    spread -= squares
    covariance -= xy
    contrast = _ratio(covariance, spread, _C2)
    whole = _ratio(xy, squares, _C1)
    whole *= contrast
    return _channel_means(whole), _channel_means(contrast)


def _ratio(half: _Map, whole: _Map, constant: float) -> _Map:
    """(2 half + constant) / (whole + constant), in the memory of `half`; `whole` is lost."""
    half *= 2
    half += constant
    whole += constant
    return np.divide(half, whole, out=half)


def _window(x: _Map) -> _Map:
    edge = WINDOW // 2
    blurred = cv2.GaussianBlur(x, (WINDOW, WINDOW), SIGMA, borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, np.float32)[edge:-edge, edge:-edge]


def _halved(x: _Map) -> _Map:
    """Means of 2x2 samples; an odd last row or column is repeated."""
    height, width = x.shape[:2]
    if height % 2 or width % 2:
        x = np.pad(x, ((0, height % 2), (0, width % 2), *((0, 0),) * (x.ndim - 2)), mode="edge")
    return np.asarray(cv2.resize(x, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA), np.float32)


def _channel_means(values: _Map) -> NDArray[np.float64]:
    # Columns first: over both axes at once numpy's innermost loop is the three channels.
    columns = values.mean(axis=0, dtype=np.float64)
    return np.atleast_1d(columns.mean(axis=0))
