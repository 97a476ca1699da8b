"""All metrics of takes against their clip, as means over frames."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from codec.context import QUIET, WorkContext
from codec.errors import SettingError
from codec.media.colour import to_rgb
from codec.media.picture import FrameSource, Rgb
from codec.metrics import flow, structure, vmaf
from codec.metrics.kinds import METRICS
from codec.metrics.psnr import psnr_db

if TYPE_CHECKING:
    from torch import Tensor

# That of codec.metrics.lpips, which cannot be imported without torch.
LPIPS_MIN_SIDE = 31
VGG_MIN_SIDE = 16
_VMAF_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class MeasureSettings:
    """What to measure: keys of METRICS; `vgg_every` n: LPIPS-VGG and DISTS on frames 0, n, 2n, ... only."""

    metrics: tuple[str, ...]
    device: str = "auto"
    vgg_trunk: Path | None = None
    vgg_every: int = 1

    def __post_init__(self) -> None:
        for key in self.metrics:
            if key not in METRICS:
                raise SettingError(f"There is no metric {key!r}; choose among {', '.join(METRICS)}.")
        if self.vgg_every < 1:
            raise SettingError(f"VGG metrics can be taken on every frame or every n-th, not {self.vgg_every}.")


def absent(settings: MeasureSettings, width: int, height: int) -> dict[str, str]:
    """Metrics asked for that cannot be had for pictures of this size, with the reason as a sentence."""
    least = {
        "ms_ssim": structure.MIN_SIDE_MS,
        "vmaf": vmaf.MIN_SIDE,
        "lpips": LPIPS_MIN_SIDE,
        "tlp": LPIPS_MIN_SIDE,
        "lpips_vgg": VGG_MIN_SIDE,
        "dists": VGG_MIN_SIDE,
    }
    reasons: dict[str, str] = {}
    for key in settings.metrics:
        kind = METRICS[key]
        if kind.needs_vgg and settings.vgg_trunk is None:
            reasons[key] = f"{kind.label} needs a VGG16 trunk, which does not ship: give one with --vgg-trunk FILE."
        elif min(width, height) < least.get(key, 1):
            reasons[key] = f"{kind.label} needs pictures of at least {least[key]} pixels a side, not {width}x{height}."
    return reasons


def measure(
    reference: FrameSource, take: FrameSource, settings: MeasureSettings, context: WorkContext = QUIET
) -> dict[str, float]:
    """`measure_takes` of one take."""
    return measure_takes(reference, [take], settings, context)[0]


def measure_takes(
    reference: FrameSource, takes: Sequence[FrameSource], settings: MeasureSettings, context: WorkContext = QUIET
) -> list[dict[str, float]]:
    """For each take the mean over frames of each metric that can be had (see `absent`), by key. Frame by frame, all
    takes together: what only the clip decides, which is half of the work for one take, is computed once.

    PSNR's mean is over frames' decibels, an identical frame counting as 100 dB. Raises SettingError when sizes or
    lengths differ, ModelError for weights that cannot be read, RivalError, Cancelled and what the sources raise.
    """
    count = reference.frame_count
    for take in takes:
        if take.frame_count != count:
            raise SettingError(f"A take of {take.frame_count} frames cannot be scored against {count}.")
    missing = absent(settings, reference.width, reference.height)
    wanted = [key for key in settings.metrics if key not in missing]
    found: list[dict[str, list[float]]] = [{key: [] for key in wanted} for _ in takes]
    scorers = _scorers(_Frames(reference, takes), wanted, settings)
    share = 1 - _VMAF_SHARE * ("vmaf" in wanted)
    for index in range(count):
        for scorer in scorers:
            context.check()
            for values, scores in zip(found, scorer(index), strict=True):
                for key, value in scores.items():
                    values[key].append(value)
        context.report(share * (index + 1) / count, f"frame {index + 1} of {count}")
    if "vmaf" in wanted:
        for values, take in zip(found, takes, strict=True):
            values["vmaf"] = vmaf.vmaf(reference, take, context)
    return [{key: float(np.mean(scores)) for key, scores in values.items() if scores} for values in found]


class _Frames:
    """The clip and its takes, and the RGB of the frame that is being scored, converted once for all metrics."""

    def __init__(self, reference: FrameSource, takes: Sequence[FrameSource]) -> None:
        self.reference, self.takes = reference, takes
        self._rgb: dict[int, tuple[int, Rgb]] = {}

    def rgb(self, source: FrameSource, index: int) -> Rgb:
        """Frame `index` of the clip or of a take."""
        number, picture = self._rgb.get(id(source), (-1, None))
        if number != index or picture is None:
            picture = to_rgb(source.picture(index))
            self._rgb[id(source)] = index, picture
        return picture

    def each(self, score: Callable[[Rgb, Rgb], float], key: str, index: int) -> list[dict[str, float]]:
        """Every take's score of a frame by a function of two pictures, the clip's first."""
        original = self.rgb(self.reference, index)
        return [{key: score(original, self.rgb(take, index))} for take in self.takes]


_Scorer = Callable[[int], list[dict[str, float]]]
"""Frame number -> each take's scores of it by key."""


