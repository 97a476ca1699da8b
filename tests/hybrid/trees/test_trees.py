"""Pictures as trees to bytes and back."""

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from codec.hybrid.trees import coding
from codec.hybrid.trees.coding import Planar, new_contexts, plain_starts
from codec.hybrid.trees.transform import LARGEST, SIZES, UNIT, forward, inverse

WIDTH, HEIGHT = 176, 112
Plane = NDArray[np.uint8]


def noise(seed: int, width: int, height: int, blur: float = 2.0) -> Plane:
    drawn = np.random.default_rng(seed).normal(0, 1, (height, width)).astype(np.float32)
    smooth = cv2.GaussianBlur(drawn, (0, 0), blur) if min(width, height) > 1 else drawn
    return np.clip(128 + 45 * smooth / max(float(smooth.std()), 1e-3), 0, 255).astype(np.uint8)


def drawn(width: int = WIDTH, height: int = HEIGHT) -> Planar:
    """Smooth noise, a disc with a sharp edge, slanted stripes."""
    luma = noise(1, width, height)
    row, column = np.mgrid[0:height, 0:width]
    luma[(row - 40) ** 2 + (column - 60) ** 2 < 900] = 220
    stripes = (row > height // 2) & (column > width // 2)
    luma[stripes] = np.where((row + 2 * column) % 24 < 12, 40, 200)[stripes]
    half = (width + 1) // 2, (height + 1) // 2
    return Planar(luma, noise(2, *half, blur=6.0), noise(3, *half, blur=6.0))


def grey(luma: Plane, chroma: int = 128) -> Planar:
    half = tuple((side + 1) // 2 for side in luma.shape)
    return Planar(luma, np.full(half, chroma, np.uint8), np.full(half, chroma, np.uint8))


def starts(known: Planar | None) -> NDArray[np.int32]:
    return plain_starts()[0 if known is None else 1]


def encoded(picture: Planar, level: float = 8.0, known: Planar | None = None) -> tuple[bytes, Planar]:
    return coding.encode(picture, level, new_contexts(starts(known)), known)


def decoded(data: bytes, like: Planar, level: float = 8.0, known: Planar | None = None) -> Planar:
    height, width = like.y.shape
    return coding.decode(data, width, height, level, new_contexts(starts(known)), known)


def moved(picture: Planar, columns: int) -> Planar:
    return Planar(*(np.roll(plane, columns // (1 + (k > 0)), axis=1) for k, plane in enumerate(planes_of(picture))))


def planes_of(picture: Planar) -> tuple[Plane, Plane, Plane]:
    return picture.y, picture.u, picture.v


def squared_error(a: Plane, b: Plane) -> float:
    return float(np.square(a.astype(float) - b).mean())


@pytest.mark.parametrize("size", [(1, 1), (2, 9), (33, 31), (96, 64), (WIDTH, HEIGHT), (175, 111)])
@pytest.mark.parametrize("level", [-4.0, 5.5, 16.0])
def test_what_was_coded_is_what_decodes(size: tuple[int, int], level: float) -> None:
    picture = drawn(*size)
    data, made = encoded(picture, level)
    assert decoded(data, picture, level).same_as(made)
    assert made.y.shape == picture.y.shape and made.u.shape == made.v.shape == picture.u.shape


def test_a_finer_step_takes_more_bytes_and_loses_less() -> None:
    picture = drawn()
    sizes, errors = [], []
    for level in (-4.0, 0.0, 4.0, 8.0, 12.0, 16.0):
        data, made = encoded(picture, level)
        sizes.append(len(data))
        errors.append([squared_error(getattr(picture, name), getattr(made, name)) for name in ("y", "u", "v")])
        # A uniform quantiser's error, and at worst that of a dead zone.
        assert errors[-1][0] < (coding.steps(level, coding.Kind.KEY)[0] / UNIT) ** 2 / 3
    assert sizes == sorted(sizes) and sizes[-1] > 3 * sizes[0]
    assert np.all(np.diff(np.array(errors), axis=0) < 0)


@pytest.mark.parametrize("size", [(1, 1), (33, 31), (WIDTH, HEIGHT), (175, 111)])
@pytest.mark.parametrize("level", [-4.0, 5.5, 16.0])
def test_what_was_coded_on_a_prediction_is_what_decodes(size: tuple[int, int], level: float) -> None:
    picture = drawn(*size)
    for known in (moved(picture, 2), grey(np.full(picture.y.shape, 60, np.uint8))):
        data, made = encoded(picture, level, known)
        assert decoded(data, picture, level, known).same_as(made)
        assert made.y.shape == picture.y.shape and made.u.shape == made.v.shape == picture.u.shape


def test_a_right_prediction_takes_a_few_bytes_and_stays() -> None:
    picture = drawn()
    data, made = encoded(picture, known=picture)
    assert len(data) < 30
    assert made.same_as(picture)


def test_only_what_the_prediction_misses_is_coded() -> None:
    known = drawn()
    picture = Planar(known.y.copy(), known.u, known.v)
    row, column = np.mgrid[0:32, 0:32]
    picture.y[32:64, 96:128] = np.where((row + column) % 16 < 8, 30, 220)
    data, made = encoded(picture, known=known)
    assert len(data) < len(encoded(picture)[0]) / 4
    outside = np.ones_like(picture.y, bool)
    outside[32:64, 96:128] = False
    assert np.array_equal(made.y[outside], known.y[outside])
    assert (
        squared_error(made.y[~outside], picture.y[~outside])
        < squared_error(known.y[~outside], picture.y[~outside]) / 10
    )


def test_where_the_prediction_is_useless_neighbours_are_better() -> None:
    picture = drawn()
    wrong = Planar(*(plane[::-1, ::-1].copy() for plane in planes_of(picture)))
    data, made = encoded(picture, 12.0, wrong)
    alone, made_alone = encoded(picture, 12.0)
    assert len(data) < 1.1 * len(alone)
    assert squared_error(made.y, picture.y) < 4 * squared_error(made_alone.y, picture.y)


def test_a_flat_picture_is_a_few_bytes() -> None:
    data, made = encoded(grey(np.full((HEIGHT, WIDTH), 77, np.uint8), 90))
    assert len(data) < 40
    assert squared_error(made.y, np.full_like(made.y, 77)) < 2 and squared_error(made.u, np.full_like(made.u, 90)) < 2


@pytest.mark.parametrize("slant", [(0, 1), (1, 0), (1, 1), (1, -1), (2, 1), (-1, 2)])
def test_edges_are_followed_in_their_direction(slant: tuple[int, int]) -> None:
    row, column = np.mgrid[0:HEIGHT, 0:WIDTH]
    place = row * slant[0] + column * slant[1]
    # Waves along the slant, all of about one length; and the same values where no direction explains them.
    waves = np.clip(128 + 80 * np.sin(place / np.hypot(*slant) * 0.8), 0, 255).astype(np.uint8)
    squares = waves.reshape(HEIGHT // 4, 4, WIDTH // 4, 4).transpose(0, 2, 1, 3).reshape(-1, 4, 4)
    mixed = np.random.default_rng(5).permutation(squares).reshape(HEIGHT // 4, WIDTH // 4, 4, 4)
    mixed = np.ascontiguousarray(mixed.transpose(0, 2, 1, 3).reshape(HEIGHT, WIDTH))
    assert 3 * len(encoded(grey(waves))[0]) < len(encoded(grey(mixed))[0])


def test_chroma_that_follows_luma_is_cheap() -> None:
    luma = noise(1, WIDTH, HEIGHT)
    means = luma.reshape(HEIGHT // 2, 2, WIDTH // 2, 2).astype(float).mean(axis=(1, 3))
    along = np.clip(40 + 0.6 * means, 0, 255).round().astype(np.uint8)
    plain = len(encoded(grey(luma))[0])
    following = len(encoded(Planar(luma, along, 255 - along))[0]) - plain
    own = len(encoded(Planar(luma, along[::-1].copy(), 255 - along[:, ::-1].copy()))[0]) - plain
    assert following < own / 3


def damaged(data: bytes, seed: int, count: int) -> Iterator[bytes]:
    """Copies of `data` with one to five bytes changed, three in ten of them cut short; none is `data` itself."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        broken = bytearray(data)
        for _ in range(int(rng.integers(1, 6))):
            broken[int(rng.integers(len(broken)))] ^= int(rng.integers(1, 256))
        if rng.random() < 0.3:
            del broken[int(rng.integers(len(broken))) :]
        if broken != data:
            yield bytes(broken)


def outcome(decode: Callable[[], list[Planar]]) -> list[Planar] | None:
    """Pictures, None where the bytes are refused, which has to be said as that."""
    try:
        return decode()
    except ValueError as error:
        assert "does not decode" in str(error)
        return None


def check_damage(data: bytes, decode: Callable[[bytes], list[Planar]], known: list[Planar], seed: int) -> None:
    """Damage is refused nearly always; what is not decodes to other pictures of the right kind, the same each time; and
    nothing that was handed in or comes afterwards is touched by it."""
    before = [Planar(*(plane.copy() for plane in planes_of(picture))) for picture in known]
    made, refused, tried = decode(data), 0, 0
    for broken in damaged(data, seed, 150):
        tried += 1
        first, second = outcome(lambda b=broken: decode(b)), outcome(lambda b=broken: decode(b))
        assert (first is None) == (second is None)
        if first is None or second is None:
            refused += 1
            continue
        assert all(a.same_as(b) for a, b in zip(first, second, strict=True))
        for found, whole in zip(first, made, strict=True):
            for plane, wanted in zip(planes_of(found), planes_of(whole), strict=True):
                assert plane.shape == wanted.shape and plane.dtype == np.uint8
        # Every byte says something: only the last ones have others that end the same way.
        same = all(a.same_as(b) for a, b in zip(first, made, strict=True))
        assert not same or broken[: len(data) - 8] == data[:-8]
    assert tried >= 140
    assert refused >= 0.95 * tried, (refused, tried)
    assert all(a.same_as(b) for a, b in zip(known, before, strict=True))
    assert all(a.same_as(b) for a, b in zip(decode(data), made, strict=True))


@pytest.mark.parametrize("predicted", [False, True])
def test_damaged_bytes_are_refused_and_leave_nothing_behind(predicted: bool) -> None:
    picture = drawn(96, 64)
    known = moved(picture, 12) if predicted else None
    data, made = encoded(picture, 12.0, known)
    assert decoded(data, picture, 12.0, known).same_as(made)
    check_damage(data, lambda b: [decoded(b, picture, 12.0, known)], [] if known is None else [known], seed=4)


def moving() -> tuple[list[Planar], list[Planar]]:
    """Pictures and their predictions: right, wrong in places, wrong everywhere, right again."""
    picture = drawn(96, 64)
    spoilt = Planar(picture.y.copy(), picture.u, picture.v)
    spoilt.y[16:48, 32:64] = 255 - spoilt.y[16:48, 32:64]
    return [picture] * 4, [picture, spoilt, grey(np.full((64, 96), 60, np.uint8)), picture]


def between(data: bytes, level: float, known: list[Planar]) -> list[Planar]:
    return coding.decode_between(data, level, new_contexts(starts(known[0])), known)


@pytest.mark.parametrize("level", [0.0, 8.0, 16.0])
def test_pictures_between_anchors_share_their_bytes(level: float) -> None:
    pictures, known = moving()
    data, made = coding.encode_between(pictures, level, new_contexts(starts(known[0])), known)
    assert all(a.same_as(b) for a, b in zip(between(data, level, known), made, strict=True))
    # What is right already stays, and takes next to nothing.
    assert made[0].same_as(known[0]) and made[3].same_as(known[3])
    assert len(coding.encode_between(pictures[:1] * 7, level, new_contexts(starts(known[0])), known[:1] * 7)[0]) <= 4
    for k in (1, 2):
        assert squared_error(made[k].y, pictures[k].y) < squared_error(known[k].y, pictures[k].y) / 2


def test_damaged_bytes_between_anchors_are_refused_and_leave_nothing_behind() -> None:
    pictures, known = moving()
    data, _ = coding.encode_between(pictures, 12.0, new_contexts(starts(known[0])), known)
    check_damage(data, lambda b: between(b, 12.0, known), known, seed=6)


def test_bytes_that_are_all_ones_end() -> None:
    with pytest.raises(ValueError, match="decode"):
        decoded(b"\xff" * 5000, drawn(96, 64))


def test_starts_from_a_file_are_checked() -> None:
    coding.check(plain_starts())
    for broken in (plain_starts()[:-1], plain_starts().astype(np.int64), plain_starts() * 0):
        with pytest.raises(ValueError, match="tree"):
            coding.check(broken)


@pytest.mark.parametrize("size", range(SIZES))
@pytest.mark.parametrize("sines", [0, 1])
def test_the_inverse_undoes_the_transform(size: int, sines: int) -> None:
    n = 4 << size
    block = np.random.default_rng(size).integers(-255, 256, (n, n)).astype(np.int32)
    square = (LARGEST, LARGEST)
    coefficients, work = np.zeros(square, np.float32), np.zeros(square, np.float32)
    forward(block, size, sines, work, coefficients)
    # Orthonormal: as much energy as before.
    assert float(np.square(coefficients).sum()) == pytest.approx(float(np.square(block).sum()), rel=1e-4)
    samples = np.zeros(square, np.int32)
    inverse(np.round(coefficients * UNIT).astype(np.int32), n, n, size, sines, np.zeros(square, np.int32), samples)
    assert np.abs(samples[:n, :n] - block).max() <= 1
