"""Texture of a picture: measured, coded, put right."""

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from codec.hybrid.kinds import Kind
from codec.hybrid.texture import coding
from codec.hybrid.texture.layout import BANDS, CELL, LEAST, MOST, Texture, plain
from codec.hybrid.texture.measure import Wanted
from codec.hybrid.texture.synthesis import restored

HEIGHT, WIDTH = 128, 192
GRID = HEIGHT // CELL, WIDTH // CELL


def tensor(luma: NDArray[np.float32]) -> Tensor:
    """Grey levels (H, W) as a picture (1, 3, H, W) in [-1, 1]."""
    return torch.from_numpy(luma / 127.5 - 1).float().expand(1, 3, -1, -1).contiguous()


def gravel() -> NDArray[np.float32]:
    noise = np.random.default_rng(2).normal(0, 30, (HEIGHT, WIDTH)).astype(np.float32)
    return 128 + cv2.GaussianBlur(noise, (0, 0), 0.8) * 2


def chosen(source: Tensor, decoded: Tensor, kind: Kind = Kind.KEY) -> Texture:
    wanted = Wanted(source)
    writer = coding.TextureWriter(GRID, 1, 8.0)
    return writer.choose(kind, wanted.lacking(decoded), wanted.even, None)


def lack(source: Tensor, picture: Tensor) -> float:
    """Mean absolute ratio of energies, in half octaves of amplitude, of the two finest octaves."""
    return float(np.abs(Wanted(source).lacking(picture)[:2]).mean())


def test_blurred_detail_comes_back_at_its_strength() -> None:
    sharp = gravel()
    source, decoded = tensor(sharp), tensor(cv2.GaussianBlur(sharp, (0, 0), 1.2))
    made = restored(decoded, chosen(source, decoded))
    assert lack(source, decoded) > 1.5
    assert lack(source, made) < 0.5 * lack(source, decoded)


def test_detail_that_is_gone_is_filled_with_noise_where_it_was_even_and_not_around_an_edge() -> None:
    edge = np.full((HEIGHT, WIDTH), 60, np.float32)
    edge[:, WIDTH // 2 :] = 200
    both = np.where(np.arange(WIDTH) < WIDTH // 4, gravel(), edge).astype(np.float32)
    source, decoded = tensor(both), tensor(cv2.GaussianBlur(both, (0, 0), 6))
    texture = chosen(source, decoded)
    assert texture.noisy[:, : GRID[1] // 4 - 1].mean() > 0.8
    assert texture.noisy[:, GRID[1] // 4 + 2 :].mean() < 0.1
    made = restored(decoded, texture)
    filled, gone = (x[0, 0, 16:-16, 16 : WIDTH // 4 - 16].std() for x in (made, decoded))
    assert filled > 3 * gone


def test_steps_in_a_calm_picture_are_smoothed() -> None:
    ramp = np.broadcast_to(np.linspace(100, 140, WIDTH), (HEIGHT, WIDTH)).astype(np.float32)
    steps = np.round(ramp / 6) * 6
    source, decoded = tensor(ramp), tensor(steps.astype(np.float32))
    made = restored(decoded, chosen(source, decoded))
    before, after = ((x - source).abs().mean() for x in (decoded, made))
    assert after < 0.8 * before


def test_nothing_said_changes_nothing() -> None:
    picture = tensor(gravel())
    assert torch.equal(restored(picture, plain(GRID)), picture)


def test_textures_of_a_gop_come_back_from_their_bytes() -> None:
    rng = np.random.default_rng(4)
    kinds = [Kind.KEY, Kind.ANCHOR]
    writer = coding.TextureWriter(GRID, len(kinds), 4.0)
    known, made = None, []
    for kind in kinds:
        lacking = rng.normal(0.5, 2.5, (BANDS, *GRID)).astype(np.float32)
        known = writer.choose(kind, lacking, rng.integers(0, 2, GRID).astype(np.uint8), known)
        made.append(known)
    found = coding.decode(writer.finish(), GRID, kinds, None)
    assert all(a.same_as(b) for a, b in zip(found, made, strict=True))
    assert any(texture.noisy.any() for texture in made)


def test_damaged_bytes_give_an_error_or_codes_in_bounds() -> None:
    rng = np.random.default_rng(1)
    refused = 0
    for _ in range(50):
        data = rng.integers(0, 256, int(rng.integers(0, 60))).astype(np.uint8).tobytes()
        try:
            (texture,) = coding.decode(data, GRID, [Kind.ANCHOR], None)
        except ValueError:
            refused += 1
            continue
        assert texture.codes.min() >= LEAST and texture.codes.max() <= MOST and texture.noisy.max() <= 1
    assert refused > 0


@pytest.mark.parametrize("codes", [LEAST, MOST])
def test_hostile_codes_along_a_chain_stay_in_bounds(codes: int) -> None:
    picture = tensor(gravel())
    texture = Texture(np.full((BANDS, *GRID), codes, np.int8), np.full(GRID, int(codes > 0), np.uint8))
    for _ in range(200):
        picture = restored(picture, texture)
    assert bool(picture.isfinite().all()) and float(picture.abs().max()) < 1e5
