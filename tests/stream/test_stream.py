import hashlib
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from codec import gop
from codec.api import DecodedGop, GopCoding
from codec.container.header import MAGIC, VERSION
from codec.container.stream import parse_stream, read_info
from codec.errors import Cancelled, ModelError, SettingError, StreamError
from codec.ffmpeg import ffmpeg_program
from codec.gop import Structure
from codec.hybrid.settings import HybridSettings
from codec.media import open_clip
from codec.stream.decoder import decode_stream
from codec.stream.encoder import encode_clip
from codec.stream.source import StreamSource
from tests.conftest import make_clip


def encode(path: Path, output: Path, settings: HybridSettings, stop: int | None = None) -> list[DecodedGop]:
    gops: list[DecodedGop] = []
    with open_clip(path, stop=stop) as clip:
        encode_clip(clip, clip.timing, clip.info.sample_aspect, output, settings, on_gop=gops.append)
    return gops


def digest(gops: list[DecodedGop]) -> str:
    planes = (plane.tobytes() for d in gops for p in d.pictures for plane in (p.y, p.u, p.v))
    return hashlib.sha256(b"".join(planes)).hexdigest()


@pytest.mark.parametrize("frames", [1, 2, 5, 9, 10, 17])
@pytest.mark.parametrize("structure", Structure)
def test_decoding_the_file_gives_what_the_encoder_showed(
    small_clip: Path, tmp_path: Path, frames: int, structure: Structure
) -> None:
    output = tmp_path / "a.gop"
    shown = encode(small_clip, output, HybridSettings(0.3, structure), frames)
    decoded = list(decode_stream(output))
    assert digest(decoded) == digest(shown)
    info = read_info(output)
    assert (info.frame_count, info.width, info.height) == (frames, 96, 64)
    assert len(info.gop_bytes) == gop.count(frames, structure)
    assert info.kbps == pytest.approx(output.stat().st_size * 8 / info.timing.duration_s / 1000)


def test_a_fresh_process_decodes_the_same_with_one_or_two_threads(small_clip: Path, tmp_path: Path) -> None:
    stream = tmp_path / "a.gop"
    encode(small_clip, stream, HybridSettings(0.3))
    hashes = set()
    for threads in ("1", "2"):
        target = tmp_path / f"{threads}.mkv"
        command = [sys.executable, "-m", "codec.cli", "decode", str(stream), "-o", str(target), "--threads", threads]
        subprocess.run(command, check=True, capture_output=True)
        with open_clip(target) as clip:
            hashes.add(digest([DecodedGop(gop.Gop(0, 0, 1), list(clip.pictures(0, 20)), 0)]))
    assert len(hashes) == 1


def test_the_gop_asked_for_comes_first_and_the_file_is_the_same(small_clip: Path, tmp_path: Path) -> None:
    first = encode(small_clip, tmp_path / "a.gop", HybridSettings(0.3))
    second = encode(small_clip, tmp_path / "b.gop", HybridSettings(0.3, first_gop=2))
    assert [d.gop.index for d in first] == [0, 1, 2]
    assert [d.gop.index for d in second] == [2, 0, 1]
    assert (tmp_path / "a.gop").read_bytes() == (tmp_path / "b.gop").read_bytes()


@pytest.mark.parametrize("structure", Structure)
def test_a_clip_is_read_from_its_beginning_to_its_end_once(
    small_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, structure: Structure
) -> None:
    with open_clip(small_clip) as clip:
        asked: list[int] = []
        picture = clip.picture
        monkeypatch.setattr(clip, "picture", lambda index: asked.append(index) or picture(index))
        settings = HybridSettings(0.3, structure, threads=2)
        encode_clip(clip, clip.timing, clip.info.sample_aspect, tmp_path / "a.gop", settings)
    # The first one tells the colour.
    assert asked == [0, *range(20)]


def test_more_lambda_means_more_bits_and_odd_sizes_work(clips: Path, tmp_path: Path) -> None:
    odd = make_clip(clips / "odd.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p", size="101x67", frames=9)
    sizes = []
    for lmbda in (0.00125, 0.005, 0.05, 0.3, 1.28):
        gops = encode(odd, tmp_path / "odd.gop", HybridSettings(lmbda))
        assert gops[0].pictures[0].y.shape == (67, 101)
        sizes.append(read_info(tmp_path / "odd.gop").size_bytes)
    assert sizes == sorted(sizes)
    assert sizes[-1] > 1.5 * sizes[0]
    for wrong in (0.001, 1.5, float("nan")):
        with pytest.raises(SettingError, match="λ must lie"):
            HybridSettings(wrong)


def test_times_of_a_variable_rate_clip_survive(clips: Path, tmp_path: Path) -> None:
    options = ("-vf", "select='not(between(n,4,7))'", "-fps_mode", "vfr", "-c:v", "libx264", "-pix_fmt", "yuv420p")
    path = make_clip(clips / "vfr2.mkv", *options, frames=12)
    with open_clip(path) as clip:
        encode(path, tmp_path / "v.gop", HybridSettings(0.3))
        timing = read_info(tmp_path / "v.gop").timing
        assert timing.pts == clip.timing.pts
        assert timing.duration_s == pytest.approx(clip.timing.duration_s, abs=0.002)


