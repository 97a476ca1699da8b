"""The `vae` codec, with its fast and its full autoencoder, beside the transform it began as, `hybrid`, x265 and VVenC:

    python -m tests.proofs.vae FOLDER --out DIR --vgg-trunk FILE [--untrained FILE] [--kinds K ..] [--lambdas L ..]

Runs `seamscope bench` on the clips of FOLDER, which goes on where it was stopped, and writes DIR/vae.md: every point,
whether rate and quality rise together on every clip, and mean Bjøntegaard rates. `--untrained`: weights of the
transform before training, as `--make-untrained` writes them from the crops of a training run.
"""

import argparse
import csv
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import mean

from codec.metrics.bjontegaard import NotComparable, RatePoint, bd_rate
from codec.metrics.kinds import METRICS

SHOWN = ("lpips", "lpips_vgg", "dists", "psnr", "tlp", "tof")
LAMBDAS = ("0.0032", "0.0125", "0.05", "0.2", "0.8", "3.2")
FAST, FULL, UNTRAINED = "vae fast", "vae full", "vae untrained"
KINDS = ("fast", "full", "untrained")
_FITTED = 256
"""Crops that the transform is fitted to."""


@dataclass(frozen=True, slots=True)
class Point:
    """A take of a clip and what was measured of it."""

    clip: str
    codec: str
    setting: str
    bpp: float
    scores: dict[str, float]


def make_untrained(run: Path, target: Path) -> None:
    """Write the weights that training begins with, fitted to the crops that a run has stored."""
    from codec.training.vae.store import Store
    from codec.vae.backbones.spatial import SpatialBackbone
    from codec.vae.initial import start_as_transform
    from codec.vae.model import VaeCodec
    from codec.vae.weights import load_pretrained, save_weights

    codec = VaeCodec()
    assert isinstance(codec.backbone, SpatialBackbone)
    load_pretrained(codec.backbone.full)
    codec.backbone.fast.start_from(codec.backbone.full)
    crops = Store(next(run.glob("crops-*")), "train")
    start_as_transform(codec, crops.batch(list(range(min(len(crops), _FITTED)))).latents)
    save_weights(codec, target, {"steps": "0"})


