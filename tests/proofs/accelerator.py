"""Prove on a machine with an accelerator that symbols are bit-identical to the CPU's, and measure the codec there.

    python -m tests.proofs.accelerator [--device cuda] [--size 1920x1080] [--frames 257] [--models S M L]

Compares: table indices of the integer network for random inputs, symbols of one stream as the CPU and the accelerator
read them, and pictures decoded on both. Measures encode and decode with everything included, from frames in memory.
Sizes without shipped weights run with untrained ones, which takes the same time. Needs PyTorch, numba, safetensors and
nothing else: where PyAV is missing, colours are converted in a simpler way.
"""

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch

# Before anything of `codec`.
from tests.proofs.without_av import PLAIN_COLOURS

# isort: split
from codec.api import DecodeSettings
from codec.container.stream import parse_stream
from codec.hybrid.decoder import GopDecoder
from codec.hybrid.latents import GopSymbols
from codec.hybrid.model import store
from codec.hybrid.model.config import SIZES, LatentKind
from codec.hybrid.model.initial import start_as_transform
from codec.hybrid.model.network import CodecNetwork
from codec.hybrid.model.scales import MAGNITUDE_LIMIT, Z_LIMIT
from codec.hybrid.model.weights import save_weights
from codec.hybrid.settings import HybridSettings
from codec.media.picture import Colour, Matrix, Picture, Timing
from codec.resources import MORE_WEIGHTS
from codec.stream.decoder import decode_stream
from codec.stream.encoder import encode_clip

LAMBDA = 0.08


class Noise:
    """Frames of smooth moving noise in memory; implements FrameSource."""

    def __init__(self, width: int, height: int, frames: int) -> None:
        self.width, self.height, self.frame_count = width, height, frames
        rng = np.random.default_rng(4)
        coarse = torch.from_numpy(rng.uniform(30, 220, (1, 3, height // 12, width // 12)).astype(np.float32))
        wide = torch.nn.functional.interpolate(coarse, (height + 64, width + 64), mode="bicubic")[0].clamp(16, 235)
        self._planes = wide.byte().numpy()

    def picture(self, index: int) -> Picture:
        """Frame `index`: the noise, moved."""
        shift = index % 32
        y = self._planes[0, shift : shift + self.height, shift : shift + self.width]
        half = [p[shift : shift + (self.height + 1) // 2, : (self.width + 1) // 2] for p in self._planes[1:]]
        luma, cb, cr = (np.ascontiguousarray(plane) for plane in (y, *half))
        return Picture(luma, cb, cr, Colour(Matrix.BT709, False))

    def pictures(self, start: int, stop: int) -> Iterator[Picture]:
        """Frames [start, stop)."""
        return (self.picture(i) for i in range(start, stop))


def untrained(folder: Path, size: str) -> str:
    """Weights of a size that does not ship, for timing; returns their name."""
    torch.manual_seed(1)
    network = CodecNetwork(SIZES[size])
    start_as_transform(network)
    save_weights(network, folder / f"codec_untrained_{size.lower()}.safetensors")
    return f"codec_untrained_{size.lower()}"


def symbols(path: Path, device: torch.device) -> list[GopSymbols]:
    """The symbols of every segment of every GoP as read on `device`."""
    stream = parse_stream(path)
    decoder = GopDecoder(stream, DecodeSettings(str(device)))
    found = []
    for index in range(stream.header.gop_count):
        ((_, coded),) = decoder.link([index])
        if coded is None:
            raise SystemExit(f"GoP {index} does not decode on {device}")
        found += [segment.symbols for segment in coded]
    return found


def check_scales(name: str, device: torch.device) -> int:
    """Table indices compared between the CPU and `device`; raises SystemExit at the first difference."""
    here, there = (store.named_model(name, d).scale_net for d in (torch.device("cpu"), device))
    config = store.named_model(name, device).config
    generator = torch.Generator().manual_seed(9)
    compared = 0
    for height, width in ((23, 40), (68, 120), (5, 7)):
        z = torch.randint(-Z_LIMIT, Z_LIMIT + 1, (2, config.z_channels, -(-height // 4), -(-width // 4)),
                          generator=generator).float()  # fmt: skip
        magnitude = torch.randint(0, MAGNITUDE_LIMIT + 1, (2, config.y_channels, height, width), generator=generator)
        for kind in LatentKind:
            for code in (0, 1000, 4096):
                expected = here(z, magnitude.float(), code, kind)
                found = there(z.to(device), magnitude.float().to(device), code, kind).cpu()
                if not torch.equal(expected, found):
                    raise SystemExit(f"{name}: {int((expected != found).sum())} table indices differ on {device}")
                compared += expected.numel()
    return compared


def measure(name: str, clip: Noise, device: str, folder: Path) -> tuple[float, float, float, float]:
    """Encode fps, decode fps (best of three), bpp, and the accelerator's peak memory in GiB."""
    rate = Fraction(60)
    timing = Timing(tuple(range(clip.frame_count)), 1 / rate, rate, float(clip.frame_count / rate))
    path = folder / f"{name}.gop"
    settings = HybridSettings(LAMBDA, device=device, reconstruct=False, weights=name)
    encodes, decodes, bpp = [], [], 0.0
    for _ in range(3):
        began = time.perf_counter()
        bpp = encode_clip(clip, timing, Fraction(1), path, settings).bpp
        encodes.append(clip.frame_count / (time.perf_counter() - began))
        began = time.perf_counter()
        for _ in decode_stream(path, device):
            pass
        decodes.append(clip.frame_count / (time.perf_counter() - began))
    peak = torch.cuda.max_memory_allocated() / 2**30 if torch.cuda.is_available() else 0.0
    return max(encodes), max(decodes), bpp, peak


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--frames", type=int, default=257)
    parser.add_argument("--models", nargs="+", default=["S", "M", "L"], choices=["S", "M", "L"])
    options = parser.parse_args()
    device = torch.device(options.device)
    width, height = (int(v) for v in options.size.split("x"))
    label = torch.cuda.get_device_name() if device.type == "cuda" else platform.machine()
    print(f"{label}, {os.cpu_count()} CPU cores, torch {torch.__version__}, {options.size}, {options.frames} frames")
    print("PyAV is missing: colours are converted in a simpler way.\n" if PLAIN_COLOURS else "")
    print("| model | encode fps | decode fps | bpp | peak GiB | indices equal | symbols equal | pictures differ by |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ[MORE_WEIGHTS] = name
        for size in options.models:
            shipped = f"codec_{size.lower()}"
            weights = shipped if shipped in store.files() else untrained(folder, size)
            compared = check_scales(weights, device)
            encode, decode, bpp, peak = measure(weights, Noise(width, height, options.frames), options.device, folder)
            short = Noise(width // 4 * 2, height // 4 * 2, 33)
            measure(weights, short, options.device, folder)
            made = folder / f"{weights}.gop"
            for a, b in zip(symbols(made, torch.device("cpu")), symbols(made, device), strict=True):
                if not a.same_as(b):
                    raise SystemExit(f"{weights}: symbols differ between the CPU and {device}")
            pairs = zip(decode_stream(made, "cpu", precision="full"), decode_stream(made, options.device), strict=True)
            worst = max(int(np.abs(p.y.astype(int) - q.y).max()) for a, b in pairs
                        for p, q in zip(a.pictures, b.pictures, strict=True))  # fmt: skip
            speed = f"{encode:.1f} | {decode:.1f} | {bpp:.4f} | {peak:.2f}"
            print(f"| {weights} | {speed} | {compared} | yes | {worst} of 255 |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
