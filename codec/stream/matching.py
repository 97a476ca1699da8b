"""Another of our codecs at a given bitrate: its λ is searched for, as a rival's quality is."""

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from codec.api import CodecSettings
from codec.container.stream import StreamInfo, read_info
from codec.context import QUIET, Part, WorkContext
from codec.media.picture import FrameSource, Timing
from codec.stream.encoder import encode_clip

_TRIALS = 8
_CLOSE = 0.02
"""As near as rivals come to a bitrate."""


def encode_at_rate(
    clip: FrameSource,
    timing: Timing,
    sample_aspect: Fraction,
    output: Path,
    settings: CodecSettings,
    kbps: float,
    context: WorkContext = QUIET,
) -> tuple[StreamInfo, CodecSettings]:
    """Encode at the λ whose stream comes nearest to `kbps`, within 2 % where λ allows: rate rises with λ, whose
    logarithm is bisected. Returns the stream and the settings it was encoded with. Raises as `encode_clip`."""
    low, high = type(settings).lambda_range
    nearest: tuple[float, float] | None = None
    made = math.nan
    trial = settings
    for number in range(_TRIALS):
        trial = replace(trial, lmbda=min(max(math.sqrt(low * high), low), high), reconstruct=False)
        info = encode_clip(clip, timing, sample_aspect, output, trial, _trial(context, number))
        made, off = trial.lmbda, abs(math.log(info.kbps / kbps))
        if nearest is None or off < nearest[0]:
            nearest = off, made
        if off < math.log1p(_CLOSE):
            break
        low, high = (made, high) if info.kbps < kbps else (low, made)
    assert nearest is not None
    best = replace(trial, lmbda=nearest[1])
    if made != nearest[1]:
        encode_clip(clip, timing, sample_aspect, output, best, _trial(context, _TRIALS - 1))
    return read_info(output), best


def _trial(context: WorkContext, number: int) -> Part:
    return Part(context, number / _TRIALS, 1 / _TRIALS, f"trial {number + 1}")
