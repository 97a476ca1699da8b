"""PSNR, free of torch."""

import math

import numpy as np

from codec.media.picture import Rgb

PSNR_CAP_DB = 100.0
"""What an identical frame scores: a mean over frames stays a number."""


def psnr_db(a: Rgb, b: Rgb) -> float:
    """PSNR of two (H, W, 3) uint8 pictures in dB, at most PSNR_CAP_DB."""
    difference = a.astype(np.int16) - b
    mse = float(np.mean(np.square(difference, dtype=np.int32)))
    return PSNR_CAP_DB if mse == 0 else min(PSNR_CAP_DB, 10 * math.log10(255**2 / mse))
