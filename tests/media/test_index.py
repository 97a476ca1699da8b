"""A clip's pictures are those that ffmpeg's decoder delivers, in its order, wherever one looks first."""

import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from codec.errors import MediaError
from codec.ffmpeg import ffmpeg_program
from codec.media import open_clip
from codec.media.picture import Picture
from tests.conftest import make_clip

X264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset", "veryfast", "-g", "8", "-bf", "2")


def delivered(path: Path) -> list[bytes]:
    """8-bit 4:2:0 pictures as ffmpeg's decoder delivers them."""
    command = [ffmpeg_program(), "-v", "quiet", "-threads", "1", "-i", str(path), "-map", "0:v:0"]
    command += ["-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-f", "framemd5", "-"]
    # It ends with an error where too much is damaged, having delivered what it can.
    lines = subprocess.run(command, capture_output=True, check=False, text=True).stdout.splitlines()
    return [bytes.fromhex(line.split(",")[-1].strip()) for line in lines if not line.startswith("#")]


def digest(picture: Picture) -> bytes:
    from hashlib import md5

    return md5(picture.y.tobytes() + picture.u.tobytes() + picture.v.tobytes(), usedforsecurity=False).digest()


def assert_as_delivered(path: Path) -> tuple[str, ...]:
    """The clip is what ffmpeg delivers, read in order and at random; returns its notes."""
    truth = delivered(path)
    with open_clip(path) as clip:
        assert clip.frame_count == len(truth)
        assert [digest(picture) for picture in clip.pictures(0, clip.frame_count)] == truth
        notes = clip.info.notes
    with open_clip(path) as clip:
        order = np.random.default_rng(5).permutation(clip.frame_count)
        assert [digest(clip.picture(int(number))) for number in order] == [truth[number] for number in order]
    return notes


def remuxed(source: Path, target: Path, *options: str) -> Path:
    command = [
        ffmpeg_program(),
        "-v",
        "error",
        "-y",
        "-i",
        str(source),
        "-map",
        "0:v",
        "-c",
        "copy",
        *options,
        str(target),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return target


@pytest.fixture(scope="module")
def h264(clips: Path) -> Path:
    return make_clip(clips / "indexed.mp4", *X264, "-x264-params", "open-gop=1", frames=24)


@pytest.mark.parametrize("name", ["a.avi", "a.asf", "a.h264", "a.ts", "a.flv", "a.mp4", "a.nut"])
def test_pictures_stand_in_the_decoders_order_in_every_container(h264: Path, tmp_path: Path, name: str) -> None:
    with open_clip(h264) as clip:
        pictures = [digest(picture) for picture in clip.pictures(0, 24)]
    path = remuxed(h264, tmp_path / name)
    assert delivered(path) == pictures
    assert_as_delivered(path)
    with open_clip(path) as clip:
        assert clip.timing.frame_rate == 25 and clip.timing.is_constant


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("field.mpg", ("-c:v", "mpeg2video", "-bf", "2", "-g", "6", "-flags", "+ildct+ilme")),
        ("b.m2v", ("-c:v", "mpeg2video", "-bf", "2", "-g", "6")),
        ("b.ts", ("-c:v", "mpeg2video", "-bf", "2", "-g", "6")),
        ("packed.avi", ("-c:v", "mpeg4", "-bf", "2", "-g", "8")),
        ("b.wmv", ("-c:v", "wmv2",)),
        ("b.ogv", ("-c:v", "libtheora",)),
        ("altref.webm", ("-c:v", "libvpx-vp9", "-lag-in-frames", "16", "-b:v", "150k", "-deadline", "realtime")),
        ("refresh.mkv", (*X264, "-x264-params", "intra-refresh=1")),
        ("interlaced.mp4", (*X264, "-flags", "+ildct+ilme")),
    ],
)  # fmt: skip
def test_codecs_whose_packets_are_not_pictures_are_counted_by_their_decoder(
    clips: Path, name: str, options: tuple[str, ...]
) -> None:
    assert_as_delivered(make_clip(clips / f"counted-{name}", *options, "-pix_fmt", "yuv420p", frames=24))


def test_references_that_nobody_sees_are_no_pictures(clips: Path) -> None:
    """libvpx makes them in the second of two passes."""
    options = ("-c:v", "libvpx", "-auto-alt-ref", "1", "-lag-in-frames", "16", "-b:v", "150k", "-cpu-used", "5")
    options += ("-pix_fmt", "yuv420p", "-passlogfile", str(clips / "hidden"))
    make_clip(clips / "first.webm", *options, "-pass", "1", frames=40)
    path = make_clip(clips / "hidden.webm", *options, "-pass", "2", frames=40)
    notes = assert_as_delivered(path)
    with open_clip(path) as clip:
        assert clip.frame_count == 40 and clip.timing.is_constant
        assert not any("unusable" in note or "decode of" in note for note in notes)
        packets = subprocess.run(
            [ffmpeg_program(), "-v", "error", "-i", str(path), "-c", "copy", "-f", "framecrc", "-"],
            capture_output=True, check=True, text=True,
        ).stdout.splitlines()  # fmt: skip
        sizes = [int(line.split(",")[4]) for line in packets if not line.startswith("#")]
        assert len(sizes) > 40 and sum(clip.frame_bytes()) == sum(sizes)


