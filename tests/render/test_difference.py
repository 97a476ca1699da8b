import numpy as np
import pytest
from PySide6.QtGui import QImage

from app.render.difference import (
    ABSOLUTE_TABLE,
    SIGNED_TABLE,
    difference_codes,
    difference_rgb,
    scale_colours,
    scale_ends,
)
from app.render.framing import Framing
from app.render.images import ImageStore, difference_image
from app.state.layouts import GAINS, Channels, DifferenceLook, Sign
from codec.errors import MediaError
from codec.media.colour import to_rgb
from codec.media.picture import Colour, Matrix, Picture

SIZE = (48, 64)


def flat(y: int, u: int = 128, v: int = 128, colour: Colour | None = None) -> Picture:
    height, width = SIZE
    chroma = (height // 2, width // 2)
    planes = np.full(SIZE, y, np.uint8), np.full(chroma, u, np.uint8), np.full(chroma, v, np.uint8)
    return Picture(*planes, colour or Colour())


def noise(seed: int) -> Picture:
    generator = np.random.default_rng(seed)
    height, width = SIZE
    shapes = (SIZE, (height // 2, width // 2), (height // 2, width // 2))
    return Picture(*(generator.integers(16, 236, shape, dtype=np.uint8) for shape in shapes), Colour())


def pixels(image: QImage) -> np.ndarray:
    assert image.format() == QImage.Format.Format_RGB32
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4)[:, :, 2::-1]


@pytest.mark.parametrize("gain", GAINS)
def test_absolute_luma_differences_are_multiplied_and_coloured(gain: int) -> None:
    look = DifferenceLook(Channels.LUMA, Sign.ABSOLUTE, gain)
    shown = difference_rgb(flat(97), flat(100), look)
    assert np.array_equal(np.unique(shown.reshape(-1, 3), axis=0), [ABSOLUTE_TABLE[min(255, 3 * gain)]])
    assert np.array_equal(shown, difference_rgb(flat(100), flat(97), look))


def test_signed_differences_tell_lighter_from_darker() -> None:
    look = DifferenceLook(Channels.LUMA, Sign.SIGNED, 8)
    assert tuple(difference_rgb(flat(110), flat(100), look)[0, 0]) == tuple(SIGNED_TABLE[128 + 40])
    assert tuple(difference_rgb(flat(90), flat(100), look)[0, 0]) == tuple(SIGNED_TABLE[128 - 40])
    lighter, darker = SIGNED_TABLE[200].astype(int), SIGNED_TABLE[56].astype(int)
    assert lighter[0] > lighter[2]
    assert darker[2] > darker[0]
    assert SIGNED_TABLE[128].max() < 8


def test_codes_are_exact_over_all_pairs_of_values() -> None:
    a, b = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    wide = a.astype(int) - b
    for gain in GAINS:
        absolute = difference_codes(a, b, DifferenceLook(Channels.RGB, Sign.ABSOLUTE, gain))
        assert np.array_equal(absolute, np.clip(np.abs(wide) * gain, 0, 255))
        signed = difference_codes(a, b, DifferenceLook(Channels.RGB, Sign.SIGNED, gain))
        assert np.array_equal(signed, np.clip(128 + np.floor(wide * gain / 2), 0, 255))


def test_rgb_differences_are_those_of_the_pictures_shown() -> None:
    a, b = noise(1), noise(2)
    shown = difference_rgb(a, b, DifferenceLook(Channels.RGB, Sign.ABSOLUTE, 1))
    assert np.array_equal(shown, np.abs(to_rgb(a).astype(int) - to_rgb(b)))


@pytest.mark.parametrize("channels", Channels)
@pytest.mark.parametrize("sign", Sign)
def test_the_fast_image_equals_the_plain_one(channels: Channels, sign: Sign) -> None:
    look = DifferenceLook(channels, sign, 16)
    assert np.array_equal(pixels(difference_image(noise(3), noise(4), look)), difference_rgb(noise(3), noise(4), look))


def test_takes_of_another_range_are_compared_as_they_look() -> None:
    # 126 of 16..235 and 128 of 0..255 are the same grey within rounding.
    full = Colour(Matrix.BT709, full_range=True)
    look = DifferenceLook(Channels.LUMA, Sign.ABSOLUTE, 1)
    shown = difference_rgb(flat(128, colour=full), flat(126), look)
    assert tuple(shown[10, 10]) in {tuple(ABSOLUTE_TABLE[0]), tuple(ABSOLUTE_TABLE[1])}


def test_sizes_must_agree() -> None:
    small = Picture(*(np.zeros(s, np.uint8) for s in ((16, 16), (8, 8), (8, 8))), Colour())
    with pytest.raises(MediaError, match="16x16 and 64x48"):
        difference_rgb(small, flat(100), DifferenceLook())


def test_scales_rise_in_brightness_from_nothing_and_name_their_ends() -> None:
    weights = np.array([0.2126, 0.7152, 0.0722])
    assert np.all(np.diff(ABSOLUTE_TABLE @ weights) >= -0.5)
    assert np.all(np.diff(SIGNED_TABLE[128:] @ weights) >= -0.5)
    assert np.all(np.diff(SIGNED_TABLE[127::-1] @ weights) >= -0.5)
    assert tuple(ABSOLUTE_TABLE[0]) == (0, 0, 0)
    assert scale_ends(DifferenceLook(gain=32)) == (0.0, pytest.approx(7.96875))
    assert scale_ends(DifferenceLook(sign=Sign.SIGNED, gain=1)) == (-255.0, 255.0)
    assert scale_colours(DifferenceLook(Channels.RGB)).tolist()[77] == [77, 77, 77]


def test_the_image_store_stays_within_its_limit() -> None:
    store, framing, other = (
        ImageStore(limit_bytes=3 * 400),
        Framing((0, 0, 9, 9), (10, 10)),
        Framing((0, 0, 9, 9), (5, 5)),
    )
    for number in range(5):
        store.put(number, framing, QImage(10, 10, QImage.Format.Format_RGB32))
    assert store.held_bytes == 3 * 400
    assert [store.get(n, framing) is not None for n in range(5)] == [False, False, True, True, True]
    assert store.all_of(0) == {}
    store.put(4, framing, QImage(5, 5, QImage.Format.Format_RGB32))
    store.put(4, other, QImage(5, 5, QImage.Format.Format_RGB32))
    assert store.held_bytes == 2 * 400 + 200
    assert set(store.all_of(4)) == {framing, other}
    store.clear()
    assert store.held_bytes == 0
