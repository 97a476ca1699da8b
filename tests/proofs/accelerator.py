"""Prove on a machine with an accelerator that the `vae` codec reads there what the CPU wrote, and measure it:

    python -m tests.proofs.accelerator [--device cuda] [--size 1920x1080] [--frames 129]

Strings are recorded (`tests.proofs.recorded`): reading one fails unless every symbol is asked for with the table index
it was written with. What the CPU writes is read on the accelerator, and the other way round, GoPs alone and in batches.
Then encode and decode are timed with everything included, from frames in memory, with both autoencoders.

Needs PyTorch and safetensors, and what `codec` imports besides. Where PyAV is missing, colours are converted in a
simpler way; where CompressAI is missing, strings stay recorded, and the times say so.
"""

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

# Before anything of `codec`.
from tests.proofs.without_av import PLAIN_COLOURS

# isort: split
from codec.api import DecodedGop
from codec.errors import SeamscopeError
from codec.media.picture import Colour, Matrix, Picture, Timing
from codec.stream.decoder import decode_stream
from codec.stream.encoder import encode_clip
from codec.vae.settings import VaeSettings
from tests.proofs import recorded

LAMBDAS = (0.0032, 0.05, 0.8)
_PROOF_FRAMES = 29
_TIMES = 2


class Noise:
    """Frames of smooth moving noise in memory; implements FrameSource."""

    def __init__(self, width: int, height: int, frames: int) -> None:
        self.width, self.height, self.frame_count = width, height, frames
        rng = np.random.default_rng(4)
        coarse = torch.from_numpy(rng.uniform(30, 220, (1, 3, height // 12, width // 12)).astype(np.float32))
        wide = torch.nn.functional.interpolate(coarse, (height + 64, width + 64), mode="bicubic")[0].clamp(16, 235)
        self._planes = wide.byte().numpy()

    @property
    def timing(self) -> Timing:
        """60 frames a second."""
        rate = Fraction(60)
        return Timing(tuple(range(self.frame_count)), 1 / rate, rate, float(self.frame_count / rate))

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


def largest_difference(a: list[DecodedGop], b: list[DecodedGop]) -> int:
    """Of luma, in codes of 8 bits. Raises SystemExit where a GoP is missing."""
    if len(a) != len(b) or not all(x.pictures and y.pictures for x, y in zip(a, b, strict=True)):
        raise SystemExit("a GoP does not decode")
    pairs = (pair for x, y in zip(a, b, strict=True) for pair in zip(x.pictures, y.pictures, strict=True))
    return max(int(np.abs(p.y.astype(int) - q.y).max()) for p, q in pairs)


def prove(device: str, folder: Path, *, size: tuple[int, int], frames: int = _PROOF_FRAMES) -> list[str]:
    """A row for each λ: strings of each device read on both. Raises SystemExit at the first difference."""
    clip, rows = Noise(*size, frames), []
    # The clip's last GoP is shorter than the others, so that batches and single GoPs both occur.
    before = recorded.install()
    try:
        for lmbda in LAMBDAS:
            worst = 0
            for writer in ("cpu", device):
                path = folder / f"{writer.replace(':', '-')}.gop"
                settings = VaeSettings(lmbda, device=writer, reconstruct=False, precision="full")
                encode_clip(clip, clip.timing, Fraction(1), path, settings)
                here = list(decode_stream(path, "cpu", precision="full", decoder="fast"))
                there = list(decode_stream(path, device, precision="full", decoder="fast"))
                worst = max(worst, largest_difference(here, there))
            rows.append(f"| {lmbda} | yes | {worst} of 255 |")
    except recorded.Differs as error:
        raise SystemExit(f"{device}: {error}.") from error
    finally:
        recorded.restore(before)
    return rows


def measure(clip: Noise, device: str, autoencoder: str, folder: Path) -> str:
    """A row: encode and decode in frames a second (best of some runs), bits a pixel, peak memory of the accelerator."""
    path, encodes, decodes, bpp = folder / "timed.gop", [], [], 0.0
    settings = replace(VaeSettings(0.2, device=device, reconstruct=False), autoencoder=autoencoder)
    for _ in range(_TIMES):
        began = time.perf_counter()
        bpp = encode_clip(clip, clip.timing, Fraction(1), path, settings).bpp
        encodes.append(clip.frame_count / (time.perf_counter() - began))
        began = time.perf_counter()
        for _ in decode_stream(path, device, decoder=autoencoder):
            pass
        decodes.append(clip.frame_count / (time.perf_counter() - began))
    peak = f"{torch.cuda.max_memory_allocated() / 2**30:.2f}" if torch.cuda.is_available() else "–"
    return f"| {autoencoder} | {max(encodes):.1f} | {max(decodes):.1f} | {bpp:.4f} | {peak} |"


def main() -> int:
    """Prove, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--frames", type=int, default=129)
    options = parser.parse_args()
    device = torch.device(options.device)
    width, height = (int(v) for v in options.size.split("x"))
    label = torch.cuda.get_device_name() if device.type == "cuda" else platform.machine()
    print(f"{label}, {os.cpu_count()} CPU cores, torch {torch.__version__}")
    if PLAIN_COLOURS:
        print("PyAV is missing: colours are converted in a simpler way.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            rows = prove(options.device, folder, size=(width // 4 * 2, height // 4 * 2))
            print("\n| λ | every symbol read with its table | pictures differ by at most |\n|---|---|---|")
            print(*rows, sep="\n", flush=True)
            has_coder = find_spec("compressai") is not None
            before = None if has_coder else recorded.install()
            coder = "strings as rANS" if has_coder else "strings recorded, not coded: CompressAI is missing"
            print(f"\n{options.size}, {options.frames} frames, {coder}\n")
            print("| autoencoder | encode fps | decode fps | bpp | peak GiB |\n|---|---|---|---|---|")
            for autoencoder in ("fast", "full"):
                print(measure(Noise(width, height, options.frames), options.device, autoencoder, folder), flush=True)
            if not has_coder:
                recorded.restore(before)
        except SeamscopeError as error:
            raise SystemExit(f"{error}") from error
    return 0


if __name__ == "__main__":
    sys.exit(main())
