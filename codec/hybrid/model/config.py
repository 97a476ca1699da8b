"""Sizes of the codec: every number that shapes the networks, and the fixed λ grid they are conditioned on."""

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
"""Pictures behind a latent of those between a GoP's anchors (ρt of the paper)."""

LAMBDA_MIN = 0.005
"""λ of level 0, the lowest that networks are trained for."""
LEVELS_PER_OCTAVE = 2
LEVELS = 17
"""Anchors of the gain tables: λ = LAMBDA_MIN · 2^(level / 2), level 0 .. 16."""


class LatentKind(IntEnum):
    """Where a latent frame stands, which decides its statistics and what is known before it."""

    KEY = 0
    """A single picture, predicted from nothing: coded without a latent (`trees`). Tables by kind hold a row for
    it that nothing uses."""
    ANCHOR = 1
    """A single picture, predicted from the anchor before it."""
    GROUP = 2
    """Up to four pictures predicted from the anchors on both sides of them; first of its GoP."""
    LATER = 3
    """The next four."""


def latent_kinds(length: int, chained: bool, entry: bool, cut: bool) -> list[LatentKind]:
    """What a GoP of `length` pictures is coded as, in order: its first picture (unless it is the last one of
    the GoP before, which is when it is chained without an `entry`), its last picture, those between them. After a `cut`
    nothing predicts the last picture."""
    first = [LatentKind.ANCHOR] if entry else [] if chained else [LatentKind.KEY]
    last = [LatentKind.KEY if cut else LatentKind.ANCHOR] if length > 1 else []
    groups = -(-max(0, length - 2) // FRAMES_PER_LATENT)
    return first + last + [LatentKind.GROUP, *[LatentKind.LATER] * (groups - 1)][:groups]


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
    """Blocks of a picture's own, before its group (or it alone) enters the trunk."""
    decoder_frame_blocks: int
    anchor_encoder_blocks: int
    """Trunk blocks for single pictures; `group_...`: for four together."""
    anchor_decoder_blocks: int
    group_encoder_blocks: int
    group_decoder_blocks: int

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


SIZES = {
    config.name: config
    for config in (
        ModelConfig("S", 64, 192, 64, 160, 48, 1, 2, 3, 4, 2, 3),
        ModelConfig("M", 96, 256, 96, 192, 64, 1, 3, 4, 6, 4, 5),
        ModelConfig("L", 160, 384, 128, 192, 64, 2, 4, 6, 8, 5, 6),
        # For tests of the training code: seconds on a CPU, of no use as a codec.
        ModelConfig("tiny", 16, 32, 16, 16, 16, 1, 1, 1, 1, 1, 1),
    )
}
