"""Both codecs, `vae` with its fast and its full autoencoder and the transform it began as, beside x265 and VVenC:

    python -m tests.proofs.codecs FOLDER [FOLDER ..] --out POINTS.csv --page PAGE.md --vgg-trunk FILE [--untrained FILE]

codes the first frames of every clip with each codec at some λ, the rivals at steps that lie near the rates of `hybrid`,
and scores what the files decode to: a line a take. Goes on where it was stopped: what the file holds is left as it is.
The page has mean Bjøntegaard rates of each folder, whether rate and quality rise together on every clip, how near the
fast autoencoder is to the full one, and every point. `--untrained`: weights of the transform before training, as
`--make-untrained` writes them from the crops of a training run. `--against` prints what became of a codec's scores
since another such file. Bits are those of whole files, of rivals those of coded frames.
"""

import argparse
import csv
import math
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import mean

import numpy as np

from codec.bench.measure import MeasureSettings, measure_takes
from codec.media import Clip, open_clip
from codec.media.picture import Picture
from codec.metrics.bjontegaard import NotComparable, Pchip, RatePoint, bd_rate
from codec.metrics.kinds import METRICS
from codec.rivals import RivalCodec
from codec.texts import csv_text
from codec.vae.settings import VaeSettings
from tests.proofs.motion import Take, coded, own_take, rival_takes

SHOWN = ("lpips", "lpips_vgg", "dists", "psnr", "tlp", "tof")
LAMBDAS = (0.0032, 0.0125, 0.05, 0.2, 0.8, 3.2)
HYBRID_LAMBDAS = (0.005, 0.02, 0.08, 0.32, 1.28)
FAST, FULL, UNTRAINED, HYBRID = "vae fast", "vae full", "vae untrained", "hybrid"
RIVALS = {"x265 medium": RivalCodec.HEVC, "VVenC medium": RivalCodec.VVC}
CODECS = (HYBRID, *RIVALS, FAST, FULL)
PAIRS = (
    (FAST, "x265 medium"), (FAST, "VVenC medium"), (FAST, HYBRID), (FAST, UNTRAINED),
    (FULL, "x265 medium"), (FULL, "VVenC medium"), (FULL, HYBRID), (FULL, UNTRAINED), (FAST, FULL),
    (HYBRID, "x265 medium"), (HYBRID, "VVenC medium"),
)  # fmt: skip
"""Which codec is compared with which."""
CLOSE = 1.15
"""LPIPS-VGG of the fast autoencoder over the full one's up to which they count as alike."""
_BEFORE = "before"
"""What another file's points of a codec are called."""
_FITTED = 256
"""Crops that the transform is fitted to."""
_HEAD = ("folder", "clip", "codec", "setting", "bpp", *SHOWN)


@dataclass(frozen=True, slots=True)
class Point:
    """A take of a clip and what was measured of it. `setting`: λ, of rivals the quality step."""

    folder: str
    clip: str
    codec: str
    setting: float
    bpp: float
    scores: dict[str, float]


class Shown:
    """Pictures in memory as a source."""

    def __init__(self, pictures: Sequence[Picture]) -> None:
        self._pictures = pictures

    @property
    def frame_count(self) -> int:
        return len(self._pictures)

    @property
    def width(self) -> int:
        return self._pictures[0].width

    @property
    def height(self) -> int:
        return self._pictures[0].height

    def picture(self, index: int) -> Picture:
        return self._pictures[index]

    def pictures(self, start: int, stop: int) -> Iterator[Picture]:
        return iter(self._pictures[start:stop])


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


def vae_take(clip: Clip, codec: str, lmbda: float, folder: Path, weights: str = "") -> Take:
    """The clip through `vae`, coded and decoded by one autoencoder; `weights`: a name other than those that ship."""
    kind = "fast" if codec == FAST else "full"
    named = weights if codec == UNTRAINED else ""
    settings = VaeSettings(lmbda, device="cpu", autoencoder=kind, reconstruct=False, weights=named)
    return Take(codec, lmbda, *coded(clip, settings, folder))


