"""What is shown and measured follows a file's coding: truth is worked out from the formulas of ITU-T H.273."""

import itertools
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from codec.ffmpeg import ffmpeg_program
from codec.media import Colour, Matrix, open_clip
from codec.media.colour import recoded, to_rgb
from codec.media.picture import Picture
from codec.media.probe import Coded
from codec.media.timing import counted_timing
from codec.media.writer import LosslessWriter
from codec.metrics.flow import FlowScorer
from codec.metrics.seams import error_changes
from codec.metrics.structure import ssim
from codec.metrics.vmaf import vmaf

# Of H.273, table 4: ffmpeg's name, Kr, Kb.
NAMED = {
    "bt709": (0.2126, 0.0722),
    "fcc": (0.30, 0.11),
    "bt470bg": (0.299, 0.114),
    "smpte170m": (0.299, 0.114),
    "smpte240m": (0.212, 0.087),
    "bt2020nc": (0.2627, 0.0593),
}
COLOURS = ((200, 60, 90), (40, 180, 70), (30, 50, 190), (128, 128, 128), (220, 210, 40), (10, 10, 12))


def codes_of(rgb: np.ndarray, weights: tuple[float, float], full: bool) -> np.ndarray:
    """Y'CbCr codes (..., 3) of R'G'B' codes, unrounded: equations 38 to 40 and 26 to 31 of H.273, 8 bits."""
    red, blue = weights
    e = np.asarray(rgb, float) / 255
    y = red * e[..., 0] + (1 - red - blue) * e[..., 1] + blue * e[..., 2]
    cb, cr = (e[..., 2] - y) / (2 * (1 - blue)), (e[..., 0] - y) / (2 * (1 - red))
    if full:
        return np.stack([255 * y, 255 * cb + 128, 255 * cr + 128], axis=-1)
    return np.stack([219 * y + 16, 224 * cb + 128, 224 * cr + 128], axis=-1)


