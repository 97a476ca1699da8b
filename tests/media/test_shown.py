"""What a container says of how its pictures are shown is done: mirrored, turned, cropped, deinterlaced."""

import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from codec.errors import MediaError
from codec.ffmpeg import ffmpeg_program
from codec.media import Clip, open_clip
from codec.media.colour import to_rgb
from tests.conftest import make_clip

X264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p")


def by_ffmpeg(path: Path, filters: str = "null") -> tuple[tuple[int, int], bytes]:
    """Size and luma planes of all pictures as the ffmpeg program shows them."""
    command = [ffmpeg_program(), "-v", "error", "-i", str(path), "-map", "0:v:0", "-fps_mode", "passthrough"]
    told = subprocess.run([*command, "-vf", filters, "-f", "framecrc", "-"], capture_output=True, check=True, text=True)
    size = next(line.split(":")[1] for line in told.stdout.splitlines() if line.startswith("#dimensions"))
    chain = f"{filters},format=yuv420p,extractplanes=y"
    planes = subprocess.run([*command, "-vf", chain, "-f", "rawvideo", "-"], capture_output=True, check=True).stdout
    width, height = size.strip().split("x")
    return (int(width), int(height)), planes


def assert_as_ffmpeg_shows(path: Path) -> None:
    size, planes = by_ffmpeg(path)
    with open_clip(path) as clip:
        assert (clip.width, clip.height) == size
        assert b"".join(picture.y.tobytes() for picture in clip.pictures(0, clip.frame_count)) == planes
        picture = clip.picture(0)
        assert picture.u.shape == ((clip.height + 1) // 2, (clip.width + 1) // 2)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("flip", ["", "-display_hflip", "-display_vflip"])
def test_pictures_are_turned_and_mirrored_as_the_display_matrix_says(
    clips: Path, tmp_path: Path, turn: int, flip: str
) -> None:
    plain = make_clip(clips / "to-turn.mp4", *X264, "-bf", "0", frames=3)
    path = tmp_path / "turned.mp4"
    options = ["-display_rotation", str(turn), *([flip] if flip else [])]
    command = [ffmpeg_program(), "-v", "error", *options, "-i", str(plain), "-c", "copy", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    assert_as_ffmpeg_shows(path)
    with open_clip(path) as clip, open_clip(plain) as straight:
        assert clip.info.mirrored == bool(flip)
        assert any("mirrored" in note for note in clip.info.notes) == bool(flip)
        # As the information says: mirrored left to right, then turned counter-clockwise.
        stored = straight.picture(1).y
        stored = stored[:, ::-1] if clip.info.mirrored else stored
        assert np.array_equal(clip.picture(1).y, np.rot90(stored, clip.info.rotation // 90))


def cropped_mp4(source: Path, target: Path, left: int, right: int, top: int, bottom: int) -> Path:
    """`source` with a `clap` box at the end of its sample description; the media data stand before it."""
    data = bytearray(source.read_bytes())
    entry = data.index(b"avc1", data.index(b"stsd")) - 4
    width, height = struct.unpack(">HH", data[entry + 32 : entry + 36])
    across, down = struct.pack(">ii", left - right, 2), struct.pack(">ii", top - bottom, 2)
    clap = struct.pack(">I4s4i", 40, b"clap", width - left - right, 1, height - top - bottom, 1) + across + down
    size = int.from_bytes(data[entry : entry + 4], "big")
    data[entry + size : entry + size] = clap
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd"):
        at = data.rindex(name, 0, entry) - 4
        data[at : at + 4] = (int.from_bytes(data[at : at + 4], "big") + len(clap)).to_bytes(4, "big")
    data[entry : entry + 4] = (size + len(clap)).to_bytes(4, "big")
    target.write_bytes(data)
    return target


@pytest.mark.parametrize("sides", [(8, 0, 12, 12), (2, 6, 0, 4), (3, 4, 5, 0)])
def test_what_the_container_crops_is_not_shown(clips: Path, tmp_path: Path, sides: tuple[int, int, int, int]) -> None:
    plain = make_clip(clips / "to-crop.mp4", *X264, "-bf", "0", frames=3)
    stored = cropped_mp4(plain, tmp_path / "cropped.mp4", *sides)
    matroska = tmp_path / "cropped.mkv"
    command = [ffmpeg_program(), "-v", "error", "-i", str(stored), "-c", "copy", str(matroska)]
    subprocess.run(command, check=True, capture_output=True)
    for path in (stored, matroska):
        assert_as_ffmpeg_shows(path)
        with open_clip(path) as clip:
            assert clip.width < 96
            assert any("crop" in note for note in clip.info.notes)


def test_stills_are_held_as_their_exif_says(tmp_path: Path) -> None:
    rgb = np.zeros((48, 64, 3), np.uint8)
    rgb[:16, :24] = 220
    for orientation in range(1, 9):
        folder = tmp_path / f"o{orientation}"
        folder.mkdir()
        image = Image.fromarray(rgb)
        exif = image.getexif()
        exif[0x0112] = orientation
        image.save(folder / "f_1.png", exif=exif)
        with open_clip(folder) as clip:
            assert (clip.width, clip.height) == ((64, 48) if orientation < 5 else (48, 64))
            shown = to_rgb(clip.picture(0))[..., 1] > 100
        # Which corner the bright one comes to (EXIF 2.3, 4.6.4).
        corners = {1: (0, 0), 2: (0, -1), 3: (-1, -1), 4: (-1, 0), 5: (0, 0), 6: (0, -1), 7: (-1, -1), 8: (-1, 0)}
        assert shown[corners[orientation]] and shown.sum() == pytest.approx(16 * 24, rel=0.2), orientation
        assert sum(bool(shown[at]) for at in ((0, 0), (0, -1), (-1, 0), (-1, -1))) == 1


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_gray_stills_of_16_bits_keep_their_grays(tmp_path: Path, suffix: str) -> None:
    slope = np.broadcast_to(np.linspace(0, 65535, 64).astype(np.uint16), (48, 64))
    Image.fromarray(np.ascontiguousarray(slope)).save(tmp_path / f"f_1.{suffix}")
    with open_clip(tmp_path) as clip:
        shown = to_rgb(clip.picture(0)).astype(int)
        assert clip.info.bit_depth == 16 and any("16-bit" in note for note in clip.info.notes)
    assert np.abs(shown - np.rint(slope / 257)[..., None]).max() <= 2


def test_stills_of_an_unknown_scale_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.full((16, 16), 4.5, np.float32)).save(tmp_path / "f_1.tif")
    with pytest.raises(MediaError, match="cannot be read"):
        open_clip(tmp_path)


@pytest.fixture(scope="module")
def combed(clips: Path) -> Path:
    """Two fields a frame of something that moves, coded interlaced."""
    options = (*X264, "-g", "4", "-bf", "2", "-flags", "+ildct+ilme", "-vf", "tinterlace=interleave_top")
    return make_clip(clips / "combed.mkv", *options, frames=9, rate="50")


def test_an_interlaced_clip_is_said_to_be_and_deinterlaced_as_ffmpeg_does_it(combed: Path) -> None:
    with open_clip(combed) as clip:
        assert clip.info.interlaced and not clip.info.deinterlaced
        assert any("Interlaced source" in note for note in clip.info.notes)
        as_coded = clip.picture(3).y.copy()
    size, planes = by_ffmpeg(combed, "bwdif=mode=send_frame")
    with open_clip(combed, deinterlace=True) as clip:
        count = clip.frame_count
        truth = np.frombuffer(planes, np.uint8).reshape(count, size[1], size[0])
        assert clip.info.deinterlaced and any("Deinterlaced" in note for note in clip.info.notes)
        # Versions of ffmpeg differ in the first picture, which has nothing before it.
        for number in (3, count - 1, 1, 2, count - 2):
            assert np.array_equal(clip.picture(number).y, truth[number]), number
        assert not np.array_equal(truth[3], as_coded)


def test_a_progressive_clip_has_no_such_note(small_clip: Path) -> None:
    with open_clip(small_clip) as clip:
        assert not clip.info.interlaced and not any("nterlaced" in note for note in clip.info.notes)


def test_the_command_line_encodes_a_clip_deinterlaced_when_asked(
    combed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from codec import cli
    from codec.stream import encoder

    given = []

    class Stop(MediaError):
        """Encoding itself is not what is looked at."""

    def encode(clip: Clip, *_others: object) -> None:
        given.append((clip.info.deinterlaced, clip.picture(1).y.copy()))
        raise Stop("seen")

    monkeypatch.setattr(encoder, "encode_clip", encode)
    for flags in ((), ("--deinterlace",)):
        assert cli.main(["encode", str(combed), "-o", str(tmp_path / "x.gop"), "--lambda", "0.2", *flags]) == 1
    assert [deinterlaced for deinterlaced, _ in given] == [False, True]
    assert not np.array_equal(given[0][1], given[1][1])
