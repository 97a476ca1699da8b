import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from codec.errors import MediaError, SettingError
from codec.ffmpeg import ffmpeg_program
from codec.media import open_clip
from codec.media.colour import to_rgb
from codec.media.writer import write_png
from tests.conftest import make_clip

FORMATS = {
    "h264.mp4": ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "7", "-bf", "2"),
    "hevc.mkv": ("-c:v", "libx265", "-pix_fmt", "yuv420p", "-x265-params", "log-level=error:keyint=8:bframes=3"),
    "vvc.mkv": ("-c:v", "libvvenc", "-preset", "faster", "-pix_fmt", "yuv420p"),
    "vp9.webm": ("-c:v", "libvpx-vp9", "-pix_fmt", "yuv420p", "-g", "6", "-deadline", "realtime"),
    "mpeg2.mpg": ("-c:v", "mpeg2video", "-pix_fmt", "yuv420p", "-bf", "2", "-g", "6"),
    "mpeg4.avi": ("-c:v", "mpeg4", "-pix_fmt", "yuv420p"),
    "raw.y4m": ("-pix_fmt", "yuv420p"),
    "prores.mov": ("-c:v", "prores_ks"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_random_access_gives_the_same_pictures_as_reading_in_order(clips: Path, name: str) -> None:
    with open_clip(make_clip(clips / name, *FORMATS[name])) as clip:
        assert (clip.frame_count, clip.width, clip.height) == (20, 96, 64)
        in_order = [picture.y.copy() for picture in clip.pictures(0, 20)]
        for index in (13, 3, 19, 0, 7, 6, 8, 18):
            assert np.array_equal(clip.picture(index).y, in_order[index]), index
        assert not np.array_equal(in_order[0], in_order[10])


def test_in_and_out_points_number_frames_from_the_in_point(small_clip: Path) -> None:
    with open_clip(small_clip) as whole, open_clip(small_clip, start=5, stop=9) as part:
        assert part.frame_count == 4
        assert np.array_equal(part.picture(0).y, whole.picture(5).y)
        assert part.timing.duration_s == pytest.approx(4 / 25)
    with pytest.raises(SettingError, match="not a range"):
        open_clip(small_clip, start=9, stop=9)


def test_one_frame_odd_size_rotation_and_sample_aspect(clips: Path) -> None:
    with open_clip(make_clip(clips / "one.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p", size="97x63", frames=1)) as clip:
        assert (clip.frame_count, clip.width, clip.height) == (1, 97, 63)
        assert to_rgb(clip.picture(0)).shape == (63, 97, 3)
        assert clip.picture(0).u.shape == (32, 49)
    plain = make_clip(clips / "wide.mp4", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-vf", "setsar=4/3", frames=3)
    turned = clips / "turned.mp4"
    command = [ffmpeg_program(), "-v", "error", "-y", "-display_rotation", "90", "-i", str(plain), "-c", "copy"]
    subprocess.run([*command, str(turned)], check=True)
    with open_clip(plain) as straight, open_clip(turned) as clip:
        assert straight.info.sample_aspect == Fraction(4, 3)
        assert (clip.width, clip.height) == (64, 96)
        assert clip.info.sample_aspect == Fraction(3, 4)
        assert np.array_equal(clip.picture(1).y, np.rot90(straight.picture(1).y))


def test_variable_frame_rate_keeps_the_times_of_frames(clips: Path) -> None:
    options = ("-vf", "select='not(between(n,4,7))'", "-fps_mode", "vfr", "-c:v", "libx264", "-pix_fmt", "yuv420p")
    with open_clip(make_clip(clips / "vfr.mkv", *options)) as clip:
        seconds = [float(pts * clip.timing.time_base) for pts in clip.timing.pts]
        assert not clip.timing.is_constant
        assert seconds[4] - seconds[3] == pytest.approx(0.2, abs=0.002)
        assert any("Variable" in note for note in clip.info.notes)


def test_deeper_sources_are_converted_and_said_so(clips: Path) -> None:
    options = ("-c:v", "libx265", "-pix_fmt", "yuv422p10le", "-x265-params", "log-level=error")
    with open_clip(make_clip(clips / "deep.mkv", *options, frames=3)) as clip:
        assert clip.info.bit_depth == 10
        assert any("10-bit" in note for note in clip.info.notes)
        assert any("4:2:0" in note for note in clip.info.notes)
        assert clip.picture(2).y.dtype == np.uint8


def test_image_sequences_by_folder_and_by_pattern(small_clip: Path, tmp_path: Path) -> None:
    with open_clip(small_clip) as clip:
        pictures = [to_rgb(clip.picture(i)) for i in range(4)]
    for number, rgb in enumerate(pictures, start=8):
        write_png(tmp_path / f"f_{number:04d}.png", rgb)
    for source in (tmp_path, tmp_path / "f_%04d.png"):
        with open_clip(source) as clip:
            assert clip.frame_count == 4
            shown = to_rgb(clip.picture(3)).astype(int)
            assert np.abs(shown - pictures[3]).mean() < 6
    (tmp_path / "f_0009.png").unlink()
    with pytest.raises(MediaError, match="number 9 is missing"):
        open_clip(tmp_path / "f_%04d.png")


def test_a_clip_cut_short_opens_as_far_as_it_goes(clips: Path, tmp_path: Path) -> None:
    whole = make_clip(clips / "long.mkv", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "5", frames=40)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with open_clip(cut) as clip:
        assert 5 < clip.frame_count < 40
        assert clip.picture(0).height == 64


def test_types_of_frames_are_known_once_they_are_decoded(small_clip: Path) -> None:
    with open_clip(small_clip, start=2) as clip:
        assert clip.frame_type(5) == ""
        for index in range(clip.frame_count):
            clip.picture(index)
        types = [clip.frame_type(index) for index in range(clip.frame_count)]
        assert set(types) == {"I", "P", "B"}
        assert all(types[frame - 2] == "I" for frame in clip.info.keyframes if frame >= 2)


def test_bad_files_get_one_sentence(tmp_path: Path, small_clip: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("no video here " * 50)
    shutil.copy(small_clip, tmp_path / "broken.mp4")
    (tmp_path / "broken.mp4").write_bytes((tmp_path / "broken.mp4").read_bytes()[:600])
    (tmp_path / "folder").mkdir()
    audio = tmp_path / "sound.wav"
    command = [ffmpeg_program(), "-v", "error", "-f", "lavfi", "-i", "sine=duration=0.2", str(audio)]
    subprocess.run(command, check=True)
    cases = {
        tmp_path / "absent.mp4": "no such file",
        tmp_path / "empty.mp4": "empty",
        tmp_path / "text.mp4": "not a video",
        tmp_path / "broken.mp4": "not a video|no frame",
        tmp_path / "folder": "no images",
        audio: "only audio",
    }
    for path, reason in cases.items():
        with pytest.raises(MediaError, match=reason) as caught:
            open_clip(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_clip_keeps_its_10_bits_when_asked_to(slow_slope: Path, clips: Path) -> None:
    with open_clip(slow_slope) as clip:
        plain = clip.picture(1)
        clip.keep_deep(True)
        deep = clip.picture(1)
    assert plain.deep is None and deep.deep is not None
    assert np.array_equal(deep.deep.y, np.broadcast_to(256 + np.arange(512) // 32, (256, 512)))
    assert deep.deep.u.shape == deep.deep.v.shape == (128, 256) and np.all(deep.deep.u == 512)
    assert all(np.array_equal(getattr(deep, name), getattr(plain, name)) for name in "yuv")
    assert deep.size_bytes == 3 * plain.size_bytes
    turned = clips / "turned.mp4"
    upright = make_clip(
        clips / "upright.mp4", "-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-x265-params", "log-level=0", frames=2
    )
    command = [ffmpeg_program(), "-v", "error", "-y", "-display_rotation", "90", "-i", str(upright), "-c", "copy"]
    subprocess.run([*command, str(turned)], check=True)
    eight = make_clip(clips / "eight.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p", frames=2)
    for path in (turned, eight):
        with open_clip(path) as clip:
            clip.keep_deep(True)
            picture = clip.picture(0)
        if path is eight:
            assert picture.deep is None
        else:
            assert picture.deep is not None and picture.deep.y.shape == picture.y.shape == (96, 64)
            assert np.abs(picture.deep.y / 4 - picture.y).max() <= 1
