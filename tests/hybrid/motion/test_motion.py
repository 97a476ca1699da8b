"""Motion from pictures to vectors, to bytes and back, and to moved pictures."""

import itertools
import math

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from codec.hybrid.entropy import range_coder
from codec.hybrid.motion import coding
from codec.hybrid.motion.layout import (
    NODE,
    QUARTERS,
    MotionFields,
    MotionShape,
    MotionVectors,
    Side,
    fields_of,
    grid_size,
    plane_count,
)
from codec.hybrid.motion.warp import between, warp

SPEED = (2.0, -1.0)
"""Pixels a picture that the drawn texture moves right and down."""
WIDTH, HEIGHT = 256, 192


def texture(seed: int, width: int, height: int) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width)).astype(np.float32)
    smooth = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 3), None, 0, 255, cv2.NORM_MINMAX)
    return smooth.astype(np.uint8)


def moving_texture(count: int, speed: tuple[float, float] = SPEED) -> list[NDArray[np.uint8]]:
    ground = texture(3, WIDTH + 128, HEIGHT + 128)
    pictures = []
    for i in range(count):
        top, left = 64 - round(speed[1] * i), 64 - round(speed[0] * i)
        pictures.append(np.ascontiguousarray(ground[top : top + HEIGHT, left : left + WIDTH]))
    return pictures


def shape_of(length: int, *, entry: bool = False, cut: int = 0) -> MotionShape:
    return MotionShape(length, WIDTH, HEIGHT, entry, cut)


def inner(vectors: NDArray[np.int32] | None) -> NDArray[np.float32]:
    """Pixels (.., cells, 2) of cells away from the border, where the reference shows what the picture shows."""
    assert vectors is not None
    return vectors[..., 2:-2, 2:-2, :].astype(np.float32) / QUARTERS


def test_vectors_point_from_a_picture_to_where_its_references_show_the_same() -> None:
    pictures = moving_texture(10)
    _, vectors = coding.encode(pictures[1:], pictures[0], shape_of(9, entry=True), 8.0)
    fields = fields_of(vectors, 9, entry=True)
    back = -np.array(SPEED)
    assert inner(fields.entry) == pytest.approx(np.broadcast_to(back, inner(fields.entry).shape), abs=0.5)
    assert inner(fields.anchor) == pytest.approx(np.broadcast_to(8 * back, inner(fields.anchor).shape), abs=0.5)
    for i in range(7):
        before, after = inner(fields.before[i]), inner(fields.after[i])
        assert before == pytest.approx(np.broadcast_to((i + 1) * back, before.shape), abs=0.5)
        assert after == pytest.approx(np.broadcast_to((i - 7) * back, after.shape), abs=0.5)


def test_motion_beyond_any_search_window_is_found_by_following_it() -> None:
    pictures = moving_texture(9, (7.0, 0.0))
    _, vectors = coding.encode(pictures, None, shape_of(9), 12.0)
    anchor = fields_of(vectors, 9, entry=False).anchor
    assert anchor is not None
    # The left part came into view on the way.
    assert float(np.median(anchor[:, 5:, 0])) / QUARTERS == pytest.approx(-56.0, abs=0.5)


SHAPES = [
    (length, entry, cut) for length, entry in itertools.product((1, 2, 3, 5, 9), (False, True)) for cut in (0, 1, 4)
]


@pytest.mark.parametrize(("length", "entry", "cut"), [s for s in SHAPES if s[2] < s[0]])
@pytest.mark.parametrize("level", [0.0, 14.0])
def test_bytes_stand_for_the_vectors(length: int, entry: bool, cut: int, level: float) -> None:
    pictures = moving_texture(length + 1)
    for i in range(cut, length) if cut else ():
        pictures[i + 1] = texture(50, WIDTH, HEIGHT)
    shape = shape_of(length, entry=entry, cut=cut)
    data, vectors = coding.encode(pictures[1:], pictures[0] if entry else None, shape, level)
    assert vectors.planes.shape == (plane_count(length, entry), *grid_size(WIDTH, HEIGHT), 2)
    assert coding.decode(data, shape, level).same_as(vectors)


