"""All metrics of one take against its clip, as means over frames."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from codec.context import QUIET, WorkContext
from codec.errors import SettingError
from codec.media.colour import to_rgb
from codec.media.picture import FrameSource
from codec.metrics import flow, structure, vmaf
from codec.metrics.kinds import METRICS
from codec.metrics.psnr import psnr_db

if TYPE_CHECKING:
    from torch import Tensor

# That of codec.metrics.lpips, which cannot be imported without torch.
LPIPS_MIN_SIDE = 31
VGG_MIN_SIDE = 16
_SCORER = ("psnr", "lpips", "tlp")
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
    """Mean over frames of each metric that can be had (see `absent`), by key.

    PSNR's mean is over frames' decibels, an identical frame counting as 100 dB. Raises SettingError when sizes or
    lengths differ, ModelError for weights that cannot be read, RivalError, Cancelled and what the sources raise.
    """
    if reference.frame_count != take.frame_count:
        raise SettingError(f"A take of {take.frame_count} frames cannot be scored against {reference.frame_count}.")
    missing = absent(settings, reference.width, reference.height)
    wanted = [key for key in settings.metrics if key not in missing]
    found: dict[str, list[float]] = {key: [] for key in wanted}
    scorers = _scorers(reference, take, wanted, settings)
    count = reference.frame_count
    share = 1 - _VMAF_SHARE * ("vmaf" in wanted)
    for index in range(count):
        context.check()
        for scorer in scorers:
            for key, value in scorer(index).items():
                found[key].append(value)
        context.report(share * (index + 1) / count, f"frame {index + 1} of {count}")
    if "vmaf" in wanted:
        found["vmaf"] = vmaf.vmaf(reference, take, context)
    return {key: float(np.mean(values)) for key, values in found.items() if values}


_Scorer = Callable[[int], dict[str, float]]


def _scorers(
    reference: FrameSource, take: FrameSource, wanted: Sequence[str], settings: MeasureSettings
) -> list[_Scorer]:
    scorers: list[_Scorer] = []
    if any(key in wanted for key in _SCORER):
        scorers.append(_frame_scorer(reference, take, wanted, settings.device))
    if "ms_ssim" in wanted:
        scorers.append(lambda i: {"ms_ssim": structure.ms_ssim(to_rgb(reference.picture(i)), to_rgb(take.picture(i)))})
    if "tof" in wanted:
        motion = flow.FlowScorer(reference)
        scorers.append(lambda i: _present(tof=motion.score("take", take, i)))
    if settings.vgg_trunk is not None and any(METRICS[key].needs_vgg for key in wanted):
        scorers.append(_vgg_scorer(reference, take, wanted, settings.vgg_trunk, settings))
    return scorers


def _frame_scorer(reference: FrameSource, take: FrameSource, wanted: Sequence[str], device: str) -> _Scorer:
    if not {"lpips", "tlp"} & set(wanted):
        # Without torch, and for pictures that are too small for LPIPS.
        return lambda i: {"psnr": psnr_db(to_rgb(reference.picture(i)), to_rgb(take.picture(i)))}
    from codec.metrics.frames import FrameScorer
    from codec.metrics.lpips import Lpips
    from codec.model.device import pick

    scorer = FrameScorer(reference, Lpips(str(pick(device))))

    def score(index: int) -> dict[str, float]:
        s = scorer.score("take", take, index)
        values = _present(psnr=s.psnr_db, lpips=s.lpips, tlp=s.tlp)
        return {key: value for key, value in values.items() if key in wanted}

    return score


def _vgg_scorer(
    reference: FrameSource, take: FrameSource, wanted: Sequence[str], trunk_file: Path, settings: MeasureSettings
) -> _Scorer:
    import torch

    from codec.metrics.dists import Dists
    from codec.metrics.lpips_vgg import LpipsVgg
    from codec.metrics.vgg import VggTrunk
    from codec.model.device import pick

    device = pick(settings.device)
    trunk = VggTrunk(trunk_file)
    # Channels last is the convolutions' own layout on a CPU: a quarter of the time less.
    metrics = {
        key: make().to(device).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        for key, make in (("lpips_vgg", lambda: LpipsVgg(trunk)), ("dists", lambda: Dists(trunk)))
        if key in wanted
    }

    def tensor(source: FrameSource, index: int) -> "Tensor":
        rgb = torch.from_numpy(to_rgb(source.picture(index))).to(device)
        # A permuted view of rows of pixels: channels last already.
        return rgb.permute(2, 0, 1)[None].float().div_(127.5).sub_(1.0)

    def score(index: int) -> dict[str, float]:
        if index % settings.vgg_every:
            return {}
        shown, original = tensor(take, index), tensor(reference, index)
        with torch.inference_mode():
            return {key: float(metric(shown, original)[0]) for key, metric in metrics.items()}

    return score


def _present(**values: float | None) -> dict[str, float]:
    return {key: value for key, value in values.items() if value is not None}
