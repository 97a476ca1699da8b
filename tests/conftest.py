"""Small real clips made by ffmpeg, and a machine kept quiet: one CPU thread, no user settings touched."""

import multiprocessing
import os
import subprocess
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
if not os.environ.get("DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from codec.ffmpeg import ffmpeg_program
from tests import forked

FIRST = (
    "tests/hybrid/test_golden.py",  # On a fresh clone it compiles the loops that most others use, for over a minute.
    "tests/training/test_vae_run.py",  # Others that use none fill the time: they would compile them, too.
    "tests/vae/",
    "tests/metrics/",
    "tests/hybrid/",
    "tests/training/",
    "tests/bench/",
    "tests/media/",
    "tests/test_",
    "tests/jobs/",
)
"""What is begun first where several processes share the files: after those two what takes long, so that none is left
waiting."""
TEXTURE = "testsrc2=size={size}:rate={rate},noise=alls=12:allf=t"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files in the order of FIRST, the others behind."""

    def place(item: pytest.Item) -> int:
        return next((number for number, part in enumerate(FIRST) if item.nodeid.startswith(part)), len(FIRST))

    items.sort(key=place)


def make_clip(path: Path, *options: str, size: str = "96x64", frames: int = 20, rate: str = "25") -> Path:
    """A moving test picture with some noise, encoded by ffmpeg with `options`; `size` may be odd."""
    even = "x".join(str(int(side) + int(side) % 2) for side in size.split("x"))
    source = TEXTURE.format(size=even, rate=rate)
    if even != size:
        source += f",format=yuv444p,crop={size.replace('x', ':')}:0:0:exact=1"
    command = [ffmpeg_program(), "-v", "error", "-y", "-f", "lavfi", "-i", source, "-frames:v", str(frames)]
    subprocess.run([*command, *options, str(path)], check=True, capture_output=True)
    return path


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that lasts for the session."""
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="session")
def small_clip(clips: Path) -> Path:
    """96x64, 20 frames, H.264 with B-frames and several key frames."""
    options = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "7", "-bf", "2", "-colorspace", "bt709")
    return make_clip(clips / "small.mp4", *options)


@pytest.fixture(scope="session")
def slow_slope(clips: Path) -> Path:
    """512x256 grey of 10 bits, one code lighter every 32 columns: 8 bits have one step where it has four."""
    slope = "format=yuv420p10le,geq=lum='256+floor(X/32)':cb=512:cr=512"
    options = ("-vf", slope, "-c:v", "ffv1", "-pix_fmt", "yuv420p10le", "-colorspace", "bt709", "-color_range", "tv")
    return make_clip(clips / "slope.mkv", *options, size="512x256", frames=2)


@pytest.fixture(scope="session")
def trunk_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A VGG16 trunk of drawn weights: the trained one does not ship."""
    import torch
    from safetensors.torch import save_file

    from codec.metrics.vgg import CHANNELS, GROUPS

    generator = torch.Generator().manual_seed(5)
    tensors, width = {}, 3
    for group, channels in zip(GROUPS, CHANNELS, strict=True):
        for layer in group:
            weight = torch.randn(channels, width, 3, 3, generator=generator) * (2 / (9 * width)) ** 0.5
            tensors[f"{layer}.weight"] = weight
            tensors[f"{layer}.bias"] = torch.randn(channels, generator=generator) * 0.1
            width = channels
    file = tmp_path_factory.mktemp("trunk") / "vgg.safetensors"
    save_file(tensors, file)
    return file


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings and logs of a test go nowhere else."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture(autouse=True)
def quick_processes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Worker processes need not load PyTorch anew."""
    if request.node.get_closest_marker("spawns") is None:
        monkeypatch.setattr(multiprocessing, "get_context", forked.get_context)
