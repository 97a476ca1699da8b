"""What can be asked of a rival encoder, and what it encoded."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from codec.errors import SettingError


class RivalCodec(Enum):
    """A conventional codec, run through ffmpeg."""

    HEVC = "hevc"
    VVC = "vvc"
    AV1 = "av1"

    @property
    def label(self) -> str:
        """The name shown to a user."""
        return {RivalCodec.HEVC: "HEVC (x265)", RivalCodec.VVC: "VVC (VVenC)", RivalCodec.AV1: "AV1 (SVT-AV1)"}[self]

    @property
    def quality_range(self) -> tuple[float, float]:
        """Best and worst value of the quality knob: CRF of x265 and SVT-AV1, QP of VVenC."""
        return {RivalCodec.HEVC: (0.0, 51.0), RivalCodec.VVC: (0.0, 63.0), RivalCodec.AV1: (1.0, 63.0)}[self]

    @property
    def default_preset(self) -> str:
        """ffmpeg's default for x265, the same word for VVenC, a like effort for SVT-AV1."""
        return {RivalCodec.HEVC: "medium", RivalCodec.VVC: "medium", RivalCodec.AV1: "8"}[self]


@dataclass(frozen=True, slots=True)
class ConstantQuality:
    """CRF (x265, SVT-AV1) or QP (VVenC)."""

    value: float


@dataclass(frozen=True, slots=True)
class TargetBitrate:
    """A bitrate of the coded frames, without a container, to be met within ±`tolerance` (a fraction)."""

    kbps: float
    tolerance: float = 0.02


@dataclass(frozen=True, slots=True)
class RivalSettings:
    """One rival encode. Raises SettingError on construction when a value is outside its range."""

    codec: RivalCodec
    quality: ConstantQuality | TargetBitrate
    preset: str = ""
    """Empty: the codec's default."""
    threads: int = 2

    def __post_init__(self) -> None:
        if isinstance(self.quality, ConstantQuality):
            low, high = self.codec.quality_range
            if not low <= self.quality.value <= high:
                raise SettingError(f"{self.codec.label}: quality must lie between {low:g} and {high:g}.")
        elif not self.quality.kbps > 0:
            raise SettingError(f"{self.codec.label}: the target bitrate must be above zero.")

    @property
    def effort(self) -> str:
        """The preset in force."""
        return self.preset or self.codec.default_preset


@dataclass(frozen=True, slots=True)
class RivalEncode:
    """A finished file and what was measured of it."""

    path: Path
    settings: RivalSettings
    command: tuple[str, ...]
    """What was run (of several runs, the one kept); pictures came on its standard input."""
    width: int
    height: int
    frame_count: int
    duration_s: float
    size_bytes: int
    video_bytes: int
    """Bytes of the coded frames alone, without the container."""
    frame_sizes: tuple[int, ...]
    """Bytes of each frame's packet, in display order."""
    encode_s: float
    """Wall time of the kept run."""
    within_tolerance: bool
    note: str
    """Empty, or a sentence: why the bitrate asked for was not met."""

    @property
    def kbps(self) -> float:
        """Bytes of the coded frames · 8 / duration / 1000: Matroska's own, up to an eighth of a stream at the lowest
        rates, are no codec's doing."""
        return self.video_bytes * 8 / self.duration_s / 1000

    @property
    def bpp(self) -> float:
        """Bytes of the coded frames · 8 / (width · height · frames)."""
        return self.video_bytes * 8 / (self.width * self.height * self.frame_count)
