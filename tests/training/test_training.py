import csv
import subprocess
import sys
import tarfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from codec.hybrid.model.config import SIZES, LatentKind
from codec.hybrid.model.initial import start_as_transform
from codec.hybrid.model.network import CodecNetwork, Link
from codec.hybrid.model.weights import load_weights
from codec.hybrid.settings import HybridSettings
from codec.media import open_clip
from codec.resources import MORE_WEIGHTS
from codec.stream.encoder import encode_clip
from codec.training.hybrid.chains import LONG, SHORT, Chains
from codec.training.hybrid.losses import squared_error, texture_error
from codec.training.hybrid.motion import ClipMotion
from codec.training.hybrid.trees import ClipTrees
from tests.conftest import make_clip

CONFIG = """
size = "tiny"
log_every = 5
held_out = 0.3
precision = "fp32"
photo_share = 0.2
[[stage]]
name = "vae"
steps = 5
batch = 2
crop = 64
learning_rate = 1e-3
learning_rate_end = 1e-3
train = ["vae"]
quantise = false
warmup = 1
[[stage]]
name = "joint"
steps = 60
batch = 2
crop = 64
learning_rate = 2e-3
learning_rate_end = 1e-3
level_low = 7.0
level_high = 7.0
warmup = 1
gops = [2, 1, 3, 1]
temporal = 0.1
[[stage]]
name = "followed"
steps = 5
batch = 1
crop = 64
learning_rate = 1e-3
learning_rate_end = 1e-3
warmup = 1
gops = [2]
links = 2
abreast = 2
"""
VGG = ((0, 3, 64), (2, 64, 64), (5, 64, 128), (7, 128, 128), (10, 128, 256), (12, 256, 256), (14, 256, 256),
       (17, 256, 512), (19, 512, 512), (21, 512, 512), (24, 512, 512), (26, 512, 512), (28, 512, 512))  # fmt: skip


def stream_bytes(clip: Path, weights: str, folder: Path) -> int:
    """Size of a clip's stream with installed weights."""
    with open_clip(clip) as source:
        settings = HybridSettings(0.08, weights=weights, reconstruct=False)
        return encode_clip(source, source.timing, Fraction(1), folder / "sized.gop", settings).size_bytes


def run(command: list[str | Path]) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_followed_clip_is_played_to_and_fro() -> None:
    clip = torch.arange(9.0).view(1, 9, 1, 1, 1)
    begun = []

    def begin(frames: int) -> tuple[torch.Tensor, torch.Tensor]:
        begun.append(frames)
        return clip, torch.zeros(1)

    chains, seen = Chains(links=3, abreast=2), []
    rng = np.random.default_rng(1)
    for step in range(12):
        seen.append(chains.clip(step, begin, rng).next_frames(5).flatten().tolist())
    forth, back = [0, 1, 2, 3, 4], [4, 3, 2, 1, 0]
    assert seen[0] == seen[1] == forth and seen[2] == [4, 5, 6, 7, 8] and seen[4] == [8, 7, 6, 5, 4]
    # After three turns a clip begins anew.
    assert len(begun) == 4 and set(begun) <= {LONG, SHORT} and seen[6] == forth and back not in seen[6:8]


@pytest.fixture(scope="module")
def network() -> CodecNetwork:
    torch.manual_seed(2)
    network = CodecNetwork(SIZES["S"])
    start_as_transform(network)
    return network


@pytest.fixture(scope="module")
def clip() -> torch.Tensor:
    return torch.rand(1, 17, 3, 64, 64, generator=torch.Generator().manual_seed(3)) * 2 - 1


def test_a_step_goes_on_from_what_the_last_one_decoded(network: CodecNetwork, clip: torch.Tensor) -> None:
    level = torch.tensor([6.0])
    motion, _ = ClipMotion(1).of(clip, level, 2)
    key, _ = ClipTrees(1).keys(clip[:, 0], level)
    with torch.no_grad():
        whole = network(clip, motion, level, key=key)
        first = network(clip[:, :9], motion[:1], level, key=key)
        second = network(clip[:, 8:], motion[1:], level, start=first.link)
    torch.testing.assert_close(torch.cat((first.pictures, second.pictures[:, 1:]), dim=1), whole.pictures)
    torch.testing.assert_close(first.y_bits + second.y_bits, whole.y_bits)
    assert float(first.y_bits) > 0 and float(second.y_bits) > 0


