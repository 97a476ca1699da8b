"""Motion from pictures to fields, to integers, and back to moved pictures."""

from itertools import pairwise

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from codec.motion import scales, transform
from codec.motion.estimate import estimate
from codec.motion.layout import MotionFields, grid_size, plane_count
from codec.motion.warp import warp

SPEED = (2.0, -1.0)
"""Pixels a picture that the drawn texture moves right and down."""


def moving_texture(count: int, width: int = 256, height: int = 192) -> list[NDArray[np.uint8]]:
    noise = np.random.default_rng(3).integers(0, 256, (height + 128, width + 128)).astype(np.float32)
    smooth = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 3), None, 0, 255, cv2.NORM_MINMAX)
    pictures = []
    for i in range(count):
        top, left = 64 - round(SPEED[1] * i), 64 - round(SPEED[0] * i)
        pictures.append(np.ascontiguousarray(smooth[top : top + height, left : left + width]).astype(np.uint8))
    return pictures


def inner(field: NDArray[np.float32]) -> NDArray[np.float32]:
    """Nodes away from the border, where the reference shows what the picture shows."""
    return field[..., 1:-1, 1:-1]


def test_fields_point_from_a_picture_to_where_its_references_show_the_same() -> None:
    pictures = moving_texture(10)
    fields = estimate(pictures[1:], earlier=pictures[0])
    assert fields.entry is not None and fields.anchor is not None
    assert fields.before is not None and fields.after is not None
    back = -np.array(SPEED)[:, None, None]
    assert inner(fields.entry) == pytest.approx(np.broadcast_to(back, inner(fields.entry).shape), abs=0.5)
    assert inner(fields.anchor) == pytest.approx(np.broadcast_to(8 * back, inner(fields.anchor).shape), abs=1.0)
    for i in range(7):
        before, after = inner(fields.before[i]), inner(fields.after[i])
        assert before == pytest.approx(np.broadcast_to((i + 1) * back, before.shape), abs=1.0)
        assert after == pytest.approx(np.broadcast_to((i - 7) * back, after.shape), abs=1.0)


@pytest.mark.parametrize(("length", "entry"), [(1, True), (2, False), (3, False), (5, True), (9, False)])
def test_integers_stand_for_the_fields_within_the_step(length: int, entry: bool) -> None:
    rng = np.random.default_rng(length)
    size = (2, *grid_size(300, 170))

    def field(*shape: int) -> NDArray[np.float32]:
        coarse = rng.normal(0, 6, (*shape, *size)).astype(np.float32)
        return np.cumsum(coarse, axis=-1) / 4

    between = length > 2
    fields = MotionFields(
        field() if entry else None,
        field() if length > 1 else None,
        field(length - 2) if between else None,
        field(length - 2) if between else None,
    )
    symbols = transform.quantise(fields, 0.5)
    assert symbols.shape == (plane_count(length, entry), *size)
    found = transform.dequantise(symbols, 0.5, length, entry)
    for name in ("entry", "anchor", "before", "after"):
        wanted, got = getattr(fields, name), getattr(found, name)
        assert (wanted is None) == (got is None)
        if wanted is not None:
            # An orthonormal transform keeps squared error: a step s, dead zone included, errs by less than 0.6 s rms.
            assert float(np.sqrt(np.mean((wanted - got) ** 2))) < 0.6 * 0.5 * 1.5 * 2**0.5


def test_straight_even_motion_costs_one_field() -> None:
    anchor = np.full((2, 6, 8), 16.0, np.float32)
    share = (np.arange(1, 8, dtype=np.float32) / 8)[:, None, None, None]
    symbols = transform.quantise(MotionFields(None, anchor, anchor * share, anchor * (share - 1)), 2.0)
    assert np.count_nonzero(symbols[0]) == 2
    assert not np.any(symbols[1:])


def test_the_step_falls_as_lambda_rises() -> None:
    steps = [transform.step_of(level) for level in range(17)]
    assert all(a >= b for a, b in pairwise(steps))
    assert steps[0] > 2 * steps[-1] > 0


def test_a_constant_field_moves_a_picture() -> None:
    picture = torch.rand(1, 3, 48, 80, generator=torch.Generator().manual_seed(1))
    field = torch.tensor([5.0, -3.0]).view(1, 2, 1, 1).expand(1, 2, *grid_size(80, 48))
    moved = warp(picture, field)
    torch.testing.assert_close(moved[..., 4:-4, 6:-6], picture[..., 1:-7, 11:-1], atol=1e-4, rtol=0)
    # Beyond the picture its edge goes on.
    torch.testing.assert_close(moved[..., 10, -1], picture[..., 7, -1], atol=1e-4, rtol=0)


def test_scale_numbers_survive_coding_and_impossible_ones_are_refused() -> None:
    rng = np.random.default_rng(8)
    symbols = rng.integers(-3, 4, (5, 2, 7, 9)).astype(np.int16)
    symbols[2] = 0
    table = 0.05 * 200.0 ** (np.arange(64) / 63)
    numbers = scales.choose(symbols, table)
    assert not numbers[2].any() and numbers[0].all()
    assert np.array_equal(scales.from_differences(scales.differences(numbers)), numbers)
    rows = scales.indices(numbers, 7, 9)
    assert rows.shape == symbols.shape
    assert not rows[2].any() and rows[0].all()
    for wrong in (-1, 16):
        with pytest.raises(ValueError, match="impossible motion scale"):
            scales.from_differences(np.array([[wrong, 0, 0, 0, 0]], np.int16))