def takes(clip: Clip, missing: Sequence[str], arguments: argparse.Namespace, rates: Sequence[float]) -> Iterator[Take]:
    """What is not there yet of a clip; `rates`: those of `hybrid`, where they are known already."""
    near = list(rates)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for codec in missing:
            if codec == HYBRID:
                own = [own_take(clip, lmbda, folder) for lmbda in HYBRID_LAMBDAS]
                near = [take.bpp for take in own]
                yield from own
            elif codec in RIVALS:
                for take in rival_takes(clip, RIVALS[codec], near, folder):
                    yield Take(codec, take.setting, take.bpp, take.pictures)
            else:
                weights = arguments.untrained.stem if arguments.untrained else ""
                for lmbda in arguments.lambdas:
                    yield vae_take(clip, codec, lmbda, folder, weights)


def measured(path: Path, found: Sequence[Point], arguments: argparse.Namespace) -> list[Point]:
    """What is not there yet of one clip."""
    own = [p for p in found if p.clip == path.stem and p.folder == path.parent.name]
    have = {p.codec for p in own}
    missing = [codec for codec in (*CODECS, UNTRAINED) if codec in arguments.codecs and codec not in have]
    if not missing:
        return []
    with open_clip(path) as whole:
        stop = min(arguments.frames, whole.frame_count)
    with open_clip(path, stop=stop) as clip:
        made = list(takes(clip, missing, arguments, [p.bpp for p in own if p.codec == HYBRID]))
        settings = MeasureSettings(SHOWN, "cpu", arguments.vgg_trunk, arguments.vgg_every)
        original = Shown(list(clip.pictures(0, clip.frame_count)))
        scores = measure_takes(original, [Shown(take.pictures) for take in made], settings)
    return [
        Point(path.parent.name, path.stem, take.codec, take.setting, take.bpp, each)
        for take, each in zip(made, scores, strict=True)
    ]


def read(path: Path) -> list[Point]:
    """The lines of a file that `write` wrote; none where there is no file."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [
            Point(
                row["folder"], row["clip"], row["codec"], float(row["setting"]), float(row["bpp"]),
                {key: float(row[key]) for key in SHOWN},
            )
            for row in csv.DictReader(file)
        ]  # fmt: skip


def write(path: Path, found: Iterable[Point]) -> None:
    """A line a take."""
    rows = [
        (
            p.folder, p.clip, p.codec, f"{p.setting:g}", f"{p.bpp:.6f}",
            *(f"{p.scores[key]:.{METRICS[key].digits}f}" for key in SHOWN),
        )
        for p in found
    ]  # fmt: skip
    part = path.with_suffix(".part")
    part.write_text(csv_text([_HEAD, *rows]), encoding="utf-8")
    part.replace(path)


def curve(found: Iterable[Point], clip: str, codec: str) -> list[Point]:
    """A codec's points of a clip, by rate."""
    return sorted((p for p in found if p.clip == clip and p.codec == codec), key=lambda p: p.bpp)


def not_rising(found: Sequence[Point]) -> list[str]:
    """Where a higher λ of `vae` does not bring more bits and a better LPIPS-VGG, a sentence each."""
    said = []
    for codec in (FAST, FULL):
        for clip in clips_of(found, codec):
            rising = sorted((p for p in found if p.clip == clip and p.codec == codec), key=lambda p: p.setting)
            for a, b in pairwise(rising):
                if b.bpp <= a.bpp or b.scores["lpips_vgg"] >= a.scores["lpips_vgg"]:
                    said.append(f"{codec}, {clip}: from λ {a.setting:g} to {b.setting:g}")
    return said


def clips_of(found: Iterable[Point], codec: str = "") -> list[str]:
    """Names of clips in order, with points of `codec` where one is named."""
    return list(dict.fromkeys(p.clip for p in found if codec in ("", p.codec)))


def rate_changes(found: Sequence[Point], codec: str, baseline: str, metric: str) -> Mapping[str, float]:
    """Clip -> Bjøntegaard rate in per cent, of the clips that have one."""
    rates = {}
    for clip in clips_of(found):
        pair = [[RatePoint(p.bpp, p.scores[metric]) for p in curve(found, clip, each)] for each in (baseline, codec)]
        try:
            rates[clip] = bd_rate(*pair, higher_is_better=METRICS[metric].higher_is_better).percent
        except NotComparable:
            continue
    return rates


def _mean_rate(found: Sequence[Point], codec: str, baseline: str, metric: str) -> str:
    rates, of = rate_changes(found, codec, baseline, metric), clips_of(found, codec)
    if not rates:
        return "–"
    return f"{mean(rates.values()):+.1f}" + (f" ({len(rates)} of {len(of)})" if len(rates) < len(of) else "")


