"""What a benchmark is asked to do, and the clips it is asked to do it on. No torch here."""

import math
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from codec.bench.measure import MeasureSettings
from codec.choosing import DEFAULT, Choice
from codec.errors import MediaError, SettingError
from codec.media.clip import open_clip
from codec.media.picture import Colour
from codec.media.sequence import is_sequence
from codec.metrics.kinds import METRICS
from codec.rivals.settings import RivalCodec

DEFAULT_POINTS = 6
DEFAULT_WINDOW = (0.004, 0.03)
"""Bits per pixel between which codecs are also compared on their own: where bits are scarce."""
START_STEPS = {RivalCodec.HEVC: 36, RivalCodec.VVC: 38, RivalCodec.AV1: 48}
"""The quality step that is tried first, near the middle of what low rates need."""


def default_lambdas(choice: Choice) -> tuple[float, ...]:
    """DEFAULT_POINTS λ spread evenly, in octaves, over all that a codec has; three digits each."""
    low, high = choice.lambda_range
    ratio = (high / low) ** (1 / (DEFAULT_POINTS - 1))
    inner = (float(f"{low * ratio**i:.3g}") for i in range(1, DEFAULT_POINTS - 1))
    return (low, *inner, high)


@dataclass(frozen=True, slots=True)
class BenchRequest:
    """One benchmark. Raises SettingError on construction when a value is outside its range."""

    lambdas: tuple[float, ...] = ()
    """Empty: six over each codec's range."""
    codecs: tuple[Choice, ...] = (DEFAULT,)
    rivals: tuple[RivalCodec, ...] = tuple(RivalCodec)
    preset: str = "medium"
    """Effort of x265 and VVenC."""
    av1_preset: str = ""
    """Effort of SVT-AV1, 0 to 13; empty: the codec's default."""
    clips: tuple[str, ...] = ()
    """Names or patterns such as `beach*`; empty: every clip of the folder."""
    frames: int | None = None
    """Only the first so many frames of each clip."""
    metrics: tuple[str, ...] = tuple(METRICS)
    vgg_trunk: Path | None = None
    vgg_every: int = 1
    """LPIPS-VGG and DISTS on every n-th frame."""
    window: tuple[float, float] = DEFAULT_WINDOW
    device: str = "auto"
    threads: int = 0
    weights: str = ""
    precision: str = "auto"
    jobs: int = 1
    """Clips worked on at once. More than one makes speeds mean less."""

    def __post_init__(self) -> None:
        if not self.codecs:
            raise SettingError("Name at least one codec.")
        if self.weights and len(self.codecs) > 1:
            raise SettingError("Weights are one codec's: name that codec alone.")
        if len(set(self.lambdas)) != len(self.lambdas):
            raise SettingError("A λ is named twice.")
        for choice in self.codecs:
            for lmbda in self.lambdas_of(choice):
                choice.settings(lmbda, device=self.device, precision=self.precision, threads=self.threads)
        if self.frames is not None and self.frames < 1:
            raise SettingError(f"A clip has at least one frame, not {self.frames}.")
        if self.jobs < 1:
            raise SettingError(f"At least one clip is worked on at a time, not {self.jobs}.")
        low, high = self.window
        if not (0 < low < high and math.isfinite(high)):
            raise SettingError(f"The window of rates must rise from above zero, not {low:g} to {high:g}.")
        if self.vgg_trunk is not None and not self.vgg_trunk.is_file():
            raise SettingError(f"{self.vgg_trunk}: there is no such VGG16 trunk.")
        self.measuring()

    def lambdas_of(self, choice: Choice) -> tuple[float, ...]:
        """The λ a codec is run at."""
        return self.lambdas or default_lambdas(choice)

    def measuring(self) -> MeasureSettings:
        """How takes are measured."""
        return MeasureSettings(self.metrics, self.device, self.vgg_trunk, self.vgg_every)

    def preset_of(self, codec: RivalCodec) -> str:
        """The effort a rival is run with."""
        return (self.av1_preset if codec is RivalCodec.AV1 else self.preset) or codec.default_preset


@dataclass(frozen=True, slots=True)
class BenchClip:
    """A clip as far as the benchmark goes: `frame_count` is what is coded of it."""

    path: Path
    width: int
    height: int
    frame_count: int
    frame_rate: str
    """As a fraction."""
    colour: Colour
    """How its pictures are coded; a rival's are read back so."""

    @property
    def name(self) -> str:
        return self.path.name


def find_clips(folder: Path, request: BenchRequest) -> tuple[list[BenchClip], list[str]]:
    """The folder's clips in name order, folders of images among them, and a sentence for each file that is none.

    Raises SettingError when the folder cannot be read, holds no clip, or none of a name asked for.
    """
    try:
        # A single image beside clips is a thumbnail rather than a clip of one frame.
        files = sorted(p for p in folder.iterdir() if p.name[0] != "." and (p.is_dir() or not is_sequence(p)))
    except OSError as error:
        raise SettingError(f"{folder}: the folder cannot be read ({error.strerror or error}).") from error
    for wanted in request.clips:
        if not any(_is_named(path, wanted) for path in files):
            raise SettingError(f"{folder}: there is no clip {wanted!r}.")
    if request.clips:
        files = [path for path in files if any(_is_named(path, wanted) for wanted in request.clips)]
    found: list[BenchClip] = []
    passed_over: list[str] = []
    for path in files:
        try:
            with open_clip(path) as clip:
                frames = min(clip.frame_count, request.frames or clip.frame_count)
                found.append(
                    BenchClip(path, clip.width, clip.height, frames, str(clip.timing.frame_rate), clip.info.colour)
                )
        except MediaError as error:
            passed_over.append(f"Left out: {error}")
    if not found:
        raise SettingError(f"{folder}: there is no clip in this folder.")
    return found, passed_over


def _is_named(path: Path, wanted: str) -> bool:
    return fnmatch(path.name, wanted) or fnmatch(path.stem, wanted)
