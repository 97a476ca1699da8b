"""The `vae` codec from clip to file and back."""

from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest

from codec import gop
from codec.api import DecodedGop, DecodeSettings
from codec.container.header import parse_header
from codec.container.stream import parse_stream, read_info, write_record
from codec.context import QUIET
from codec.errors import ModelError, SettingError, StreamError
from codec.gop import SeamMode, Slot, Structure
from codec.media import open_clip
from codec.nn.tensors import read_model_id
from codec.pipeline.join import frames, spread
from codec.stream import decode_stream, encode_clip
from codec.vae import store
from codec.vae.codec import Vae
from codec.vae.gops import GopDecoder, payload_of, strings_of
from codec.vae.settings import VaeSettings
from codec.vae.weights import FORMAT, FORMERLY, save_weights
from tests.conftest import make_clip
from tests.test_cli import seamscope


@pytest.fixture
def weights(codec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The codec's weights in a folder of the user's."""
    folder = tmp_path / "weights"
    folder.mkdir()
    save_weights(codec, folder / "vae_test.safetensors")
    monkeypatch.setenv("SEAMSCOPE_WEIGHTS", str(folder))
    return folder / "vae_test.safetensors"


def asked(lmbda: float = 0.4, structure: Structure = Structure.OVERLAP, **more) -> VaeSettings:
    return VaeSettings(lmbda, structure, "cpu", weights="vae_test", **more)


def encode(path: Path, output: Path, settings: VaeSettings, stop: int | None = None) -> list[DecodedGop]:
    made: list[DecodedGop] = []
    with open_clip(path, stop=stop) as clip:
        encode_clip(clip, clip.timing, clip.info.sample_aspect, output, settings, on_gop=made.append)
    return made


def luma(gops: list[DecodedGop]) -> list[np.ndarray]:
    return [picture.y for each in gops for picture in each.pictures]


def same(first: list[DecodedGop], second: list[DecodedGop]) -> bool:
    pairs = zip(luma(first), luma(second), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def test_either_precision_reads_the_same_symbols(weights: Path, small_clip: Path, tmp_path: Path) -> None:
    encode(small_clip, tmp_path / "a.gop", asked(), 9)
    auto, full = (luma(list(decode_stream(tmp_path / "a.gop", "cpu", precision=p))) for p in ("auto", "full"))
    for a, b in zip(auto, full, strict=True):
        # A symbol out of step would ruin the rest of the picture.
        assert np.abs(a.astype(int) - b).mean() < 1.0


@pytest.mark.parametrize("structure", Structure)
@pytest.mark.parametrize("count", [1, 2, 9, 12])
def test_the_file_decodes_to_what_the_encoder_showed(
    weights: Path, small_clip: Path, tmp_path: Path, count: int, structure: Structure
) -> None:
    shown = encode(small_clip, tmp_path / "a.gop", asked(structure=structure), count)
    decoded = list(decode_stream(tmp_path / "a.gop", "cpu"))
    assert same(shown, decoded)
    info = read_info(tmp_path / "a.gop")
    assert (info.codec, info.frame_count) == ("vae", count)
    assert info.key_gops == tuple(range(gop.count(count, structure)))


def test_a_gop_is_the_same_alone_from_the_middle_and_with_any_threads(
    weights: Path, small_clip: Path, tmp_path: Path
) -> None:
    stream = tmp_path / "a.gop"
    encode(small_clip, stream, asked(threads=2))
    encode(small_clip, tmp_path / "b.gop", asked(threads=1, first_gop=1))
    assert stream.read_bytes() == (tmp_path / "b.gop").read_bytes()
    whole = list(decode_stream(stream, "cpu", threads=1))
    assert same(whole, list(decode_stream(stream, "cpu", threads=2)))
    assert same(whole[1:], list(decode_stream(stream, "cpu", start_gop=1)))
    decoder = GopDecoder(parse_stream(stream), DecodeSettings("cpu"), QUIET)
    alone = decoder.gop(2)
    assert alone is not None and np.array_equal(alone[0].y, whole[2].pictures[0].y)


def test_a_stream_stays_readable_while_its_fast_decoder_gets_better(
    codec, weights: Path, small_clip: Path, tmp_path: Path
) -> None:
    stream, again = tmp_path / "a.gop", tmp_path / "b.gop"
    encode(small_clip, stream, asked())
    before = list(decode_stream(stream, "cpu"))
    other = deepcopy(codec)
    assert other.spatial is not None
    # Paler pictures, so that they tell who made them.
    other.spatial.fast.decoder[9].bias.data.add_(0.25)
    save_weights(other, weights)
    encode(small_clip, again, asked())
    assert again.read_bytes() == stream.read_bytes()
    after = list(decode_stream(stream, "cpu"))
    assert np.mean(luma(after)[0]) > np.mean(luma(before)[0]) + 20
    # Another codec is another model, whose streams name it.
    other.analysis.linear.weight.data.mul_(1.01)
    save_weights(other, weights)
    encode(small_clip, again, asked())
    assert parse_stream(again).header.model_id != parse_stream(stream).header.model_id
    with pytest.raises(ModelError, match="needs the weights"):
        list(decode_stream(stream, "cpu"))


def test_a_stream_that_names_all_tensors_of_its_weights_is_read(
    codec, weights: Path, small_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = tmp_path / "a.gop"
    whole = bytes.fromhex(read_model_id(weights, FORMAT))
    monkeypatch.setattr(Vae, "model_id", lambda *_: whole)
    monkeypatch.setattr(store, "read_model_id", lambda path: read_model_id(path, FORMAT))
    shown = encode(small_clip, stream, asked())
    monkeypatch.undo()
    monkeypatch.setenv("SEAMSCOPE_WEIGHTS", str(weights.parent))
    assert parse_stream(stream).header.model_id == whole != bytes.fromhex(store.read_model_id(weights))
    assert same(shown, list(decode_stream(stream, "cpu")))
    # With a better fast decoder the file has to say which ones it was.
    other = deepcopy(codec)
    other.spatial.fast.decoder[9].bias.data.add_(0.25)
    save_weights(other, weights)
    with pytest.raises(ModelError, match="needs the weights"):
        list(decode_stream(stream, "cpu"))
    save_weights(other, weights, {FORMERLY: f"0123456789abcdef {whole.hex()}"})
    assert not same(shown, list(decode_stream(stream, "cpu")))


def test_more_lambda_is_more_bits_and_a_better_picture(weights: Path, small_clip: Path, tmp_path: Path) -> None:
    sizes, errors = [], []
    with open_clip(small_clip) as clip:
        truth = [clip.picture(i).y.astype(float) for i in range(9)]
    for lmbda in (0.0032, 0.05, 0.4, 3.2):
        shown = encode(small_clip, tmp_path / "a.gop", asked(lmbda, autoencoder="full"), 9)
        sizes.append(read_info(tmp_path / "a.gop").size_bytes)
        errors.append(np.mean([np.square(a - b).mean() for a, b in zip(luma(shown), truth, strict=True)]))
    assert sizes == sorted(sizes) and sizes[-1] > 2 * sizes[0]
    assert errors == sorted(errors, reverse=True)
    with pytest.raises(SettingError, match=r"between 0\.003125 and 3\.2"):
        VaeSettings(4.0)


def test_one_stream_has_two_decoders(weights: Path, small_clip: Path, tmp_path: Path) -> None:
    stream = tmp_path / "a.gop"
    encode(small_clip, stream, asked(3.2), 9)
    fast = list(decode_stream(stream, "cpu", decoder="fast"))
    full = list(decode_stream(stream, "cpu", decoder="full"))
    assert same(fast, list(decode_stream(stream, "cpu")))
    assert not same(fast, full)


def test_a_cut_within_a_gop_makes_two_parts(weights: Path, clips: Path, tmp_path: Path) -> None:
    source = "select='lt(n,5)+gte(n,5)',geq=lum='if(lt(N,5),40,200)+mod(X,9)':cb=128:cr=128"
    path = make_clip(clips / "cut.mkv", "-vf", source, "-c:v", "ffv1", "-pix_fmt", "yuv420p", frames=9)
    shown = encode(path, tmp_path / "a.gop", asked(3.2, autoencoder="full"))
    (record,) = parse_stream(tmp_path / "a.gop").records.values()
    assert record.cut == shown[0].coding.cut == 5
    assert len(strings_of(record.payload, 2)) == 2
    assert same(shown, list(decode_stream(tmp_path / "a.gop", "cpu", decoder="full")))
    means = [plane.mean() for plane in luma(shown)]
    # Nothing of one scene shines through in the other.
    assert max(means[:5]) < 90 and min(means[5:]) > 150


def test_blended_hard_cut_and_disjoint_differ_at_every_boundary(
    weights: Path, small_clip: Path, tmp_path: Path
) -> None:
    shown = {s: encode(small_clip, tmp_path / f"{s.value}.gop", asked(0.1, s)) for s in Structure}
    ways = {
        SeamMode.BLENDED: list(frames(shown[Structure.OVERLAP], Structure.OVERLAP, 0.5)),
        SeamMode.HARD_CUT: list(frames(shown[Structure.OVERLAP], Structure.OVERLAP, 1.0)),
        SeamMode.DISJOINT: list(frames(shown[Structure.DISJOINT], Structure.DISJOINT)),
    }
    first, second = gop.boundaries(20, Structure.OVERLAP)
    seen = {way: pictures[second].y.tobytes() for way, pictures in ways.items()}
    assert len(set(seen.values())) == 3
    # The first GoP is the same in both structures, its last picture too: blending alone changes it.
    seen = {way: pictures[first].y.tobytes() for way, pictures in ways.items()}
    assert seen[SeamMode.BLENDED] != seen[SeamMode.HARD_CUT] == seen[SeamMode.DISJOINT]


def test_blended_wide_is_one_and_the_same_played_sought_and_written(
    weights: Path, small_clip: Path, tmp_path: Path
) -> None:
    stream = tmp_path / "a.gop"
    shown = encode(small_clip, stream, asked(0.02))
    by_slot = {Slot(each.gop.index, k): picture for each in shown for k, picture in enumerate(each.pictures)}
    played = list(frames(shown, Structure.OVERLAP, 0.3, wide=True))
    narrow = list(frames(shown, Structure.OVERLAP, 0.3))
    for index, picture in enumerate(played):
        reach = gop.reach(index, 20)
        sought = narrow[index] if reach is None else spread(reach, by_slot.__getitem__, 0.3)
        for name in ("y", "u", "v"):
            assert np.array_equal(getattr(picture, name), getattr(sought, name)), (index, name)
    assert len(played) == 20
    assert all(np.array_equal(played[i].y, narrow[i].y) for i in gop.boundaries(20, Structure.OVERLAP))
    assert any(not np.array_equal(played[i].y, narrow[i].y) for i in range(20))
    for name, gaps in (("a.mkv", ()), ("b.mkv", ("--keep-undamaged",))):
        done = seamscope("decode", stream, "-o", tmp_path / name, "--theta", "0.3", "--wide", *gaps)
        assert done.returncode == 0, done.stderr
        with open_clip(tmp_path / name) as written:
            assert all(np.array_equal(written.picture(i).y, played[i].y) for i in range(20))


def test_strings_are_joined_and_parted() -> None:
    assert strings_of(payload_of([b"abc"]), 1) == [b"abc"]
    assert strings_of(payload_of([b"a" * 200, b""]), 2) == [b"a" * 200, b""]
    with pytest.raises(ValueError):
        strings_of(b"\x09abc", 2)


def test_streams_of_other_weights_and_impossible_headers_are_refused(
    weights: Path, small_clip: Path, tmp_path: Path
) -> None:
    stream = tmp_path / "a.gop"
    encode(small_clip, stream, asked(), 9)
    weights.rename(weights.with_name("other.safetensors"))
    with pytest.raises(ModelError, match="needs the weights"):
        next(decode_stream(stream))
    with pytest.raises(ModelError, match="no weights 'vae_test'"):
        encode(small_clip, tmp_path / "b.gop", asked(), 9)


def test_damaged_and_hostile_strings_crash_nothing(weights: Path, small_clip: Path, tmp_path: Path) -> None:
    stream, hurt = tmp_path / "a.gop", tmp_path / "hurt.gop"
    encode(small_clip, stream, asked(), 9)
    data = stream.read_bytes()
    _, head, checksum = parse_header(data, stream)
    payload = parse_stream(stream).records[0].payload
    rng = np.random.default_rng(1)
    others = [b"", b"\xff" * 3, b"\xff" * len(payload), bytes(40), payload[:9], payload[:-4], payload + b"\xff" * 99]
    for _ in range(25):
        spoilt = bytearray(payload)
        for place in rng.integers(0, len(spoilt), 5):
            spoilt[place] = rng.integers(256)
        others.append(bytes(spoilt))
    for each in others:
        for cut in (0, 4):
            hurt.write_bytes(data[:head] + write_record(0, each, checksum, chained=False, cut=cut))
            # Its checksum holds: it decodes to something of the right size, or is told.
            try:
                (decoded,) = decode_stream(hurt, "cpu")
            except StreamError:
                continue
            assert len(decoded.pictures) == 9 and decoded.pictures[0].y.shape == (64, 96)


def test_autoencoders_that_there_are_not_are_refused() -> None:
    with pytest.raises(SettingError, match="Autoencoder must be one of auto, fast, full"):
        VaeSettings(0.2, autoencoder="slow")