def planes_of(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """4:2:0 planes of (H, W, 3) codes whose 2x2 blocks have one chroma each."""
    whole = np.clip(np.rint(codes), 0, 255).astype(np.uint8)
    return tuple(np.ascontiguousarray(part) for part in (whole[..., 0], whole[::2, ::2, 1], whole[::2, ::2, 2]))


def make_tagged(path: Path, codes: np.ndarray, tag: str, full: bool) -> Path:
    """One frame of (H, W, 3) codes as FFV1, its matrix and range stated by `tag` and `full`."""
    height, width = codes.shape[:2]
    span = "pc" if full else "tv"
    command = [ffmpeg_program(), "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p"]
    command += ["-s", f"{width}x{height}", "-i", "-", "-vf", f"setparams=colorspace={tag}:range={span}"]
    # Without the last option ffmpeg squeezes what spans all codes.
    command += ["-c:v", "ffv1", "-color_range", span, str(path)]
    subprocess.run(command, input=b"".join(plane.tobytes() for plane in planes_of(codes)), check=True)
    return path


def patches(side: int = 32) -> np.ndarray:
    """Squares of COLOURS in a row, (side, side * 6, 3) R'G'B'."""
    return np.repeat(np.repeat(np.array([COLOURS], np.uint8), side, axis=0), side, axis=1)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("name", NAMED)
def test_every_matrix_a_file_names_is_shown_by_its_own_formula(tmp_path: Path, name: str, full: bool) -> None:
    rgb = patches()
    tall = np.tile(rgb, (23, 1, 1))
    assert tall.shape[0] >= 720
    for shape in (rgb, tall):
        path = make_tagged(tmp_path / f"{len(shape)}.mkv", codes_of(shape, NAMED[name], full), name, full)
        with open_clip(path) as clip:
            shown = to_rgb(clip.picture(0))[16, 16::32]
            assert clip.info.colour.full_range == full
            assert not [note for note in clip.info.notes if "matrix" in note]
        assert np.abs(shown.astype(int) - COLOURS).max() <= 2, shown


@pytest.mark.parametrize(
    ("tag", "title"),
    [("ycgco", "YCgCo"), ("bt2020c", "BT.2020 constant luminance"), ("ictcp", "ICtCp"), ("smpte2085", "ST 2085")],
)
def test_a_matrix_without_support_is_named_and_not_called_missing(tmp_path: Path, tag: str, title: str) -> None:
    path = make_tagged(tmp_path / "x.mkv", codes_of(patches(), NAMED["bt709"], False), tag, False)
    with open_clip(path) as clip:
        (note,) = [note for note in clip.info.notes if "matrix" in note]
    assert title in note
    assert "not supported" in note
    assert "does not name" not in note


def test_a_file_without_a_matrix_is_read_by_its_size_or_as_the_clip_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "x_192x32.yuv"
    path.write_bytes(b"".join(plane.tobytes() for plane in planes_of(codes_of(patches(), NAMED["bt2020nc"], True))))
    with open_clip(path) as clip:
        assert clip.info.colour == Colour(Matrix.BT601)
        assert [note for note in clip.info.notes if "does not name its colour matrix; BT.601" in note]
    beside = Colour(Matrix.BT2020, True)
    with open_clip(path, coded=Coded(otherwise=beside)) as clip:
        assert clip.info.colour == clip.picture(0).colour == beside
        assert np.abs(to_rgb(clip.picture(0))[16, 16::32].astype(int) - COLOURS).max() <= 2
        assert [note for note in clip.info.notes if "BT.2020, full range, as of the clip, is assumed" in note]
    matrix_alone = make_tagged(tmp_path / "x.mkv", codes_of(patches(), NAMED["bt2020nc"], False), "unknown", False)
    with open_clip(matrix_alone, coded=Coded(otherwise=beside)) as clip:
        assert clip.info.colour == Colour(Matrix.BT2020, False)
    stated = make_tagged(tmp_path / "y.mkv", codes_of(patches(), NAMED["bt709"], True), "bt709", True)
    with open_clip(stated, coded=Coded(otherwise=beside)) as clip:
        assert clip.info.colour == Colour(Matrix.BT709, True)


def test_grey_video_spans_all_codes_and_has_no_matrix_to_miss(tmp_path: Path) -> None:
    path = tmp_path / "grey.mkv"
    command = [ffmpeg_program(), "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "gray", "-s", "64x32", "-i", "-"]
    subprocess.run([*command, "-c:v", "ffv1", str(path)], input=bytes([250]) * 2048, check=True)
    with open_clip(path) as clip:
        assert np.abs(to_rgb(clip.picture(0)).astype(int) - 250).max() <= 1
        assert not [note for note in clip.info.notes if "does not name" in note]


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", Matrix)
def test_a_decoded_file_says_how_it_is_coded(tmp_path: Path, matrix: Matrix, full: bool) -> None:
    colour, grey = Colour(matrix, full), np.full((360, 640), 90, np.uint8)
    picture = Picture(np.full((720, 1280), 70, np.uint8), grey, grey, colour)
    with LosslessWriter(tmp_path / "x.mkv", 1280, 720, colour, counted_timing(1, Fraction(25))) as writer:
        writer.write(picture)
    with av.open(str(tmp_path / "x.mkv")) as container:
        frame = next(container.decode(video=0))
        # Table 4 of H.273.
        numbers = {"smpte170m": 6, "bt709": 1, "bt2020nc": 9, "smpte240m": 7, "fcc": 4}
        assert int(frame.colorspace) == numbers[matrix.value]
    with open_clip(tmp_path / "x.mkv") as clip:
        assert clip.picture(0).colour == colour


def test_recoding_is_what_the_formulas_say(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rgb = np.repeat(np.repeat(rng.integers(0, 256, (9, 13, 3), np.uint8), 8, axis=0), 8, axis=1)
    weights = {Matrix.FCC: "fcc", Matrix.BT601: "smpte170m", Matrix.BT709: "bt709"}
    codings = [Colour(matrix, full) for matrix in weights for full in (False, True)]
    for source, target in itertools.permutations(codings, 2):
        first, second = (codes_of(rgb, NAMED[weights[c.matrix]], c.full_range) for c in (source, target))
        found, wanted = recoded(Picture(*planes_of(first), source), target), planes_of(second)
        assert found.colour == target
        inside = (slice(4, None, 8), slice(4, None, 8))
        assert np.abs(found.y[inside].astype(int) - wanted[0][inside]).max() <= 1
        # A code of limited range is more than one of full range, and it was rounded before.
        for chroma, truth in ((found.u, wanted[1]), (found.v, wanted[2])):
            assert np.abs(chroma.astype(int) - truth).max() <= 1


def test_recoding_odd_pictures_keeps_their_size() -> None:
    small = np.full((16, 18), 100, np.uint8)
    picture = Picture(np.full((31, 35), 70, np.uint8), small, small, Colour(Matrix.BT601))
    found = recoded(picture, Colour(Matrix.BT709, True))
    assert (found.y.shape, found.u.shape, found.v.shape) == ((31, 35), (16, 18), (16, 18))
    assert recoded(picture, picture.colour) is picture


class Moving:
    """FrameSource: coloured squares that move two pixels a frame, in any coding."""

    frame_count, width, height = 4, 192, 96

    def __init__(self, colour: Colour, name: str, *, soft: bool = False) -> None:
        self._colour, self._weights, self._soft = colour, NAMED[name], soft

    def picture(self, index: int) -> Picture:
        rng = np.random.default_rng(3)
        rgb = np.repeat(np.repeat(rng.integers(20, 236, (12, 24, 3), np.uint8), 8, axis=0), 8, axis=1)
        rgb = np.roll(rgb, 2 * index, axis=1)
        codes = codes_of(rgb, self._weights, self._colour.full_range)
        if self._soft:
            codes[..., 0] = np.mean([np.roll(codes[..., 0], shift, axis=1) for shift in range(-3, 4)], axis=0)
        return Picture(*planes_of(codes), self._colour)

    def pictures(self, start: int, stop: int) -> Iterator[Picture]:
        return (self.picture(index) for index in range(start, stop))


CODINGS = [(Colour(Matrix.BT601), "smpte170m"), (Colour(Matrix.BT709, True), "bt709")]


@pytest.mark.parametrize(("colour", "name"), CODINGS)
def test_the_same_pictures_in_another_coding_score_as_the_same(colour: Colour, name: str) -> None:
    clip, take = Moving(Colour(), "bt709"), Moving(colour, name)
    again = vmaf(clip, clip)
    assert vmaf(clip, take) == pytest.approx(again, abs=1.5)
    flows = FlowScorer(clip)
    assert flows.score("take", take, 0) is None
    found = flows.score("take", take, 1)
    assert found is not None
    assert found < 0.1
    # Chroma has no edges as sharp as luma: where colours meet, luma of another matrix is not quite told.
    assert max(error_changes(clip, take)) < 1.5
    assert ssim(clip.picture(2).y, recoded(take.picture(2), colour=Colour()).y) > 0.99


def test_an_error_counts_the_same_whatever_coding_the_take_is_in() -> None:
    clip = Moving(Colour(), "bt709")
    plain, full = Moving(Colour(), "bt709", soft=True), Moving(Colour(Matrix.BT709, True), "bt709", soft=True)
    wanted = vmaf(clip, plain)
    assert max(wanted) < 70
    assert vmaf(clip, full) == pytest.approx(wanted, abs=1.0)
    assert error_changes(clip, full) == pytest.approx(error_changes(clip, plain), abs=0.5)
