"""How well the `vae` codec's tables fit what they code:

    python -m tests.proofs.calibration CLIP [CLIP ...] [--frames N] [--weights NAME]

For every λ, in bits a pixel: what z takes, what y takes, and what y would take if each of its tables had the
frequencies of the symbols that it codes. A table that is much too wide costs bits on every zero, and no picture shows
it.
"""

import argparse
import sys
import tempfile
from collections import Counter
from fractions import Fraction
from math import log2
from pathlib import Path

import torch

from codec.errors import SeamscopeError
from codec.media.clip import open_clip
from codec.stream.encoder import encode_clip
from codec.vae.latent import gaussian_bits
from codec.vae.scales import SCALES, scale_table
from codec.vae.settings import VaeSettings
from tests.proofs import recorded

LAMBDAS = (0.0032, 0.0125, 0.05, 0.2, 0.8, 3.2)
Counts = dict[int, Counter[int]]


def paid(counts: Counts) -> float:
    """Bits that the Gaussian tables take."""
    scales = torch.tensor(scale_table())
    return sum(
        count * float(gaussian_bits(torch.tensor(float(symbol)), scales[index]))
        for index, own in counts.items()
        for symbol, count in own.items()
    )


def fitted(counts: Counts) -> float:
    """Bits if every table had the frequencies of its own symbols: their entropy of order zero."""
    return -sum(
        count * log2(count / own.total()) for own in counts.values() for count in own.values() if count < own.total()
    )


def count(clip: Path, frames: int, settings: VaeSettings, folder: Path) -> tuple[Counts, float, int]:
    """How often every table of y coded every symbol in the first frames of a clip, bits of the coded file (z and y, as
    the coder wrote them), and pixels."""
    counts: Counts = {}

    def keep(symbols: list[int], indexes: list[int], rows: int) -> None:
        if rows == SCALES:
            for index, symbol in zip(indexes, symbols, strict=True):
                counts.setdefault(index, Counter())[symbol] += 1

    with open_clip(clip, stop=frames) as source:
        pixels = source.frame_count * source.width * source.height
        info = encode_clip(source, source.timing, Fraction(1), folder / "written.gop", settings)
        before = recorded.install(keep)
        try:
            encode_clip(source, source.timing, Fraction(1), folder / "recorded.gop", settings)
        finally:
            recorded.restore(before)
    return counts, 8.0 * info.size_bytes, pixels


def main() -> int:
    """Count and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--frames", type=int, default=27)
    parser.add_argument("--weights", default="")
    options = parser.parse_args()
    print("| λ | file | y | y, tables fitted | too much |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        for lmbda in LAMBDAS:
            settings = VaeSettings(lmbda, device="cpu", threads=1, reconstruct=False, weights=options.weights)
            total: Counts = {}
            file_bits, pixels = 0.0, 0
            try:
                for clip in options.clips:
                    counts, bits, area = count(clip, options.frames, settings, Path(name))
                    file_bits, pixels = file_bits + bits, pixels + area
                    for index, own in counts.items():
                        total.setdefault(index, Counter()).update(own)
            except SeamscopeError as error:
                raise SystemExit(f"{error}") from error
            real, ideal = paid(total), fitted(total)
            rates = " | ".join(f"{bits / pixels:.5f}" for bits in (file_bits, real, ideal))
            print(f"| {lmbda} | {rates} | {100 * (real / max(ideal, 1.0) - 1):.1f} % |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