def test_a_key_picture_is_shown_as_it_decodes_and_leaves_no_memory(network: CodecNetwork, clip: torch.Tensor) -> None:
    level, clip = torch.tensor([6.0]), clip[:, :9]
    motion, _ = ClipMotion(1).of(clip, level, 1)
    key, _ = ClipTrees(1).keys(clip[:, 0], level)
    kinds = set()
    network.observe = lambda _name, kind, _symbols: kinds.add(kind)
    with torch.no_grad():
        begun = network(clip, motion, level, key=key)
        network.observe = None
        assert begun.link is not None
        silence = type(begun.link.coded)(*(torch.zeros_like(part) for part in begun.link.coded))
        after_silence = network(clip, motion, level, start=Link(key, silence))
        after_others = network(clip, motion, level, start=Link(key, begun.link.coded))
        blurred = network(clip, motion, level, noise=True, key=key)
    assert kinds == {LatentKind.ANCHOR, LatentKind.GROUP, LatentKind.LATER}
    for output in (begun, blurred):
        assert output.pictures.shape == clip.shape and torch.equal(output.pictures[:, 0], key)
    assert blurred.link is None and float(blurred.y_bits) == 0
    torch.testing.assert_close(after_silence.pictures, begun.pictures)
    torch.testing.assert_close(after_silence.y_bits, begun.y_bits)
    # A memory would have been heard.
    assert float(after_others.y_bits) != pytest.approx(float(begun.y_bits), rel=1e-4)


def test_a_clip_has_to_begin_with_something(network: CodecNetwork, clip: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="needs its decoded key picture"):
        network(clip, [], torch.tensor([6.0]))


def test_a_short_run_learns_resumes_and_exports(clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tarfile.open(tmp_path / "corpus.tar", "w") as tar:
        for n in range(4):
            options = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-vf", f"hue=h={60 * n}")
            tar.add(make_clip(clips / f"train{n}_0.mp4", *options, size="192x160", frames=25), f"train/v{n}_0.mp4")
        still = make_clip(clips / "photo.png", "-update", "1", size="320x288", frames=1)
        tar.add(still, "photos/p0.png")
    torch.manual_seed(0)
    trunk = {f"{n}.weight": torch.randn(b, a, 3, 3) * (2 / (9 * a)) ** 0.5 for n, a, b in VGG}
    trunk |= {f"{n}.bias": torch.zeros(b) for n, _, b in VGG}
    save_file(trunk, tmp_path / "trunk.safetensors")
    heads = {f"lin{i}": torch.full((1, c, 1, 1), 0.1) for i, c in enumerate((64, 128, 256, 512, 512))}
    save_file(heads, tmp_path / "heads.safetensors")
    (tmp_path / "run.toml").write_text(CONFIG)
    base = [sys.executable, "-m", "codec.training.hybrid", tmp_path / "run.toml", "--store", tmp_path / "store"]
    base += ["--out", tmp_path / "out", "--vgg-trunk", tmp_path / "trunk.safetensors"]
    base += ["--vgg-heads", tmp_path / "heads.safetensors", "--device", "cpu", "--threads", "1"]
    first = [*base, "--corpus", tmp_path / "corpus.tar", "--minutes", "0.03"]
    run(first)
    assert (tmp_path / "out" / "state.json").exists()
    weights = tmp_path / "codec_tiny.safetensors"
    run([*base, "--export", weights])
    with (tmp_path / "out" / "log.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["stage"] == "joint"]
    assert [int(row["step"]) for row in rows][-1] == 65
    losses = [float(row["loss"]) for row in rows]
    assert sum(losses[-3:]) < 0.9 * sum(losses[:3])
    plain = load_weights(weights)
    assert plain.config.name == "tiny"
    monkeypatch.setenv(MORE_WEIGHTS, str(tmp_path))
    measured = tmp_path / "codec_measured.safetensors"
    clip = clips / "train0_0.mp4"
    run([sys.executable, "-m", "codec.training.hybrid.contexts", "codec_tiny", clip, "--out", measured])
    assert stream_bytes(clip, "codec_measured", tmp_path) < stream_bytes(clip, "codec_tiny", tmp_path)
    assert load_weights(measured).model_id != plain.model_id
    for name in ("curves.png", "panel-0000070.png"):
        assert (tmp_path / "out" / name).stat().st_size > 1000
    assert all(part.stat().st_size <= 16 * 2**20 for part in (tmp_path / "out").glob("state-*"))
    wrong = subprocess.run(
        [str(a) for a in [*base[:3], tmp_path / "no.toml", *base[4:]]], capture_output=True, text=True, check=False
    )
    assert wrong.returncode == 1
    assert "not a usable training configuration" in wrong.stdout


def test_the_texture_term_sees_missing_detail_not_misplaced_detail() -> None:
    reference = torch.rand(2, 3, 3, 64, 64, generator=torch.Generator().manual_seed(6)) - 0.5
    blurred = torch.nn.functional.avg_pool2d(reference.flatten(0, 1), 5, 1, 2).view_as(reference)
    misplaced = reference.roll(7, dims=-1)
    assert texture_error(reference, reference).tolist() == [0.0, 0.0]
    assert (texture_error(misplaced, reference) < 0.2 * texture_error(blurred, reference)).all()
    assert (squared_error(misplaced, reference) > squared_error(blurred, reference)).all()
    # What cannot be seen does not count.
    faint = 1e-4 * reference
    assert (texture_error(torch.zeros_like(faint), faint) < 0.01).all()