def bench(folder: Path, out: Path, arguments: argparse.Namespace, *more: str) -> list[dict[str, str]]:
    """Points of one run of the benchmark."""
    command = [
        sys.executable, "-m", "app", "bench", str(folder), "--out", str(out), "--metrics", *SHOWN,
        "--vgg-every", str(arguments.vgg_every), "--vgg-trunk", str(arguments.vgg_trunk), *more,
    ]  # fmt: skip
    if arguments.frames:
        command += ["--frames", str(arguments.frames)]
    if arguments.clips:
        command += ["--clips", *arguments.clips]
    environment = dict(os.environ)
    if arguments.untrained is not None:
        environment["SEAMSCOPE_WEIGHTS"] = str(arguments.untrained.parent)
    subprocess.run(command, check=True, env=environment)
    with (out / "points.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def points(rows: Iterable[dict[str, str]], names: dict[str, str]) -> list[Point]:
    """Rows as points; `names`: what a codec is called here."""
    return [
        Point(
            row["clip"], names.get(row["codec"], row["codec"]), f"{row['knob']} {row['value']}", float(row["bpp"]),
            {key: float(row[key]) for key in SHOWN if row.get(key)},
        )
        for row in rows
    ]  # fmt: skip


def curve(found: Sequence[Point], clip: str, codec: str) -> list[Point]:
    """A codec's points of a clip, by rate."""
    return sorted((p for p in found if p.clip == clip and p.codec == codec), key=lambda p: p.bpp)


def not_rising(found: Sequence[Point]) -> list[str]:
    """Where a higher λ of `vae` does not bring more bits and a better LPIPS-VGG, a sentence each."""
    said = []
    for codec in (FAST, FULL):
        for clip in dict.fromkeys(p.clip for p in found if p.codec == codec):
            rising = sorted(
                (p for p in found if p.clip == clip and p.codec == codec), key=lambda p: float(p.setting.split()[1])
            )
            for a, b in pairwise(rising):
                if b.bpp <= a.bpp or b.scores["lpips_vgg"] >= a.scores["lpips_vgg"]:
                    said.append(f"{codec}, {clip}: from {a.setting} to {b.setting}")
    return said


def mean_rate(found: Sequence[Point], codec: str, baseline: str, metric: str) -> str:
    """The mean Bjøntegaard rate over the clips that have one: "-12.3 % (7 of 10 clips)"."""
    rates, clips = [], list(dict.fromkeys(p.clip for p in found))
    for clip in clips:
        pair = [
            [RatePoint(p.bpp, p.scores[metric]) for p in curve(found, clip, each) if metric in p.scores]
            for each in (baseline, codec)
        ]
        try:
            rates.append(bd_rate(*pair, higher_is_better=METRICS[metric].higher_is_better).percent)
        except NotComparable:
            continue
    return f"{mean(rates):+.1f} % ({len(rates)} of {len(clips)} clips)" if rates else "no clip can be compared"


def page(found: Sequence[Point], arguments: argparse.Namespace) -> str:
    """DIR/vae.md."""
    frames = f"the first {arguments.frames} frames" if arguments.frames else "all frames"
    lines = [
        f"# The `vae` codec on `{arguments.folder.name}/`",
        "",
        f"Written by `python -m tests.proofs.vae`: {frames} of each clip named below, LPIPS-VGG and DISTS on one frame "
        f"in {arguments.vgg_every}, bits of whole files.",
    ]
    codecs = list(dict.fromkeys(p.codec for p in found))
    pairs = [(own, other) for own in (FAST, FULL) for other in codecs if own in codecs and other not in (own, FAST)]
    if pairs:
        lines += [
            "",
            "## At equal quality",
            "",
            "Mean change of rate (Bjøntegaard); below zero: fewer bits.",
            "",
            "| | against | " + " | ".join(METRICS[key].label for key in SHOWN) + " |",
            "|---|---|" + "---|" * len(SHOWN),
        ]
    for own, other in pairs:
        lines.append(f"| {own} | {other} | {' | '.join(mean_rate(found, own, other, key) for key in SHOWN)} |")
    falling = not_rising(found)
    lines += ["", "## Rate and quality rise with λ", ""]
    lines += [f"- Not so: {each}" for each in falling] or [
        f"On every clip, with {' and '.join(own for own in (FAST, FULL) if own in codecs)}, at every step."
    ]
    lines += ["", "## Every point", ""]
    head = "| codec | setting | bpp | " + " | ".join(METRICS[key].label for key in SHOWN) + " |"
    for clip in dict.fromkeys(p.clip for p in found):
        lines += [f"### {clip}", "", head, "|---|---|---|" + "---|" * len(SHOWN)]
        for codec in codecs:
            for p in curve(found, clip, codec):
                cells = (f"{p.scores[key]:.{METRICS[key].digits}f}" if key in p.scores else "–" for key in SHOWN)
                lines.append(f"| {codec} | {p.setting} | {p.bpp:.4f} | {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="clips; with --make-untrained a training run's folder")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--vgg-trunk", type=Path, metavar="FILE")
    parser.add_argument("--untrained", type=Path, metavar="FILE", help="weights of the transform alone")
    parser.add_argument("--make-untrained", action="store_true", help="write them into DIR and end")
    parser.add_argument("--frames", type=int, default=0)
    parser.add_argument("--vgg-every", type=int, default=4)
    parser.add_argument("--clips", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--alone", action="store_true", help="without hybrid, x265 and VVenC")
    parser.add_argument("--rivals", default="hevc,vvc", help="of ffmpeg")
    parser.add_argument("--lambdas", nargs="+", default=LAMBDAS, metavar="L")
    parser.add_argument("--kinds", nargs="+", default=KINDS, choices=KINDS, help="of vae")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.make_untrained:
        make_untrained(arguments.folder, arguments.out / "vae_untrained.safetensors")
        return
    if arguments.vgg_trunk is None:
        parser.error("--vgg-trunk is needed: LPIPS-VGG and DISTS are among the judges")
    folder, out, steps = arguments.folder, arguments.out, ("--lambdas", *arguments.lambdas)
    found: list[Point] = []
    if not arguments.alone:
        found += points(
            bench(folder, out / "others", arguments, "--codecs", "hybrid", "--rivals", arguments.rivals),
            {"hevc": "x265 medium", "vvc": "VVenC medium"},
        )
    kinds: list[tuple[str, tuple[str, ...]]] = [(FAST, ("--autoencoder", "fast")), (FULL, ("--autoencoder", "full"))]
    if arguments.untrained is not None:
        kinds.append((UNTRAINED, ("--autoencoder", "full", "--weights", arguments.untrained.stem)))
    for name, more in kinds:
        if name.split()[1] not in arguments.kinds:
            continue
        rows = bench(folder, out / name.split()[1], arguments, "--codecs", "vae", "--rivals", "", *steps, *more)
        found += points(rows, {"vae": name})
    (out / "vae.md").write_text(page(found, arguments), encoding="utf-8")


if __name__ == "__main__":
    main()
