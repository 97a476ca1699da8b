"""What the fast pair of `vae` loses against the pretrained picture autoencoder, before anything is quantised:

    python -m tests.proofs.pair FOLDER [--weights FILE] [--frames N]

Prints a line a clip: the fast encoder's squared error of latents over their variance; LPIPS-AlexNet and PSNR of
pictures by pretrained encoder and decoder, by the fast encoder alone, by the fast decoder alone, by both.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from codec.media import open_clip
from codec.media.colour import to_rgb
from codec.metrics.lpips import Lpips
from codec.metrics.psnr import psnr_db
from codec.vae import store
from codec.vae.model import VaeCodec
from codec.vae.weights import load_pretrained, load_weights

EVERY = 8
"""Frames between the pictures looked at."""


def losses(codec: VaeCodec, judge: Lpips, pictures: Sequence[np.ndarray]) -> list[float]:
    """Latents' relative error, then LPIPS and PSNR of the four ways; means over (H, W, 3) uint8 pictures with sides of
    multiples of 8."""
    assert codec.spatial is not None
    full, fast = codec.spatial.full, codec.spatial.fast
    rows = []
    for picture in pictures:
        tensor = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 127.5 - 1
        with torch.no_grad():
            wanted, made = full.encode(tensor), fast.encode(tensor)
            row = [float((made - wanted).square().mean() / wanted.var())]
            for latents, pair in ((wanted, full), (made, full), (wanted, fast), (made, fast)):
                row += _scores(judge, picture, pair.decode(latents))
        rows.append(row)
    return [float(value) for value in np.mean(rows, axis=0)]


def _scores(judge: Lpips, picture: np.ndarray, decoded: Tensor) -> tuple[float, float]:
    shown = decoded[0].clamp(-1, 1).add(1).mul(127.5).round().to(torch.uint8).permute(1, 2, 0).numpy()
    distance = judge.distance(judge.features(shown[None]), judge.features(picture[None]))
    return float(distance[0]), psnr_db(picture, shown)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--weights", type=Path, help="default: those that ship")
    parser.add_argument("--frames", type=int, default=17)
    arguments = parser.parse_args()
    codec = load_weights(arguments.weights or next(iter(store.files().values())))
    if codec.spatial is None:
        parser.error("these weights have no fast pair")
    # Not as it was taught since, which is for latents that were coded.
    load_pretrained(codec.spatial.full)
    judge = Lpips()
    print("| clip | latents | pretrained | fast encoder | fast decoder | both |")
    print("|---|---:|---:|---:|---:|---:|")
    table = []
    for path in sorted(arguments.folder.iterdir()):
        with open_clip(path, stop=arguments.frames) as clip:
            chosen = [to_rgb(picture) for picture in clip.pictures(0, clip.frame_count)][::EVERY]
        row = losses(
            codec, judge, [picture[: len(picture) // 8 * 8, : picture.shape[1] // 8 * 8] for picture in chosen]
        )
        table.append(row)
        print(_line(path.stem, row), flush=True)
    print(_line("mean", [float(value) for value in np.mean(table, axis=0)]))
    return 0


def _line(name: str, row: Sequence[float]) -> str:
    cells = [f"{row[1 + 2 * k]:.3f}, {row[2 + 2 * k]:.1f} dB" for k in range(4)]
    return f"| {name} | {row[0]:.2f} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    sys.exit(main())
