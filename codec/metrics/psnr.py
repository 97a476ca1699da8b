"""PSNR, free of torch."""

import math

import cv2

from codec.media.picture import Rgb

PSNR_CAP_DB = 100.0
"""What an identical frame scores: a mean over frames stays a number."""


def psnr_db(a: Rgb, b: Rgb) -> float:
    """PSNR of two (H, W, 3) uint8 pictures in dB, at most PSNR_CAP_DB."""
    # A sum of integers, but for the last bit of the norm's double.
    mse = round(cv2.norm(a, b, cv2.NORM_L2SQR)) / a.size
    return PSNR_CAP_DB if mse == 0 else min(PSNR_CAP_DB, 10 * math.log10(255**2 / mse))
