import cv2
import numpy as np
import pytest

from codec.errors import SettingError
from codec.media.picture import Colour, Picture
from codec.metrics.structure import ms_ssim, ssim
from codec.metrics.vmaf import feature_scores


def textured(seed: int, height: int = 192, width: int = 256) -> np.ndarray:
    """Three channels of smooth noise of different scales, uint8."""
    rng = np.random.default_rng(seed)
    layers = [rng.integers(0, 256, (height, width)).astype(np.float32) for _ in range(3)]
    x = np.stack([cv2.GaussianBlur(layer, (0, 0), 2 + i) for i, layer in enumerate(layers)], -1)
    return ((x - x.min()) / (x.max() - x.min()) * 255).round().astype(np.uint8)


def noisy(x: np.ndarray, amount: int) -> np.ndarray:
    rng = np.random.default_rng(amount)
    return np.clip(x.astype(int) + rng.integers(-amount, amount + 1, x.shape), 0, 255).astype(np.uint8)


# ms_ssim and ssim of the Python package pytorch-msssim 1.0.0 in float64 (data_range 255) on the same arrays.
@pytest.mark.parametrize(
    ("amount", "multi", "single"), [(4, 0.9967435, 0.9649964), (16, 0.9628158, 0.7041375), (48, 0.8161601, 0.2749074)]
)
def test_numbers_of_another_implementation(amount: int, multi: float, single: float) -> None:
    x = textured(7)
    y = noisy(x, amount)
    assert ms_ssim(x, y) == pytest.approx(multi, abs=3e-6)
    assert ssim(x, y) == pytest.approx(single, abs=1e-5)


class One:
    """A clip of equal pictures whose luma is given."""

    frame_count = 2

    def __init__(self, luma: np.ndarray) -> None:
        self.height, self.width = luma.shape
        grey = np.full((self.height // 2, self.width // 2), 128, np.uint8)
        self._picture = Picture(luma, grey, grey, Colour())

    def picture(self, index: int) -> Picture:
        return self._picture

    def pictures(self, start: int, stop: int):
        yield from (self._picture,) * (stop - start)


def test_libvmaf_agrees_on_luma() -> None:
    x = textured(3, 256, 320)[..., 1].copy()
    y = cv2.GaussianBlur(x, (0, 0), 2.0)
    found = feature_scores(One(x), One(y), "float_ms_ssim", features="name=float_ms_ssim")
    # libvmaf halves pictures with a longer filter than the 2x2 mean.
    assert found[0] == pytest.approx(ms_ssim(x, y), abs=0.004)
    assert ms_ssim(x, y) < 0.99


def test_identity_size_and_odd_sides() -> None:
    x = textured(1, 161, 163)
    assert ms_ssim(x, x) == pytest.approx(1.0)
    assert ms_ssim(x, 255 - x) == 0.0
    assert ssim(x, 255 - x) < 0
    with pytest.raises(SettingError, match="at least 161 pixels"):
        ms_ssim(x[:160], x[:160])
    with pytest.raises(SettingError, match="one size"):
        ssim(x, x[:-1])
