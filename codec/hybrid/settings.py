"""What can be asked of the hybrid codec. No torch here: the window imports this."""

from dataclasses import dataclass
from typing import ClassVar

from codec.api import CodecSettings, Option, option

LAMBDA_RANGE = (0.00125, 1.28)
DEFAULT_KEY_INTERVAL = 8
MAX_KEY_INTERVAL = 250


@dataclass(frozen=True, slots=True)
class HybridSettings(CodecSettings):
    """One encode with the hybrid codec."""

    lambda_range: ClassVar[tuple[float, float]] = LAMBDA_RANGE
    has_networks: ClassVar[bool] = False

    key_interval: int = option(
        DEFAULT_KEY_INTERVAL,
        Option(
            label="Key interval",
            tip="From one key GoP, coded on its own, to the next; those between are chained to the one before: fewer "
            "bits, but a loss reaches to the next key GoP",
            low=1,
            high=MAX_KEY_INTERVAL,
            unit=" GoPs",
            at_low="1: all are key GoPs",
        ),
    )
    """Every so many GoPs one is coded on its own, the others are chained to the one before; 1: none is chained. A seek
    and a loss reach at most this far."""