class CancelAfter:
    """A context that is cancelled at its n-th check."""

    def __init__(self, checks: int) -> None:
        self.left = checks

    def report(self, fraction: float, message: str = "") -> None:
        assert 0 <= fraction <= 1

    def check(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Cancelled


def test_cancel_and_bad_outputs_leave_nothing_behind(small_clip: Path, tmp_path: Path) -> None:
    with open_clip(small_clip) as clip:
        arguments = (clip, clip.timing, Fraction(1))
        with pytest.raises(Cancelled):
            encode_clip(*arguments, tmp_path / "x.gop", HybridSettings(0.3), CancelAfter(3))
        with pytest.raises(StreamError, match="folder does not exist"):
            encode_clip(*arguments, tmp_path / "no" / "x.gop", HybridSettings(0.3))
    assert not list(tmp_path.glob("*.gop*"))
    assert not list(tmp_path.glob(".*part"))


@pytest.fixture(scope="module")
def stream(small_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stream") / "good.gop"
    encode(small_clip, path, HybridSettings(0.3, key_interval=2))
    return path


def test_a_damaged_gop_is_found_and_the_others_are_kept(stream: Path, tmp_path: Path) -> None:
    good = list(decode_stream(stream))
    data = bytearray(stream.read_bytes())
    middle = len(data) - read_info(stream).gop_bytes[2] - 20
    data[middle] ^= 0x10
    hurt = tmp_path / "hurt.gop"
    hurt.write_bytes(data)
    assert read_info(hurt).damaged == (1,)
    with pytest.raises(StreamError, match="1 of 3 GoPs are missing or damaged"):
        list(decode_stream(hurt))
    kept = list(decode_stream(hurt, skip_damaged=True))
    assert digest(kept) == digest([good[0], good[2]])


@pytest.mark.parametrize("rubbish", [b"\x47", b"\x00", MAGIC, b"\x47\x00\x00", b"\x47\x01\x00\x80\x80\x80\x01"])
def test_megabytes_of_rubbish_are_passed_over_in_a_moment_and_can_be_given_up(
    stream: Path, tmp_path: Path, rubbish: bytes
) -> None:
    data, hurt = stream.read_bytes(), tmp_path / "hurt.gop"
    records = parse_stream(stream).records
    last = len(data) - records[2].size_bytes
    count = 2**21 // len(rubbish)
    hurt.write_bytes(data[:last] + rubbish * count + data[last:])
    began = time.process_time()
    assert len(read_info(hurt).gop_bytes) == 3
    assert time.process_time() - began < 3
    if rubbish in (b"\x47", b"\x00", MAGIC):
        # What stands behind them is found.
        assert read_info(hurt).damaged == ()

    class Impatient:
        def report(self, fraction: float, message: str = "") -> None: ...
        def check(self) -> None:
            raise Cancelled

    with pytest.raises(Cancelled):
        read_info(hurt, Impatient())


def test_a_gop_chained_to_a_damaged_one_is_lost_with_it(stream: Path, tmp_path: Path) -> None:
    good = list(decode_stream(stream))
    data = bytearray(stream.read_bytes())
    data[len(data) - sum(read_info(stream).gop_bytes[1:]) - 20] ^= 0x10
    hurt = tmp_path / "hurt.gop"
    hurt.write_bytes(data)
    assert read_info(hurt).damaged == (0, 1)
    assert digest(list(decode_stream(hurt, skip_damaged=True))) == digest([good[2]])


def test_decoding_can_begin_inside_a_chain(small_clip: Path, tmp_path: Path) -> None:
    shown = encode(small_clip, tmp_path / "c.gop", HybridSettings(0.3))
    assert read_info(tmp_path / "c.gop").key_gops == (0,)
    assert digest(list(decode_stream(tmp_path / "c.gop", start_gop=1))) == digest(shown[1:])
    source = StreamSource(tmp_path / "c.gop", theta=1.0)
    for frame, part, offset in ((19, 2, 3), (3, 0, 3), (11, 1, 3), (12, 1, 4)):
        assert np.array_equal(source.picture(frame).y, shown[part].pictures[offset].y)
    encode(small_clip, tmp_path / "k.gop", HybridSettings(0.3, key_interval=1))
    assert read_info(tmp_path / "k.gop").key_gops == (0, 1, 2)
    for interval in (0, 251):
        with pytest.raises(SettingError, match="key interval"):
            HybridSettings(0.3, key_interval=interval)


@pytest.mark.parametrize("structure", Structure)
@pytest.mark.parametrize("cut", [9, 13, 16, 18])
def test_after_a_scene_cut_pictures_are_not_predicted_from_the_old_scene(
    clips: Path, tmp_path: Path, structure: Structure, cut: int
) -> None:
    scenes = f"color=c=0x203020:s=96x64:r=25:d={cut / 25}[a];testsrc2=s=96x64:r=25:d=2[b];[a][b]concat=n=2:v=1:a=0"
    path = clips / f"cut{cut}.mkv"
    command = [ffmpeg_program(), "-v", "error", "-y", "-filter_complex", scenes, "-frames:v", "24"]
    subprocess.run([*command, "-c:v", "ffv1", "-pix_fmt", "yuv420p", str(path)], check=True, capture_output=True)
    output = tmp_path / "c.gop"
    shown = encode(path, output, HybridSettings(1.28, structure))
    assert digest(list(decode_stream(output))) == digest(shown)
    records = parse_stream(output).records
    said = {i: GopCoding(record.chained, record.cut) for i, record in records.items()}
    assert {d.gop.index: d.coding for d in shown} == {d.gop.index: d.coding for d in decode_stream(output)} == said
    inside = {i: record.cut for i, record in records.items() if record.cut}
    index, offset = divmod(cut, gop.step(structure))
    if offset == 0 and structure is Structure.DISJOINT:
        assert inside == {} and index in read_info(output).key_gops
    else:
        # A shared picture belongs to the earlier GoP's end.
        assert inside == ({index: offset} if offset else {index - 1: gop.GOP_LENGTH - 1})
    with open_clip(path) as clip:
        source = list(clip.pictures(0, 24))
    errors = np.zeros(24)
    for decoded in shown:
        for i, picture in enumerate(decoded.pictures):
            wanted = source[decoded.gop.start + i].y.astype(float)
            errors[decoded.gop.start + i] = np.sqrt(((picture.y - wanted) ** 2).mean())
    # Neither side of the cut shows through on the other.
    assert errors[:cut].max() < 12
    assert errors[cut:].max() < 1.6 * errors[cut + 3 :].mean() + 6


def test_foreign_newer_truncated_and_spliced_streams_are_told_apart(
    stream: Path, small_clip: Path, tmp_path: Path
) -> None:
    data = stream.read_bytes()
    target = tmp_path / "t.gop"

    def error(content: bytes) -> str:
        target.write_bytes(content)
        with pytest.raises(StreamError) as caught:
            list(decode_stream(target))
        return str(caught.value)

    assert "empty" in error(b"")
    assert "not a Seamscope" in error(b"RIFF" + data[4:])
    assert "newer Seamscope" in error(MAGIC + bytes([VERSION + 1]) + data[9:])
    for old in (8, 9, 11):
        assert f"of format {old}, which nothing reads any more; encode it again" in error(
            MAGIC + bytes([old]) + data[9:]
        )
    assert "header is damaged" in error(data[:20])
    assert "header is damaged" in error(data[:12] + bytes([data[12] ^ 1]) + data[13:])
    assert "missing or damaged" in error(data[:-5])
    # A GoP of another stream (another λ) does not fit: its checksum is seeded with its own header.
    encode(small_clip, tmp_path / "other.gop", HybridSettings(0.6))
    other = parse_stream(tmp_path / "other.gop")
    tail = (tmp_path / "other.gop").read_bytes()[-other.records[2].size_bytes :]
    own = parse_stream(stream)
    assert "number 2" in error(data[: -own.records[2].size_bytes] + tail)
    with pytest.raises(StreamError, match="cannot be read"):
        read_info(tmp_path)


def test_a_stream_names_the_weights_it_needs(stream: Path, tmp_path: Path) -> None:
    import zlib

    data = stream.read_bytes()
    parsed = parse_stream(stream)
    start = data.index(parsed.header.model_id)
    end = len(data) - sum(r.size_bytes for r in parsed.records.values()) - 4
    changed = data[:start] + b"\xab" * 8 + data[start + 8 : end]
    header = changed + zlib.crc32(changed).to_bytes(4, "little")
    from codec.container.stream import write_record

    checksum = int.from_bytes(header[-4:], "little")
    records = b"".join(
        write_record(i, parsed.records[i].payload, checksum, chained=parsed.records[i].chained, cut=0) for i in range(3)
    )
    (tmp_path / "w.gop").write_bytes(header + records)
    with pytest.raises(ModelError, match="needs the weights abababab"):
        list(decode_stream(tmp_path / "w.gop"))


@pytest.mark.parametrize("seed", range(40))
def test_random_damage_gives_an_error_or_undamaged_gops(stream: Path, tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    good = {d.gop.index: digest([d]) for d in decode_stream(stream)}
    data = bytearray(stream.read_bytes())
    for _ in range(int(rng.integers(1, 4))):
        kind, place = rng.integers(3), int(rng.integers(len(data)))
        if kind == 0:
            data[place] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            del data[place:]
        else:
            data[place:place] = rng.bytes(int(rng.integers(1, 30)))
        if not data:
            break
    (tmp_path / "d.gop").write_bytes(data)
    try:
        for decoded in decode_stream(tmp_path / "d.gop", skip_damaged=True):
            assert digest([decoded]) == good[decoded.gop.index]
    except (StreamError, ModelError) as error:
        assert str(tmp_path) in str(error)
