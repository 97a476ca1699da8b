"""Flicker on what stands still: of `vae` and `hybrid`, beside x265 at the same rate.

    python -m tests.proofs.flicker FOLDER [FOLDER ..] --out flicker.csv --page docs/flicker.md [--lambdas L ..]

A picture autoencoder makes every GoP's pictures on its own, so that texture which stands still may change from picture
to picture, and most where a GoP ends. A pixel stands still between two frames where the source's luma changes by no
more than STILL_CODES in all of the REACH x REACH pixels about it. Flicker is the mean |change of luma| of decoded
pictures there, in codes of 8 bits; the source's own is noise. Pairs of frames within a GoP and pairs across the end of
one are told apart, by the marks of `vae`; so every codec is measured on the same pairs.
"""

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from codec import gop
from codec.api import CodecSettings
from codec.gop import Structure
from codec.hybrid.settings import HybridSettings
from codec.media import Clip, Picture, open_clip
from codec.rivals import RivalCodec, RivalSettings, TargetBitrate
from codec.texts import csv_text
from codec.vae.settings import VaeSettings
from tests.proofs.motion import coded, rivalled

STILL_CODES = 2
REACH = 5
LEAST_SHARE = 0.1
"""Of a clip's pixels that must stand still, or it is left out."""
LAMBDAS = (0.05, 0.2)
SOURCE = "source"
WIDE = "vae, blended wide"
Luma = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Flicker:
    """One take of one clip. `share`: of pixel pairs that stand still. `within` and `across` GoPs: codes of 8 bits."""

    clip: str
    codec: str
    lmbda: float
    bpp: float
    share: float
    within: float
    across: float


def still(before: Luma, after: Luma) -> NDArray[np.bool_]:
    """Pixels of two luma planes (H, W) that stand still between them."""
    changed = (np.abs(after.astype(np.int16) - before) > STILL_CODES).astype(np.uint8)
    return cv2.dilate(changed, np.ones((REACH, REACH), np.uint8)) == 0


def flicker(shown: Sequence[Luma], masks: Sequence[NDArray[np.bool_]], seams: Iterable[int]) -> tuple[float, float]:
    """Mean |change| where `masks` (one for each pair of frames) are set: pairs within GoPs, and those whose later frame
    is among `seams`. Not a number where nothing stands still."""
    ends = set(seams)
    sums, counts = [0.0, 0.0], [0, 0]
    for later, mask in enumerate(masks, start=1):
        change = np.abs(shown[later].astype(np.int16) - shown[later - 1])
        sums[later in ends] += float(change[mask].sum())
        counts[later in ends] += int(mask.sum())
    within, across = (s / n if n else float("nan") for s, n in zip(sums, counts, strict=True))
    return within, across


def seams_of(frame_count: int, structure: Structure) -> set[int]:
    """Frames that follow on the last picture of a GoP; where GoPs share a frame, that frame itself too."""
    starts = {part.start for part in gop.split(frame_count, structure)} - {0}
    return starts | {start + 1 for start in starts} if structure is Structure.OVERLAP else starts


def _luma(pictures: Iterable[Picture]) -> list[Luma]:
    return [picture.y for picture in pictures]


