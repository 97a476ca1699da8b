"""Sizes of the codec: every number that shapes the networks, and the fixed λ grid they are conditioned on."""

import math
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Any

LATENT_STRIDE = 8
"""Picture pixels per latent sample in each direction (ρs of the paper)."""

TRANSFORM_STRIDE = 16
"""Picture pixels per sample of y; pictures are padded to a multiple of it."""

HYPER_RATIO = 4
"""Samples of y per sample of z in each direction."""

FRAMES_PER_LATENT = 4
"""Frames behind every latent but a GoP's first (ρt of the paper)."""

LAMBDA_MIN = 0.005
LAMBDA_MAX = 1.28
LEVELS_PER_OCTAVE = 2
LEVELS = 17
"""Anchors of the gain tables: λ = LAMBDA_MIN · 2^(level / 2), level 0 .. 16."""


class LatentKind(IntEnum):
    """Where a latent frame stands, which decides its statistics and what is known before it."""

    KEY = 0
    """First of a key GoP: one frame, nothing before it."""
    SECOND = 1
    """Four frames, after the latent frame of a single one."""
    LATER = 2
    """Four frames, after the latent frame of four."""
    CHAINED = 3
    """First of a chained GoP: one frame, after the last latent frame of the GoP before."""


def latent_kind(index: int, chained: bool) -> LatentKind:
    """Kind of latent frame `index` of a GoP."""
    if index > 0:
        return LatentKind.SECOND if index == 1 else LatentKind.LATER
    return LatentKind.CHAINED if chained else LatentKind.KEY


def level_of(lmbda: float) -> float:
    """Position of λ on the anchor grid, in [0, LEVELS - 1]. Raises ValueError outside [LAMBDA_MIN, LAMBDA_MAX]."""
    if not LAMBDA_MIN <= lmbda <= LAMBDA_MAX:
        raise ValueError(f"λ must lie in [{LAMBDA_MIN}, {LAMBDA_MAX}], not {lmbda}")
    return LEVELS_PER_OCTAVE * math.log2(lmbda / LAMBDA_MIN)


def lambda_of(level: float) -> float:
    """λ of a position on the anchor grid."""
    return LAMBDA_MIN * 2.0 ** (level / LEVELS_PER_OCTAVE)


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Widths and depths. Names follow the paper: E and D are the VAE, g_a and g_s the transforms, h_a and h_s the
    hyperprior."""

    name: str
    frame_channels: int
    """Channels of the per-frame stages of E and D."""
    trunk_channels: int
    """Channels of the temporal trunks of E and D."""
    latent_channels: int
    """c of the paper: channels of the VAE latent L."""
    y_channels: int
    z_channels: int
    encoder_frame_blocks: int
    encoder_trunk_blocks: int
    decoder_trunk_blocks: int
    decoder_frame_blocks: int

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


SIZES = {
    config.name: config
    for config in (
        ModelConfig("S", 64, 192, 64, 96, 48, 1, 4, 6, 2),
        ModelConfig("M", 96, 256, 96, 128, 64, 1, 6, 8, 3),
        ModelConfig("L", 160, 384, 128, 128, 64, 2, 6, 10, 4),
        # For tests of the training code: seconds on a CPU, of no use as a codec.
        ModelConfig("tiny", 16, 32, 16, 16, 16, 1, 2, 2, 1),
    )
}
