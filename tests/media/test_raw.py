"""Raw video is what its name says, or is refused in one sentence."""

import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.format import names

from codec.errors import MediaError
from codec.ffmpeg import ffmpeg_program
from codec.media import open_clip
from codec.media.colour import to_rgb
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
        ("a_64x48_p010.yuv", (64, 48), Fraction(25), "p010le"),
        ("a_64x48_50fps_uyvy422.yuv", (64, 48), Fraction(50), "uyvy422"),
        ("z0008y0323x0438_64x48_YUV400p16le.yuv", (64, 48), Fraction(25), "gray16le"),
        ("a_64x48_yuv420p_10bit.yuv", (64, 48), Fraction(25), "yuv420p10le"),
        ("a_64x48_422.yuv", (64, 48), Fraction(25), "yuv422p"),
        ("a_64x48_400frames.yuv", (64, 48), Fraction(25), "yuv420p"),
        ("nvidia_64x48_60.yuv", (64, 48), Fraction(60), "yuv420p"),
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


def test_every_pixel_format_of_ffmpeg_is_known_by_its_name_and_has_its_size(tmp_path: Path) -> None:
    """The sizes of frames are those of ffmpeg's own demuxer."""
    known = [name for name in sorted(names) if av.VideoFormat(name, 16, 16).components]
    assert len(known) > 200
    for name in known:
        for width, height in ((64, 48), (65, 49)):
            path = tmp_path / f"x_{width}x{height}_{name}.yuv"
            path.write_bytes(bytes(1 << 16))
            options = {"video_size": f"{width}x{height}", "pixel_format": name}
            with av.open(str(path), format="rawvideo", options=options) as container:
                size = next(container.demux(video=0)).size
            path.write_bytes(bytes(size))
            assert layout_of(path).pixel_format == name
            path.write_bytes(bytes(size + 1))
            with pytest.raises(MediaError, match="no whole number"):
                layout_of(path)
            path.unlink()


@pytest.mark.parametrize(
    "form",
    ["nv21", "p010le", "uyvy422", "yuyv422", "gray16le", "gray", "yuv440p12le", "gbrp10le", "rgb24", "yuv410p", "ya8"],
)
def test_raw_video_of_any_format_has_the_colours_that_ffmpeg_sees(tmp_path: Path, form: str) -> None:
    path = make_clip(tmp_path / f"x_64x48_{form}.yuv", "-f", "rawvideo", "-pix_fmt", form, size="64x48", frames=2)
    exact = "flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
    with open_clip(path) as clip:
        matrix = clip.info.colour.matrix.value
        given = "" if clip.info.pixel_format in ("rgb24", "gbrp10le") else f"in_color_matrix={matrix}:"
        chain = f"scale={given}out_color_matrix={matrix}:out_range=limited:{exact},format=yuv420p,"
        chain += f"scale=in_color_matrix={matrix}:in_range=limited:out_range=full:{exact},format=rgb24"
        command = [ffmpeg_program(), "-v", "error", "-f", "rawvideo", "-s", "64x48", "-pix_fmt", form, "-i", str(path)]
        made = subprocess.run([*command, "-vf", chain, "-f", "rawvideo", "-"], capture_output=True, check=True).stdout
        theirs = np.frombuffer(made, np.uint8).reshape(2, 48, 64, 3).astype(int)
        assert clip.frame_count == 2 and clip.info.pixel_format == form
        for number in (1, 0):
            assert np.abs(to_rgb(clip.picture(number)) - theirs[number]).max() <= 2


@pytest.mark.parametrize("word", ["yuv420p7", "yv12", "v210", "rgb", "gray11", "nv99", "yuv411", "p011"])
def test_a_word_that_is_like_a_format_and_is_none_is_refused(tmp_path: Path, word: str) -> None:
    path = tmp_path / f"a_64x48_{word}.yuv"
    path.write_bytes(bytes(64 * 48 * 3))
    with pytest.raises(MediaError, match=f"{word} in its name is no pixel format") as told:
        open_clip(path)
    assert "\n" not in str(told.value)


def test_a_format_that_cannot_be_converted_is_refused_on_opening(tmp_path: Path) -> None:
    path = tmp_path / "a_64x48_rgb4.yuv"
    path.write_bytes(bytes(64 * 48 // 2))
    with pytest.raises(MediaError, match="rgb4 cannot be converted"):
        open_clip(path)


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