def measured(path: Path, clip: Clip, lambdas: Sequence[float]) -> Iterator[Flicker]:
    """Every take of a clip; nothing where too little stands still."""
    original = _luma(clip.pictures(0, clip.frame_count))
    masks = [still(a, b) for a, b in pairwise(original)]
    share = float(np.mean([mask.mean() for mask in masks]))
    if share < LEAST_SHARE:
        return
    pixels_a_second = clip.width * clip.height * float(clip.timing.frame_rate)
    seams = seams_of(clip.frame_count, Structure.OVERLAP)
    yield Flicker(path.stem, SOURCE, 0.0, 0.0, share, *flicker(original, masks, seams))
    for lmbda in lambdas:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            overlap, disjoint = (
                VaeSettings(lmbda, structure, device="cpu", autoencoder="fast", reconstruct=False)
                for structure in (Structure.OVERLAP, Structure.DISJOINT)
            )
            kinds: list[tuple[str, CodecSettings]] = [
                ("vae, blended", overlap),
                (WIDE, overlap),
                ("vae, disjoint", disjoint),
            ]
            low, high = HybridSettings.lambda_range
            kinds.append(("hybrid", HybridSettings(min(max(lmbda, low), high), device="cpu", reconstruct=False)))
            kbps = 0.0
            for label, settings in kinds:
                bpp, shown = coded(clip, settings, folder, wide=label == WIDE)
                kbps = kbps or bpp * pixels_a_second / 1000
                # Disjoint GoPs end elsewhere.
                there = seams_of(clip.frame_count, settings.structure)
                yield Flicker(path.stem, label, lmbda, bpp, share, *flicker(_luma(shown), masks, there))
            bpp, shown = rivalled(clip, RivalSettings(RivalCodec.HEVC, TargetBitrate(kbps, 0.05)), folder / "rival.mkv")
            yield Flicker(path.stem, "x265", lmbda, bpp, share, *flicker(_luma(shown), masks, seams))


def page(found: Sequence[Flicker], frame_count: int) -> str:
    """The page: means over clips, then every clip."""
    clips = list(dict.fromkeys(one.clip for one in found))
    rows: dict[tuple[str, float], list[Flicker]] = defaultdict(list)
    for one in found:
        rows[one.codec, one.lmbda].append(one)
    lines = [
        "# Flicker on what stands still",
        "",
        f"Written by `python -m tests.proofs.flicker`; what is measured stands at the head of that file. The first "
        f"{frame_count} frames of {len(clips)} clips in which {100 * LEAST_SHARE:.0f} % of the pixels or more stand "
        "still; x265 at the rate of `vae`, blended. In codes of 8 bits; `vae` with the fast pair.",
        "",
        "| codec | λ | bpp | within GoPs | across their ends |",
        "|---|---:|---:|---:|---:|",
    ]
    for (codec, lmbda), several in rows.items():
        cells = (float(np.nanmean([getattr(one, key) for one in several])) for key in ("bpp", "within", "across"))
        bpp, within, across = cells
        lines.append(f"| {codec} | {f'{lmbda:g}' if lmbda else ''} | {bpp:.4f} | {within:.2f} | {across:.2f} |")
    lines += ["", "| clip | still | codec | λ | bpp | within | across |", "|---|---:|---|---:|---:|---:|---:|"]
    lines += [
        f"| {one.clip} | {100 * one.share:.0f} % | {one.codec} | {f'{one.lmbda:g}' if one.lmbda else ''} | "
        f"{one.bpp:.4f} | {one.within:.2f} | {one.across:.2f} |"
        for one in found
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure, write both files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True, metavar="CSV")
    parser.add_argument("--page", type=Path, required=True)
    parser.add_argument("--frames", type=int, default=25)
    parser.add_argument("--lambdas", type=float, nargs="+", default=LAMBDAS)
    parser.add_argument("--clips", nargs="+", help="stems of files; default: all")
    arguments = parser.parse_args()
    found: list[Flicker] = []
    for path in sorted(path for folder in arguments.folders for path in folder.iterdir()):
        if arguments.clips and path.stem not in arguments.clips:
            continue
        with open_clip(path) as whole:
            stop = min(arguments.frames, whole.frame_count)
        with open_clip(path, stop=stop) as clip:
            found += measured(path, clip, arguments.lambdas)
        print(f"{path.stem} is measured", flush=True)
    rows = [astuple(one) for one in found]
    arguments.out.write_text(csv_text([tuple(f.name for f in fields(Flicker)), *rows]), encoding="utf-8")
    arguments.page.write_text(page(found, arguments.frames), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