def test_across_a_cut_pictures_are_predicted_from_their_own_scene() -> None:
    pictures = moving_texture(9)
    for i in range(5, 9):
        pictures[i] = np.roll(texture(50, WIDTH, HEIGHT), 3 * i, axis=1)
    shape = shape_of(9, cut=5)
    data, vectors = coding.encode(pictures, None, shape, 8.0)
    assert (vectors.sides[:4] == Side.FIRST).all() and (vectors.sides[4:] == Side.LAST).all()
    fields = fields_of(vectors, 9, entry=False)
    assert fields.anchor is not None and not fields.anchor.any()
    assert not fields.before[4:].any() and not fields.after[:4].any()
    assert np.median(fields.before[3, ..., 0]) / QUARTERS == pytest.approx(-8.0, abs=0.5)
    assert np.median(fields.after[4, ..., 0]) / QUARTERS == pytest.approx(9.0, abs=0.5)
    assert coding.decode(data, shape, 8.0).same_as(vectors)


def test_a_still_clip_costs_next_to_nothing_and_straight_motion_little_more() -> None:
    still, _ = coding.encode(moving_texture(1) * 9, None, shape_of(9), 4.0)
    moving, vectors = coding.encode(moving_texture(9), None, shape_of(9), 4.0)
    cells = vectors.planes[..., 0].size
    assert len(still) < 40
    # A vector costs far less than a bit: most are where a straight line says.
    assert len(moving) * 8 < cells / 2


