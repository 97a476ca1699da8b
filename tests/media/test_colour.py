import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from codec.errors import MediaError
from codec.ffmpeg import ffmpeg_program
from codec.media import Colour, Matrix, open_clip
from codec.media.cache import FrameCache
from codec.media.colour import from_rgb, to_rgb
from codec.media.spool import FrameSpool, SpoolSpec
from codec.media.writer import LosslessWriter


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", Matrix)
def test_rgb_is_what_ffmpeg_itself_makes(small_clip: Path, matrix: Matrix, full_range: bool) -> None:
    with open_clip(small_clip) as clip:
        picture = from_rgb(to_rgb(clip.picture(7)), Colour(matrix, full_range))
    raw = picture.y.tobytes() + picture.u.tobytes() + picture.v.tobytes()
    shown = "full" if full_range else "limited"
    scale = f"scale=in_color_matrix={matrix.value}:in_range={shown}:out_range=full:flags=bicubic+accurate_rnd"
    command = [ffmpeg_program(), "-v", "error", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "96x64", "-i", "-"]
    command += ["-vf", f"{scale}+full_chroma_int+full_chroma_inp", "-pix_fmt", "rgb24", "-f", "rawvideo", "-"]
    made = subprocess.run(command, input=raw, capture_output=True, check=True).stdout
    theirs = np.frombuffer(made, np.uint8).reshape(64, 96, 3)
    assert np.abs(theirs.astype(int) - to_rgb(picture)).max() <= 2


def test_grey_survives_every_matrix_and_range() -> None:
    grey = np.full((6, 7, 3), 120, np.uint8)
    for matrix in Matrix:
        for full_range in (False, True):
            again = to_rgb(from_rgb(grey, Colour(matrix, full_range)))
            assert np.abs(again.astype(int) - 120).max() <= 1


def test_lossless_writer_gives_back_the_same_planes(small_clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.mkv"
    with open_clip(small_clip) as clip:
        with LosslessWriter(target, clip.width, clip.height, clip.info.colour, clip.timing, Fraction(4, 3)) as writer:
            for picture in clip.pictures(0, clip.frame_count):
                writer.write(picture)
        with open_clip(target) as copy:
            assert copy.frame_count == clip.frame_count
            assert copy.info.colour == clip.info.colour
            assert copy.info.sample_aspect == Fraction(4, 3)
            for a, b in zip(clip.pictures(0, 20), copy.pictures(0, 20), strict=True):
                assert all(np.array_equal(x, y) for x, y in ((a.y, b.y), (a.u, b.u), (a.v, b.v)))
        with pytest.raises(MediaError, match="cannot be written"):
            LosslessWriter(tmp_path / "no" / "out.mkv", 96, 64, clip.info.colour, clip.timing)
    assert [f.name for f in tmp_path.iterdir() if f.suffix in (".mkv", ".part")] == ["out.mkv"]


def test_cache_never_holds_more_than_its_limit(small_clip: Path) -> None:
    with open_clip(small_clip) as clip:
        limit = 3 * clip.picture(0).size_bytes
        cache = FrameCache(limit)
        for index in [*range(20), 18, 19]:
            assert cache.get("clip", index, clip.picture).y.shape == (64, 96)
            assert cache.held_bytes <= limit
        assert ("clip", 19) in cache
        assert ("clip", 2) not in cache
        cache.drop("clip")
        assert cache.held_bytes == 0


def test_spool_gives_pictures_to_a_second_reader(small_clip: Path, tmp_path: Path) -> None:
    with open_clip(small_clip) as clip:
        spec = SpoolSpec(tmp_path / "spool.yuv", clip.width, clip.height, clip.info.colour, 20)
        writer, reader = FrameSpool(spec), FrameSpool(spec)
        writer.put(7, clip.picture(7))
        assert reader.has(7)
        assert not reader.has(6)
        assert not reader.has(8)
        assert np.array_equal(reader.get(7).v, clip.picture(7).v)
        with pytest.raises(MediaError, match="not decoded yet"):
            reader.get(6)
        reader.close()
        writer.close(remove=True)
        assert not spec.path.exists()
