"""Tables of the `hybrid` codec, measured on a clip."""

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from codec.hybrid import tables
from codec.hybrid.settings import HybridSettings
from codec.hybrid.trees import coding
from codec.media import open_clip
from codec.resources import MORE_WEIGHTS
from codec.stream.encoder import encode_clip
from tests.conftest import make_clip


def stream_bytes(clip: Path, name: str, folder: Path) -> int:
    """Size of a clip's stream with installed tables."""
    with open_clip(clip) as source:
        settings = HybridSettings(0.08, weights=name, reconstruct=False)
        return encode_clip(source, source.timing, Fraction(1), folder / "sized.gop", settings).size_bytes


def test_a_clip_takes_fewer_bytes_with_tables_measured_on_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MORE_WEIGHTS, str(tmp_path))
    plain = tables.save(tmp_path / "codec_plain.safetensors", coding.plain_starts())
    clip = make_clip(tmp_path / "clip.mp4", "-c:v", "libx264", "-pix_fmt", "yuv420p", size="192x160", frames=25)
    command = [sys.executable, "-m", "codec.training.contexts", "codec_plain", clip]
    command += ["--out", tmp_path / "codec_measured.safetensors"]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    measured = tables.named("codec_measured").model_id.hex()
    assert done.stdout.strip() == measured != plain
    assert stream_bytes(clip, "codec_measured", tmp_path) < stream_bytes(clip, "codec_plain", tmp_path)