def test_what_is_hidden_in_one_anchor_is_predicted_from_the_other() -> None:
    pictures = [texture(3, WIDTH, HEIGHT) for _ in range(9)]
    cover = texture(9, 80, 80)
    pictures[0][64:144, 96:176] = cover
    _, vectors = coding.encode(pictures, None, shape_of(9), 10.0)
    covered = vectors.sides[:, 5:8, 7:10]
    assert np.mean(covered == Side.LAST) > 0.8
    assert np.mean(vectors.sides[:, :3] == Side.BOTH) > 0.8
    late = fields_of(vectors, 9, entry=False).late
    assert set(np.unique(late[covered.shape[0] // 2])) <= {0.0, 0.5, 1.0}


def test_motion_costs_more_where_quality_is_dear() -> None:
    rng = np.random.default_rng(5)
    pictures = [
        cv2.GaussianBlur(p + rng.normal(0, 12, p.shape).astype(np.float32), (0, 0), 1.5).clip(0, 255).astype(np.uint8)
        for p in moving_texture(9, (1.3, 0.7))
    ]
    sizes = [len(coding.encode(pictures, None, shape_of(9), level)[0]) for level in (0.0, 8.0, 15.0)]
    assert sizes[0] < sizes[1] < sizes[2]


def test_damaged_bytes_are_refused_or_give_vectors_within_bounds() -> None:
    data, vectors = coding.encode(moving_texture(9), None, shape_of(9), 12.0)
    rng = np.random.default_rng(2)
    refused = 0
    for _ in range(300):
        broken = bytearray(data)
        for _ in range(int(rng.integers(1, 4))):
            broken[rng.integers(len(broken))] ^= 1 << int(rng.integers(8))
        cut = bytes(broken[: rng.integers(1, len(broken) + 1)])
        try:
            found = coding.decode(cut, shape_of(9), 12.0)
        except ValueError:
            refused += 1
            continue
        assert found.planes.shape == vectors.planes.shape
        assert np.abs(found.planes).max() < 1 << 15
        assert found.sides.max() <= Side.LAST
    assert refused > 100
    with pytest.raises(ValueError, match="does not decode"):
        coding.decode(data + b"\x01\x02\x03\x04\x05", shape_of(9), 12.0)


@pytest.mark.parametrize("share", [0.001, 0.2, 0.5, 0.97])
def test_bits_survive_range_coding_near_their_entropy(share: float) -> None:
    bits = (np.random.default_rng(1).random(20_000) < share).astype(np.int64)
    models = np.full((1, 2), 32768, np.int32) * np.array([1, 0], np.int32)
    io, data = range_coder.writer(40_000)
    for bit in bits:
        range_coder.code_bit(io, data, models, 0, bit)
        range_coder.code_even(io, data, bit)
    written = range_coder.finish_writing(io, data)
    entropy = -(share * np.log2(share) + (1 - share) * np.log2(1 - share)) + 1
    assert len(written) * 8 / len(bits) < entropy * 1.02 + 0.02
    models[0] = 32768, 0
    io, data = range_coder.reader(written)
    found = [(range_coder.code_bit(io, data, models, 0, 0), range_coder.code_even(io, data, 0)) for _ in bits]
    range_coder.finish_reading(io, data)
    assert np.array_equal(np.array(found), np.stack((bits, bits), axis=1))


def test_a_buffer_that_is_too_small_is_said() -> None:
    io, data = range_coder.writer(4)
    for k in range(100):
        range_coder.code_even(io, data, k & 1)
    with pytest.raises(ValueError, match="no room"):
        range_coder.finish_writing(io, data)


def test_a_constant_field_moves_a_picture() -> None:
    picture = torch.rand(1, 3, 48, 80, generator=torch.Generator().manual_seed(1))
    vectors = np.tile(np.array([5, -3], np.int32) * QUARTERS, (1, *grid_size(80, 48), 1))
    moved = warp(picture, vectors)
    torch.testing.assert_close(moved[..., 4:-4, 6:-6], picture[..., 1:-7, 11:-1], atol=1e-4, rtol=0)
    # Beyond the picture its edge goes on.
    torch.testing.assert_close(moved[..., 10, -1], picture[..., 7, -1], atol=1e-4, rtol=0)


def test_vectors_of_a_gop_of_two_have_no_pictures_between() -> None:
    vectors = MotionVectors(np.full((1, 2, 3, 2), 6, np.int32), np.zeros((0, 2, 3), np.uint8))
    fields = fields_of(vectors, 2, entry=False)
    assert fields.anchor is not None and fields.anchor.tolist() == [[[6, 6]] * 3] * 2
    assert len(fields.before) == len(fields.after) == len(fields.late) == 0


def plainly_moved(picture: torch.Tensor, vectors: NDArray[np.int32]) -> torch.Tensor:
    """`warp` along one plane of vectors (gh, gw, 2) as its docstring has it: each pixel, and each of its four cells,
    alone."""
    (height, width), (rows, columns) = picture.shape[-2:], vectors.shape[:2]
    row, column = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    down, right = ((x + 0.5) / NODE + 0.5 for x in (row, column))
    total = torch.zeros_like(picture)
    for lower in (0, 1):
        for later in (0, 1):
            r = (down.floor().long() - 1 + lower).clamp(0, rows - 1)
            c = (right.floor().long() - 1 + later).clamp(0, columns - 1)
            moved = torch.from_numpy(vectors)[r, c].float() / QUARTERS
            places = torch.stack((column + moved[..., 0] + 0.5, row + moved[..., 1] + 0.5), dim=-1)
            grid = (places / torch.tensor([width, height]) * 2 - 1)[None]
            there = F.grid_sample(picture, grid, mode="bicubic", padding_mode="border", align_corners=False)
            shares = (x.frac() if k else 1 - x.frac() for x, k in ((down, lower), (right, later)))
            total += there * math.prod(shares)
    return total


def test_pictures_are_moved_as_by_each_pixels_own_four_cells() -> None:
    picture = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(4))
    vectors = np.random.default_rng(4).normal(0, 160, (3, 4, 6, 2)).round().astype(np.int32)
    vectors[1] = 5
    # Far outside, on both sides.
    vectors[2, 0, 0], vectors[2, 3, 5] = -3600, 3600
    wanted = torch.cat([plainly_moved(picture, plane) for plane in vectors])
    torch.testing.assert_close(warp(picture, vectors), wanted, atol=1e-4, rtol=0)


def test_pictures_between_are_mixed_as_their_cells_say() -> None:
    first, last = torch.zeros(1, 3, 32, 48), torch.ones(1, 3, 32, 48)
    still = np.zeros((2, 2, 3, 2), np.int32)
    late = np.array([[[0.25] * 3] * 2, [[0.0, 1.0, 1.0]] * 2], np.float32)
    made = between(first, last, MotionFields(None, None, still, still, late))
    assert torch.equal(made[0], torch.full((3, 32, 48), 0.25))
    row = made[1, 0, 16]
    assert row[:8].eq(0).all() and row[24:].eq(1).all()
    torch.testing.assert_close(row[8:24], (torch.arange(16) + 0.5) / 16)


def test_where_vectors_differ_one_moved_picture_fades_into_the_other() -> None:
    picture = torch.arange(64.0).expand(1, 1, 32, 64).contiguous()
    vectors = np.zeros((1, 2, 4, 2), np.int32)
    vectors[..., 2:, 0] = 8 * QUARTERS
    row = warp(picture, vectors)[0, 0, 16]
    assert torch.equal(row[:24], picture[0, 0, 0, :24])
    torch.testing.assert_close(row[40:52], picture[0, 0, 0, 40:52] + 8)
    share = (torch.arange(16) + 0.5) / 16
    torch.testing.assert_close(row[24:40], picture[0, 0, 0, 24:40] + 8 * share, atol=1e-4, rtol=0)
