"""What is scored of a take is what the autoencoder shows that was asked for, of a codec that has two."""

import csv
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from codec.bench.overlap import OverlapRequest, measure_overlap
from codec.choosing import Choice
from codec.gop import SeamMode, Structure
from codec.media import open_clip
from codec.media.colour import to_rgb
from codec.metrics.psnr import psnr_db
from codec.pipeline.join import frames
from codec.stream.decoder import decode_stream
from codec.stream.encoder import encode_clip
from codec.stream.source import StreamSource
from codec.vae.settings import VaeSettings
from tests.conftest import make_clip


def expected(clip_file: Path, kind: str, output: Path, structure: Structure = Structure.OVERLAP) -> tuple[float, float]:
    """Bits a pixel and PSNR of a stream made and decoded by one autoencoder."""
    settings = VaeSettings(0.2, structure, device="cpu", autoencoder=kind, reconstruct=False)
    with open_clip(clip_file) as clip:
        info = encode_clip(clip, clip.timing, clip.info.sample_aspect, output, settings)
        shown = list(frames(decode_stream(output, "cpu", decoder=kind), info.structure))
        wanted = clip.pictures(0, clip.frame_count)
        psnr = [psnr_db(to_rgb(a), to_rgb(b)) for a, b in zip(wanted, shown, strict=True)]
        source = StreamSource(output, "cpu", decoder=kind)
        assert np.array_equal(source.picture(3).y, shown[3].y)
    assert settings.decoder == kind and replace(settings, autoencoder="auto").decoder == "auto"
    return info.bpp, float(np.mean(psnr))


def test_the_study_scores_the_autoencoder_that_it_names(tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    folder.mkdir()
    file = make_clip(folder / "a.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p", frames=5)
    found = {}
    # One folder: what is kept of the one must not stand for the other.
    for kind in ("fast", "full"):
        command = [sys.executable, "-m", "app", "bench", str(folder), "--out", str(tmp_path / "out"), "--codecs", "vae"]
        command += ["--autoencoder", kind, "--rivals", "", "--metrics", "psnr", "--lambdas", "0.2", "--device", "cpu"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr
        with (tmp_path / "out" / "points.csv").open(encoding="utf-8") as points:
            (row,) = csv.DictReader(points)
        found[kind] = float(row["bpp"]), float(row["psnr"])
        assert found[kind] == pytest.approx(expected(file, kind, tmp_path / f"{kind}.gop"), rel=1e-3)
    assert abs(found["full"][1] - found["fast"][1]) > 0.05


def test_overlap_is_measured_with_the_autoencoder_that_it_names(tmp_path: Path) -> None:
    file = make_clip(tmp_path / "a.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p", size="64x64", frames=12)
    found = []
    for kind in ("fast", "full"):
        choice = Choice("vae", (("autoencoder", kind),))
        disjoint = measure_overlap([file], OverlapRequest((0.2,), codec=choice, device="cpu"))[0]
        assert disjoint.mode is SeamMode.DISJOINT
        assert (disjoint.bpp, disjoint.psnr_db) == pytest.approx(
            expected(file, kind, tmp_path / f"{kind}.gop", Structure.DISJOINT), rel=1e-3
        )
        found.append(disjoint.psnr_db)
    assert abs(found[0] - found[1]) > 0.05