def _means(found: Sequence[Point], folder: str) -> Iterator[str]:
    there = [p for p in found if p.folder == folder]
    codecs = {p.codec for p in there}
    yield from (f"### `{folder}/`", "", "| | against | " + " | ".join(METRICS[key].label for key in SHOWN) + " |")
    yield "|---|---|" + "---:|" * len(SHOWN)
    for own, other in PAIRS:
        if {own, other} <= codecs:
            yield f"| {own} | {other} | {' | '.join(_mean_rate(there, own, other, key) for key in SHOWN)} |"
    yield ""


def beside_full(found: Sequence[Point]) -> list[str]:
    """Lines of a table by λ: what the fast autoencoder's LPIPS-VGG is over the full one's at the same λ, where the fast
    one has coded fewer bits, and at the same bits, by the full one's curve where that has such a rate."""
    table = [
        "| λ | same λ: bits | clips | mean | most | within 15 % | same bits: clips | mean | most | within 15 % |",
        "|---:" * 10 + "|",
    ]
    own = [p for p in found if p.codec == FAST]
    for setting in sorted({p.setting for p in own}):
        asked, bits, change = [], [], []
        for p in own:
            full = curve((q for q in found if q.folder == p.folder), p.clip, FULL)
            if p.setting != setting:
                continue
            same = [q for q in full if q.setting == setting]
            asked += [p.scores["lpips_vgg"] / q.scores["lpips_vgg"] for q in same]
            change += [100 * (p.bpp / q.bpp - 1) for q in same]
            if len(full) > 1 and full[0].bpp <= p.bpp <= full[-1].bpp:
                rates = np.log([q.bpp for q in full])
                there = Pchip(rates, np.array([q.scores["lpips_vgg"] for q in full]))(math.log(p.bpp))
                bits.append(p.scores["lpips_vgg"] / there)
        mean_change = f"{mean(change):+.0f} %" if change else "–"
        table.append(f"| {setting:g} | {mean_change} | {_ratios(asked)} | {_ratios(bits)} |")
    return table


def _ratios(found: Sequence[float]) -> str:
    if not found:
        return "0 | – | – | –"
    return f"{len(found)} | {mean(found):.2f} | {max(found):.2f} | {sum(ratio <= CLOSE for ratio in found)}"


def page(found: Sequence[Point], frames: int, vgg_every: int) -> str:
    """The page in Markdown."""
    folders = list(dict.fromkeys(p.folder for p in found))
    codecs = [codec for codec in (*CODECS, UNTRAINED) if any(p.codec == codec for p in found)]
    own = " and ".join(codec for codec in (FAST, FULL) if codec in codecs)
    lines = [
        "# Both codecs, x265 and VVenC",
        "",
        f"Written by `python -m tests.proofs.codecs`: the first {frames} frames of each clip, LPIPS-VGG and DISTS on "
        f"one frame in {vgg_every}, bits of whole files. x265 and VVenC at preset medium.",
        "",
        "## At equal quality",
        "",
        "Mean change of rate in per cent (Bjøntegaard); below zero: fewer bits. In brackets how many clips can be "
        "compared, where not all can.",
        "",
    ]
    for folder in folders:
        lines += _means(found, folder)
    if own:
        falling = not_rising(found)
        lines += ["## Rate and quality rise with λ", ""]
        lines += [f"- Not so: {each}" for each in falling] or [f"On every clip, with {own}, at every step."]
        lines.append("")
    if {FAST, FULL} <= set(codecs):
        lines += ["## Fast beside full", "", "LPIPS-VGG of `vae fast` over that of `vae full`.", ""]
        lines += [*beside_full(found), ""]
    lines += ["## Every point", "", "Settings are λ, of x265 and VVenC the quality step.", ""]
    head = "| codec | setting | bpp | " + " | ".join(METRICS[key].label for key in SHOWN) + " |"
    for folder in folders:
        there = [p for p in found if p.folder == folder]
        for clip in clips_of(there):
            lines += [f"### `{folder}/`{clip}", "", head, "|---|---:|---:|" + "---:|" * len(SHOWN)]
            for codec in codecs:
                for p in curve(there, clip, codec):
                    cells = (f"{p.scores[key]:.{METRICS[key].digits}f}" for key in SHOWN)
                    lines.append(f"| {codec} | {p.setting:g} | {p.bpp:.4f} | {' | '.join(cells)} |")
            lines.append("")
    return "\n".join(lines)


