"""What can be asked of the neural encoder, and what comes back GoP by GoP. No torch here: the window imports this."""

import math
from dataclasses import dataclass, field

from codec.errors import SettingError
from codec.gop import Gop, Structure
from codec.media.picture import Picture
from codec.model.config import LAMBDA_MIN

LAMBDA_RANGE = (0.00125, 1.28)
"""Smallest and largest λ: few bits, many bits."""

LEVEL_UNIT = 512
"""Steps of the stream's level code per octave of λ: the code is 512·log2(λ / LAMBDA_MIN), negative below that; there
the gains of networks go on as they fall above it."""

DEFAULT_KEY_INTERVAL = 8
MAX_KEY_INTERVAL = 250

DEVICES = ("auto", "cuda", "mps", "cpu")

PRECISIONS = ("auto", "full")
"""auto: 16-bit networks where the hardware gains from them; full: 32-bit everywhere. Symbols decode the same."""


@dataclass(frozen=True, slots=True)
class EncodeSettings:
    """One neural encode. Raises SettingError on construction when a value is outside its range."""

    lmbda: float
    structure: Structure = Structure.OVERLAP
    device: str = "auto"
    first_gop: int = 0
    """GoP that is encoded (and handed to `on_gop`) before the others; the file is in order all the same."""
    key_interval: int = DEFAULT_KEY_INTERVAL
    """Every so many GoPs one is coded on its own, the others are chained to the one before; 1: none is chained. A seek
    and a loss reach at most this far."""
    reconstruct: bool = True
    """Decode each GoP's bytes and hand the pictures to `on_gop`; False: sizes only, faster."""
    weights: str = ""
    """Name of the weights, as `seamscope weights` lists them; "": the default ones."""
    precision: str = "auto"
    """One of PRECISIONS."""
    threads: int = 0
    """GoPs coded side by side on the CPU, one thread each; 0: as many as there are cores. Never changes the result."""

    def __post_init__(self) -> None:
        low, high = LAMBDA_RANGE
        if not (math.isfinite(self.lmbda) and low <= self.lmbda <= high):
            raise SettingError(f"λ must lie between {low} and {high}, not {self.lmbda}.")
        if self.device not in DEVICES:
            raise SettingError(f"The device must be one of {', '.join(DEVICES)}, not {self.device!r}.")
        if self.precision not in PRECISIONS:
            raise SettingError(f"The precision must be one of {', '.join(PRECISIONS)}, not {self.precision!r}.")
        if self.threads < 0 or self.first_gop < 0:
            raise SettingError("Thread count and first GoP cannot be negative.")
        if not 1 <= self.key_interval <= MAX_KEY_INTERVAL:
            raise SettingError(f"The key interval must lie between 1 and {MAX_KEY_INTERVAL}, not {self.key_interval}.")


@dataclass(frozen=True, slots=True)
class GopCoding:
    """How a GoP was coded, as its record in the stream says."""

    chained: bool = False
    """With what the GoP before left; False: a key GoP, which decodes on its own."""
    cut: int = 0
    """Number, within the GoP, of its first picture of a new scene; 0: none."""


@dataclass(frozen=True, slots=True)
class DecodedGop:
    """Pictures [gop.start, gop.stop) as the decoder makes them of the stream's bytes."""

    gop: Gop
    pictures: list[Picture] = field(repr=False)
    size_bytes: int
    """Bytes of the GoP's record in the file, framing included."""
    coding: GopCoding = GopCoding()


def exact_text(lmbda: float) -> str:
    """λ as the shortest decimal that reads back as the very same number."""
    short = f"{lmbda:g}"
    return short if float(short) == lmbda else repr(lmbda)


def level_code(lmbda: float) -> int:
    """λ as the stream carries it: in 1/256 of an anchor level (two levels an octave), negative below LAMBDA_MIN."""
    return round(LEVEL_UNIT * math.log2(lmbda / LAMBDA_MIN))


def lambda_of_code(code: int) -> float:
    """λ of a level code."""
    return LAMBDA_MIN * 2.0 ** (code / LEVEL_UNIT)
