"""How well clips in motion are coded: every frame by four judges, beside rivals and beside an earlier run.

    python -m tests.proofs.motion FOLDER [FOLDER ..] --out POINTS.csv --vgg-trunk FILE [--base POINTS.csv] [--rivals]

codes the first frames of each clip with `hybrid` at some λ, scores what the written streams decode to, and writes a
line a frame. Clips, codecs and settings that the file holds already are left as they are. Prints Bjøntegaard rates by
each judge against the earlier run and against the rivals, and how far the worst frame of a GoP is from its mean.
"""

import argparse
import csv
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
import torch

from codec import gop
from codec.api import CodecSettings
from codec.bench.ladder import Ladder
from codec.bench.request import START_STEPS
from codec.gop import Structure
from codec.hybrid.settings import HybridSettings
from codec.media import Clip, Picture, open_clip
from codec.media.colour import to_rgb
from codec.metrics.bjontegaard import NotComparable, RatePoint, bd_rate
from codec.metrics.dists import Dists
from codec.metrics.lpips import Lpips
from codec.metrics.lpips_vgg import LpipsVgg
from codec.metrics.psnr import psnr_db
from codec.metrics.taps import TapMetric, tap_distances
from codec.metrics.vgg import VggTrunk
from codec.pipeline.join import frames
from codec.rivals import ConstantQuality, RivalCodec, RivalSettings, RivalSource, encode
from codec.stream.decoder import decode_stream
from codec.stream.encoder import encode_clip

JUDGES = ("lpips", "lpips_vgg", "dists", "psnr")
LAMBDAS = (0.005, 0.02, 0.08, 0.32)
RIVALS = (RivalCodec.HEVC, RivalCodec.VVC)
PRESET = "medium"
OWN = "hybrid"


@dataclass(frozen=True, slots=True)
class Score:
    """One frame of one take: distances by three judges and PSNR in dB; `bpp` of the whole take. Judges that saw only
    every so many frames left the others out: not a number."""

    clip: str
    codec: str
    setting: float
    bpp: float
    frame: int
    lpips: float
    lpips_vgg: float
    dists: float
    psnr: float


@dataclass(frozen=True, slots=True)
class Take:
    """What a codec made of a clip at one setting."""

    codec: str
    setting: float
    bpp: float
    pictures: list[Picture]


class Judges:
    """The four, one process's. Raises ModelError for a trunk that cannot be read."""

    def __init__(self, trunk: Path, vgg_every: int) -> None:
        self._lpips, self._trunk, self._every = Lpips(), VggTrunk(trunk), vgg_every
        self._vgg: dict[str, TapMetric] = {"lpips_vgg": LpipsVgg(self._trunk), "dists": Dists(self._trunk)}

    def scores(self, name: str, originals: Sequence[Picture], takes: Sequence[Take]) -> Iterator[Score]:
        """Every frame of every take, those of a frame together: what the original shows is computed once."""
        for number, original in enumerate(originals):
            rgb = to_rgb(original)
            wanted = self._lpips.features(rgb[None])
            shown = [to_rgb(take.pictures[number]) for take in takes]
            vgg = {key: [float("nan")] * len(takes) for key in self._vgg}
            if number % self._every == 0:
                vgg = tap_distances(self._trunk, self._vgg, [_tensor(one) for one in shown], _tensor(rgb))
            for k, (take, one) in enumerate(zip(takes, shown, strict=True)):
                lpips = float(self._lpips.distance(self._lpips.features(one[None]), wanted)[0])
                yield Score(
                    name, take.codec, take.setting, take.bpp, number, lpips, vgg["lpips_vgg"][k], vgg["dists"][k],
                    psnr_db(rgb, one),
                )  # fmt: skip


