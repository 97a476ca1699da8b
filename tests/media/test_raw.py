"""Raw video is what its name says, or is refused in one sentence."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from codec.errors import MediaError
from codec.media import open_clip
from codec.media.raw import layout_of
from tests.conftest import make_clip


@pytest.mark.parametrize(
    ("name", "size", "rate", "pixels"),
    [
        ("BQMall_832x480_60.yuv", (832, 480), Fraction(60), "yuv420p"),
        ("a-1920x1080-50fps-422-10bit.yuv", (1920, 1080), Fraction(50), "yuv422p10le"),
        ("a_352x288_29.97_420_8bit.yuv", (352, 288), Fraction(30000, 1001), "yuv420p"),
        ("a_64x32_23.976Hz_yuv444p12le.yuv", (64, 32), Fraction(24000, 1001), "yuv444p12le"),
        ("a_64x32_10bit.yuv", (64, 32), Fraction(25), "yuv420p10le"),
        ("a_64x32_nv12.yuv", (64, 32), Fraction(25), "nv12"),
        ("a_64x32_0fps.yuv", (64, 32), Fraction(25), "yuv420p"),
    ],
)
def test_a_name_tells_size_rate_and_samples(name: str, size: tuple[int, int], rate: Fraction, pixels: str) -> None:
    found = layout_of(Path(name))
    assert ((found.width, found.height), found.rate, found.pixel_format) == (size, rate, pixels)


@pytest.mark.parametrize(("form", "word", "bits"), [("yuv420p", "420", 8), ("yuv422p10le", "422_10bit", 10)])
def test_raw_video_has_the_pictures_that_were_written(clips: Path, form: str, word: str, bits: int) -> None:
    kept = make_clip(clips / f"kept-{form}.mkv", "-c:v", "ffv1", "-pix_fmt", form, "-g", "1", frames=9)
    bare = make_clip(clips / f"bare_96x64_50fps_{word}.yuv", "-f", "rawvideo", "-pix_fmt", form, frames=9)
    with open_clip(kept) as one, open_clip(bare) as other:
        assert (other.frame_count, other.width, other.height, other.info.bit_depth) == (9, 96, 64, bits)
        assert other.timing.frame_rate == 50
        assert any("by its name 96x64" in note for note in other.info.notes)
        for index in (5, 0, 8, 3):
            assert np.array_equal(one.picture(index).y, other.picture(index).y)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("plain.yuv", "needs its size in its name"),
        ("a_96x63.yuv", "bytes are no whole number of 96x63 frames"),
        ("a_99999x99999.yuv", "no whole number of 99999x99999 frames"),
    ],
)
def test_what_cannot_be_told_is_refused_in_one_sentence(tmp_path: Path, name: str, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(bytes(96 * 64 * 3 // 2))
    with pytest.raises(MediaError, match=reason) as told:
        open_clip(path)
    assert str(path) in str(told.value) and "\n" not in str(told.value)


def test_a_missing_or_empty_raw_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="there is no such file"):
        open_clip(tmp_path / "a_96x64.yuv")
    (tmp_path / "b_96x64.yuv").touch()
    with pytest.raises(MediaError, match="the file is empty"):
        open_clip(tmp_path / "b_96x64.yuv")