def changes(found: Sequence[Point], before: Sequence[Point], codec: str) -> list[str]:
    """A table: means of a codec's points of two files by setting, of the clips that both have."""
    old = {(p.clip, p.setting): p for p in before if p.codec == codec}
    pairs = [(old[p.clip, p.setting], p) for p in found if p.codec == codec and (p.clip, p.setting) in old]
    lines = [
        "| " + " | ".join(("setting", "bpp", *(METRICS[key].label for key in SHOWN))) + " |",
        "|---:" * (2 + len(SHOWN)) + "|",
    ]
    for setting in sorted({p.setting for _, p in pairs}):
        here = [pair for pair in pairs if pair[1].setting == setting]
        bpp = [f"{mean(pair[side].bpp for pair in here):.4f}" for side in range(2)]
        cells = [f"{setting:g} ({len(here)} clips)", bpp[0] if bpp[0] == bpp[1] else " → ".join(bpp)]
        for key in SHOWN:
            digits = METRICS[key].digits
            cells.append(" → ".join(f"{mean(pair[side].scores[key] for pair in here):.{digits}f}" for side in range(2)))
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def bits_since(found: Sequence[Point], before: Sequence[Point], codec: str) -> list[str]:
    """A table: mean Bjøntegaard rates of a codec's points against those of another file, by folder."""
    both = [p for p in found if p.codec == codec]
    both += [replace(p, codec=_BEFORE) for p in before if p.codec == codec]
    lines = [
        "| " + " | ".join(("", *(METRICS[key].label for key in SHOWN))) + " |",
        "|---" + "|---:" * len(SHOWN) + "|",
    ]
    for folder in dict.fromkeys(p.folder for p in both if p.codec == codec):
        there = [p for p in both if p.folder == folder]
        lines.append(f"| `{folder}/` | {' | '.join(_mean_rate(there, codec, _BEFORE, key) for key in SHOWN)} |")
    return lines


def main() -> int:
    """Measure what is missing and write both files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path, help="clips; with --make-untrained a training run's folder")
    parser.add_argument("--out", type=Path, required=True, metavar="CSV", help="with --make-untrained the weights")
    parser.add_argument("--page", type=Path)
    parser.add_argument("--vgg-trunk", type=Path, metavar="FILE")
    parser.add_argument("--untrained", type=Path, metavar="FILE", help="weights of the transform alone")
    parser.add_argument("--make-untrained", action="store_true", help="write them and end")
    parser.add_argument("--frames", type=int, default=17)
    parser.add_argument("--vgg-every", type=int, default=3)
    parser.add_argument("--clips", nargs="+", help="stems of files; default: all")
    parser.add_argument("--codecs", nargs="+", choices=(*CODECS, UNTRAINED), default=CODECS)
    parser.add_argument("--against", type=Path, metavar="CSV", help="print how the --codecs compare with this file's")
    parser.add_argument("--lambdas", type=float, nargs="+", default=LAMBDAS, metavar="L")
    arguments = parser.parse_args()
    if arguments.make_untrained:
        make_untrained(arguments.folders[0], arguments.out)
        return 0
    if arguments.folders and arguments.vgg_trunk is None:
        parser.error("--vgg-trunk is needed: LPIPS-VGG and DISTS are among the judges")
    if arguments.untrained:
        os.environ["SEAMSCOPE_WEIGHTS"] = str(arguments.untrained.parent)
    found = read(arguments.out)
    for folder in arguments.folders:
        for path in sorted(folder.iterdir()):
            if arguments.clips and path.stem not in arguments.clips:
                continue
            # Read anew: another process may have measured other codecs meanwhile.
            more = measured(path, found, arguments)
            if more:
                found = [*read(arguments.out), *more]
                write(arguments.out, found)
            print(f"{path.stem} is measured", flush=True)
    if arguments.against:
        for codec in arguments.codecs:
            before = read(arguments.against)
            print(f"\n{codec}\n", *changes(found, before, codec), sep="\n")
            print("\nBits at equal quality, per cent\n", *bits_since(found, before, codec), sep="\n")
    if arguments.page:
        found = sorted(found, key=lambda p: (p.folder != "val", p.folder, p.clip))
        arguments.page.write_text(page(found, arguments.frames, arguments.vgg_every), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