def test_a_start_inside_an_open_group_leaves_out_what_cannot_be_decoded(h264: Path, tmp_path: Path) -> None:
    """Cut before the second key frame, whose leading pictures refer to what is gone."""
    with av.open(str(h264)) as container:
        keys = [number for number, packet in enumerate(container.demux(video=0)) if packet.size and packet.is_keyframe]
    drop = f"noise=drop='lt(n,{keys[1]})'"
    for name in ("cut.mkv", "cut.nut"):
        path = remuxed(h264, tmp_path / name, "-bsf:v", drop)
        notes = assert_as_delivered(path)
        with open_clip(path) as clip:
            assert 0 < clip.frame_count < 24 - keys[1]
        assert any("pictures decode of the" in note for note in notes)


def test_fields_with_packets_of_their_own_are_one_picture(tmp_path: Path) -> None:
    """Two field pictures of I_PCM macroblocks for each frame, written bit by bit: no encoder at hand makes them."""
    path = tmp_path / "fields.h264"
    path.write_bytes(field_coded(frames=5))
    notes = assert_as_delivered(path)
    with open_clip(path) as clip:
        assert clip.frame_count == 5 and clip.info.interlaced
        means = [float(picture.y.mean()) for picture in clip.pictures(0, 5)]
        assert means == sorted(means) and means[0] < means[-1]
        assert len(clip.frame_bytes()) == 5 and sum(clip.frame_bytes()) == path.stat().st_size
    assert any("Interlaced" in note for note in notes)
    stored = remuxed(path, tmp_path / "fields.mkv", "-bsf:v", "setts=pts=N*20:dts=N*20:time_base=1/1000")
    assert_as_delivered(stored)


def field_coded(frames: int) -> bytes:
    """An H.264 stream of 16x32 frames, two fields of one I_PCM macroblock each (H.264 7.3)."""

    def sps() -> str:
        # Main, level 3, frame numbers of 4 bits, order from the frame number, one reference, 1x1 map units, fields.
        return (
            f"{77:08b}{0:08b}{30:08b}"
            + ue(0)
            + ue(0)
            + ue(2)
            + ue(1)
            + "0"
            + ue(0)
            + ue(0)
            + "0"
            + "0"
            + "1"
            + "0"
            + "0"
        )

    def pps() -> str:
        head = ue(0) + ue(0) + "0" + "0" + ue(0) + ue(0) + ue(0) + "0" + "00"
        return head + ue(0) + ue(0) + ue(0) + "0" + "0" + "0"

    def field(number: int, bottom: bool, luma: int) -> bytes:
        head = ue(0) + ue(7) + ue(0) + f"{0:04b}" + "1" + str(int(bottom)) + ue(number % 2)
        # No reference pictures are kept, and the quantiser stays; I_PCM is macroblock type 25 of an I slice.
        bits = head + "00" + ue(0) + ue(25)
        bits += "0" * (-len(bits) % 8)
        return unit(0x65, packed(bits) + bytes([luma]) * 256 + bytes([128]) * 128 + b"\x80")

    made = unit(0x67, packed(closed(sps()))) + unit(0x68, packed(closed(pps())))
    for number in range(frames):
        made += field(number, False, 60 + 20 * number) + field(number, True, 70 + 20 * number)
    return made


def ue(value: int) -> str:
    bits = f"{value + 1:b}"
    return "0" * (len(bits) - 1) + bits


def closed(bits: str) -> str:
    bits += "1"
    return bits + "0" * (-len(bits) % 8)


def packed(bits: str) -> bytes:
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))


def unit(kind: int, payload: bytes) -> bytes:
    for last in range(4):
        payload = payload.replace(b"\0\0" + bytes([last]), b"\0\0\3" + bytes([last]))
    return b"\0\0\0\1" + bytes([kind]) + payload


def test_a_file_cut_short_is_a_clip_of_what_decodes(h264: Path, tmp_path: Path) -> None:
    whole = remuxed(h264, tmp_path / "whole.mp4", "-movflags", "+faststart")
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 3 // 5])
    notes = assert_as_delivered(cut)
    assert any("cut short" in note for note in notes)
    assert any("pictures decode of the" in note for note in notes)


def test_an_edit_list_leaves_its_pictures_out(h264: Path, tmp_path: Path) -> None:
    whole = remuxed(h264, tmp_path / "whole.mp4")
    cut = tmp_path / "cut.mp4"
    command = [ffmpeg_program(), "-v", "error", "-ss", "0.44", "-i", str(whole), "-c", "copy", str(cut)]
    subprocess.run(command, check=True)
    assert_as_delivered(cut)
    with open_clip(cut) as clip:
        assert 0 < clip.frame_count < 20