def _tensor(rgb: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(rgb).permute(2, 0, 1)[None].float().div_(127.5).sub_(1.0)


def coded(clip: Clip, settings: CodecSettings, folder: Path, *, wide: bool = False) -> tuple[float, list[Picture]]:
    """Bits a pixel and pictures of the clip through one of our codecs: coded into a file, decoded from it; seams
    blended, if asked wide."""
    info = encode_clip(clip, clip.timing, clip.info.sample_aspect, folder / "take.gop", settings)
    decoded = decode_stream(folder / "take.gop", "cpu", threads=settings.threads, decoder=settings.decoder)
    return info.bpp, list(frames(decoded, info.structure, wide=wide))


def rivalled(clip: Clip, settings: RivalSettings, file: Path) -> tuple[float, list[Picture]]:
    """The same of a rival; its rate counts coded frames alone."""
    made = encode(clip, clip.timing, settings, file)
    source = RivalSource(made.path, clip.width, clip.height, clip.frame_count, clip.info.colour)
    try:
        return made.bpp, list(source.pictures(0, clip.frame_count))
    finally:
        source.close()


def own_take(clip: Clip, lmbda: float, folder: Path) -> Take:
    """The clip through `hybrid`."""
    settings = HybridSettings(lmbda, device="cpu", threads=1, reconstruct=False)
    return Take(OWN, lmbda, *coded(clip, settings, folder))


def rival_take(clip: Clip, codec: RivalCodec, step: int, folder: Path) -> Take:
    """The clip through a rival at a quality step."""
    settings = RivalSettings(codec, ConstantQuality(step), PRESET)
    return Take(codec.value, step, *rivalled(clip, settings, folder / f"{step}.mkv"))


def rival_takes(clip: Clip, codec: RivalCodec, rates: Sequence[float], folder: Path) -> list[Take]:
    """Steps that lie near `rates` and bracket them."""
    made: dict[int, Take] = {}

    def rate(step: int) -> float:
        made[step] = rival_take(clip, codec, step, folder)
        return made[step].bpp

    best, worst = (round(bound) for bound in codec.quality_range)
    steps = Ladder(rate, best, worst, START_STEPS[codec]).choose(rates)
    return [made[step] for step in steps]


def read(path: Path) -> list[Score]:
    """The lines of a file that `main` wrote; none where there is no file."""
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return [
            Score(r["clip"], r["codec"], float(r["setting"]), float(r["bpp"]), int(r["frame"]),
                  *(float(r[judge]) for judge in ("lpips", "lpips_vgg", "dists", "psnr")))
            for r in csv.DictReader(file)
        ]  # fmt: skip


def curves(scores: Iterable[Score], judge: str) -> dict[tuple[str, str], list[RatePoint]]:
    """(clip, codec) -> points of the means over the frames that the judge saw."""
    values: dict[tuple[str, str, float, float], list[float]] = defaultdict(list)
    for one in scores:
        values[one.clip, one.codec, one.setting, one.bpp].append(getattr(one, judge))
    found: dict[tuple[str, str], list[RatePoint]] = defaultdict(list)
    for (clip, codec, _, bpp), several in values.items():
        found[clip, codec].append(RatePoint(bpp, float(np.nanmean(several))))
    return found


def unevenness(
    scores: Iterable[Score], clip: str, judge: str = "lpips", *, codec: str = OWN
) -> tuple[float, float] | None:
    """How far the worst frame of a GoP is above the GoP's mean, as a part of it: the mean over a clip's GoPs and
    a codec's takes, and the most. Of a rival the same frames count, wherever its own GoPs lie. None without takes."""
    takes: dict[float, dict[int, float]] = defaultdict(dict)
    for one in scores:
        if one.clip == clip and one.codec == codec:
            takes[one.setting][one.frame] = getattr(one, judge)
    above = []
    for values in takes.values():
        for part in gop.split(len(values), Structure.OVERLAP):
            several = [values[frame] for frame in range(part.start, part.stop)]
            above.append(max(several) / float(np.mean(several)) - 1)
    return (float(np.mean(above)), max(above)) if above else None


def _percent(base: list[RatePoint], test: list[RatePoint], judge: str) -> float:
    try:
        return bd_rate(base, test, higher_is_better=judge == "psnr").percent
    except NotComparable:
        return float("nan")


def _mean(values: Sequence[float]) -> float:
    there = [value for value in values if not np.isnan(value)]
    return float(np.mean(there)) if there else float("nan")


def _told(percent: float) -> str:
    return "not comparable" if np.isnan(percent) else f"{percent:+.1f}"


def report(scores: Sequence[Score], base: Sequence[Score]) -> Iterator[str]:
    """Tables in Markdown: Bjøntegaard rates in per cent, this codec's against the earlier run and each rival."""
    clips = list(dict.fromkeys(one.clip for one in scores))
    others = [("the earlier run", base, OWN)] if base else []
    others += [(codec.value, scores, codec.value) for codec in RIVALS if any(s.codec == codec.value for s in scores)]
    for name, there, codec in others:
        yield f"\nBits for equal quality, against {name}, %\n"
        yield "| clip | " + " | ".join(JUDGES) + " |"
        yield "|---|" + "---:|" * len(JUDGES)
        columns = []
        for judge in JUDGES:
            ours, theirs = curves(scores, judge), curves(there, judge)
            columns.append([_percent(theirs.get((clip, codec), []), ours[clip, OWN], judge) for clip in clips])
        for clip, values in zip(clips, np.array(columns).T, strict=True):
            yield f"| {clip} | " + " | ".join(map(_told, values)) + " |"
        yield "| mean | " + " | ".join(_told(_mean(values)) for values in columns) + " |"
    yield "\nWorst frame of a GoP above the GoP's mean LPIPS, %: mean of GoPs, most\n"
    shown = [(OWN, scores, OWN), *others]
    yield "| clip | " + " | ".join(name for name, _, _ in shown) + " |"
    yield "|---|" + "---:|" * len(shown)
    for clip in clips:
        parts = [unevenness(there, clip, codec=codec) for _, there, codec in shown]
        told = ["–" if part is None else "{:.1f}, {:.1f}".format(*(100 * v for v in part)) for part in parts]
        yield f"| {clip} | " + " | ".join(told) + " |"


def measured(path: Path, arguments: argparse.Namespace, judges: Judges, have: set[tuple[str, str]]) -> list[Score]:
    """What is not there yet of one clip: this codec's takes and, where asked for, the rivals' near their rates."""
    with open_clip(path) as whole:
        stop = min(arguments.frames, whole.frame_count)
    found: list[Score] = []
    with open_clip(path, stop=stop) as clip, tempfile.TemporaryDirectory() as folder:
        originals, takes = list(clip.pictures(0, clip.frame_count)), []
        if (path.stem, OWN) not in have:
            takes = [own_take(clip, lmbda, Path(folder)) for lmbda in arguments.lambdas]
        rates = [take.bpp for take in takes] or arguments.rates.get(path.stem, [])
        for codec in RIVALS if arguments.rivals else ():
            if (path.stem, codec.value) not in have:
                takes += rival_takes(clip, codec, rates, Path(folder))
        found += judges.scores(path.stem, originals, takes)
    return found


def main() -> int:
    """Measure what is missing, write it, print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--base", type=Path, help="points of an earlier run")
    parser.add_argument("--vgg-trunk", type=Path, help="VGG16 trunk for LPIPS-VGG and DISTS")
    parser.add_argument("--vgg-every", type=int, default=1, metavar="N", help="these two on every N-th frame")
    parser.add_argument("--frames", type=int, default=33)
    parser.add_argument("--lambdas", type=float, nargs="+", default=LAMBDAS)
    parser.add_argument("--clips", nargs="+", help="stems of files; default: all")
    parser.add_argument("--rivals", action="store_true")
    arguments = parser.parse_args()
    scores = read(arguments.out)
    if arguments.folders:
        if arguments.vgg_trunk is None:
            parser.error("LPIPS-VGG and DISTS need --vgg-trunk")
        judges = Judges(arguments.vgg_trunk, arguments.vgg_every)
        for path in sorted(path for folder in arguments.folders for path in folder.iterdir()):
            if arguments.clips and path.stem not in arguments.clips:
                continue
            points = curves(scores, "psnr").get((path.stem, OWN), [])
            arguments.rates = {path.stem: [point.rate for point in points]}
            have = {(one.clip, one.codec) for one in scores}
            scores += measured(path, arguments, judges, have)
            with arguments.out.open("w", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(field.name for field in fields(Score))
                writer.writerows(astuple(one) for one in scores)
            print(f"{path.stem} is measured", flush=True)
    for line in report(scores, read(arguments.base) if arguments.base else []):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