def _scorers(frames: _Frames, wanted: Sequence[str], settings: MeasureSettings) -> list[_Scorer]:
    scorers: list[_Scorer] = []
    if {"lpips", "tlp"} & set(wanted):
        scorers.append(_frame_scorer(frames, wanted, settings.device))
    elif "psnr" in wanted:
        # Without torch, and for pictures that are too small for LPIPS.
        scorers.append(lambda index: frames.each(psnr_db, "psnr", index))
    if "ms_ssim" in wanted:
        scorers.append(lambda index: frames.each(structure.ms_ssim, "ms_ssim", index))
    if "tof" in wanted:
        scorers.append(_motion_scorer(frames))
    if settings.vgg_trunk is not None and any(METRICS[key].needs_vgg for key in wanted):
        scorers.append(_vgg_scorer(frames, wanted, settings.vgg_trunk, settings))
    return scorers


def _frame_scorer(frames: _Frames, wanted: Sequence[str], device: str) -> _Scorer:
    from codec.metrics.frames import FrameScorer
    from codec.metrics.lpips import Lpips
    from codec.nn.device import pick

    # Nothing but the frame before is needed again.
    scorer = FrameScorer(frames.reference, Lpips(str(pick(device))), limit_bytes=0, rgb=frames.rgb)

    def score(index: int) -> list[dict[str, float]]:
        scores = [scorer.score(str(number), take, index) for number, take in enumerate(frames.takes)]
        values = [_present(psnr=s.psnr_db, lpips=s.lpips, tlp=s.tlp) for s in scores]
        return [{key: value for key, value in one.items() if key in wanted} for one in values]

    return score


def _motion_scorer(frames: _Frames) -> _Scorer:
    scorer = flow.FlowScorer(frames.reference)
    return lambda index: [
        _present(tof=scorer.score(str(number), take, index)) for number, take in enumerate(frames.takes)
    ]


def _vgg_scorer(frames: _Frames, wanted: Sequence[str], trunk_file: Path, settings: MeasureSettings) -> _Scorer:
    import torch

    from codec.metrics.dists import Dists
    from codec.metrics.lpips_vgg import LpipsVgg
    from codec.metrics.taps import tap_distances
    from codec.metrics.vgg import VggTrunk
    from codec.nn.device import pick

    device = pick(settings.device)
    trunk = VggTrunk(trunk_file)
    # Channels last is the convolutions' own layout on a CPU: a quarter of the time less.
    metrics = {
        key: make().to(device).to(memory_format=torch.channels_last)
        for key, make in (("lpips_vgg", lambda: LpipsVgg(trunk)), ("dists", lambda: Dists(trunk)))
        if key in wanted
    }

    def tensor(source: FrameSource, index: int) -> "Tensor":
        rgb = torch.from_numpy(frames.rgb(source, index)).to(device)
        # A permuted view of rows of pixels: channels last already.
        return rgb.permute(2, 0, 1)[None].float().div_(127.5).sub_(1.0)

    def score(index: int) -> list[dict[str, float]]:
        if index % settings.vgg_every:
            return [{} for _ in frames.takes]
        takes = [tensor(take, index) for take in frames.takes]
        found = tap_distances(trunk, metrics, takes, tensor(frames.reference, index))
        return [{key: values[number] for key, values in found.items()} for number in range(len(takes))]

    return score


def _present(**values: float | None) -> dict[str, float]:
    return {key: value for key, value in values.items() if value is not None}