def test_clocks_that_wrap_or_jump_lose_no_picture(h264: Path, tmp_path: Path) -> None:
    wrap = 2**33
    late = f"setts=pts=PTS+{wrap - 40000}:dts=DTS+{wrap - 40000}"
    assert_as_delivered(remuxed(h264, tmp_path / "wraps.ts", "-bsf:v", late, "-muxdelay", "0"))
    one = remuxed(h264, tmp_path / "one.ts")
    two = tmp_path / "two.ts"
    two.write_bytes(one.read_bytes() + one.read_bytes())
    assert_as_delivered(two)
    with open_clip(two) as clip:
        assert clip.frame_count == 48
        assert any("time stamps" in note for note in clip.info.notes)


def test_damage_that_only_decoding_shows_is_counted_on_opening_again(clips: Path, tmp_path: Path) -> None:
    """Three JPEG pictures of an AVI lose their headers; the container knows nothing of it."""
    whole = make_clip(clips / "jpegs.avi", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", frames=12)
    data = bytearray(whole.read_bytes())
    heads = [at for at in range(len(data) - 3) if data[at : at + 3] == b"\xff\xd8\xff"]
    for number in (4, 5, 9):
        data[heads[number] : heads[number] + 700] = bytes(700)
    damaged = tmp_path / "damaged.avi"
    damaged.write_bytes(data)
    with open_clip(damaged) as clip, pytest.raises(MediaError, match="frame 4 cannot be decoded") as told:
        clip.picture(4)
    assert "\n" not in str(told.value)
    truth = delivered_jpegs(damaged)
    assert truth == 9
    with open_clip(damaged) as clip:
        assert clip.frame_count == truth
        assert any("9 pictures decode of the 12" in note for note in clip.info.notes)
        assert [clip.picture(number).height for number in (8, 0, 5)] == [64, 64, 64]


def delivered_jpegs(path: Path) -> int:
    command = [ffmpeg_program(), "-v", "quiet", "-i", str(path), "-fps_mode", "passthrough", "-f", "framecrc", "-"]
    text = subprocess.run(command, capture_output=True, check=False, text=True).stdout
    return sum(not line.startswith("#") for line in text.splitlines())


def test_a_size_that_changes_midway_is_told_and_shown_at_the_first(clips: Path, tmp_path: Path) -> None:
    parts = [
        make_clip(clips / f"part-{size}.h264", *X264, "-bf", "0", size=size, frames=6).read_bytes()
        for size in ("96x64", "64x96")
    ]
    path = tmp_path / "changes.h264"
    path.write_bytes(b"".join(parts))
    with open_clip(path) as clip:
        assert clip.frame_count == len(delivered(path)) == 12
        assert {picture.y.shape for picture in clip.pictures(0, 12)} == {(64, 96)}
        assert any("from frame 6 on 64x96 instead of 96x64" in note for note in clip.info.notes)
    stored = remuxed(path, tmp_path / "changes.mkv", "-bsf:v", "setts=pts=N*40:dts=N*40:time_base=1/1000")
    with open_clip(stored) as clip:
        assert any("from frame 6 on 64x96" in note for note in clip.info.notes)


def test_ordinary_clips_open_without_decoding_more_than_their_first_frame(
    h264: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from codec.media import reader

    def never(*_given: object) -> None:
        raise AssertionError("decoded to be counted")

    hevc = ("-c:v", "libx265", "-pix_fmt", "yuv420p", "-x265-params", "log-level=error:keyint=8:bframes=3")
    vvc = ("-c:v", "libvvenc", "-preset", "faster", "-pix_fmt", "yuv420p")
    plain = [
        make_clip(tmp_path / "a.mkv", *hevc, frames=10),
        make_clip(tmp_path / "v.mkv", *vvc, frames=6),
        make_clip(tmp_path / "a.y4m", "-pix_fmt", "yuv420p", frames=3),
        make_clip(tmp_path / "a.mov", "-c:v", "prores_ks", frames=3),
        make_clip(tmp_path / "j.avi", "-c:v", "mjpeg", frames=3),
        remuxed(h264, tmp_path / "b.mp4"),
        remuxed(h264, tmp_path / "b.ts"),
        h264,
    ]
    monkeypatch.setattr(reader, "by_decoding", never)
    for path in plain:
        with open_clip(path) as clip:
            assert clip.frame_count > 0
    with pytest.raises(AssertionError, match="decoded to be counted"):
        open_clip(remuxed(h264, tmp_path / "b.avi"))


@pytest.mark.parametrize("rate", ["24000/1001", "30000/1001", "60000/1001", "25", "60", "120"])
def test_a_constant_rate_is_known_through_a_clock_of_milliseconds(tmp_path: Path, rate: str) -> None:
    options = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-bf", "2")
    coarse = make_clip(tmp_path / "coarse.mkv", *options, rate=rate, frames=40)
    for path in (coarse, remuxed(coarse, tmp_path / "fine.mp4"), remuxed(coarse, tmp_path / "fine.mov")):
        with open_clip(path) as clip:
            assert clip.timing.is_constant and clip.timing.frame_rate == Fraction(rate), path
            assert not any("Variable" in note for note in clip.info.notes)
