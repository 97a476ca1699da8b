"""What is known of a file before it becomes a take, how it differs from the clip, and what the user decided."""

from bisect import bisect_left
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from pathlib import Path

from app.state.takes import KBPS_RANGE, Rate, RateBasis
from codec.errors import SeamscopeError
from codec.gop import Structure
from codec.media.clip import Clip
from codec.media.picture import Colour, Timing
from codec.media.probe import Assumed

RATE_TOLERANCE = 1e-3
"""Frame rates nearer than this share of each other count as equal (29.97 and 30 do not)."""


class ImportRefused(SeamscopeError):
    """A file cannot stand beside the clip, or not without a decision that nobody took."""


class Difference(Enum):
    """In what a file differs from the clip; the value is how a user resolves it."""

    SIZE = "resize its pictures to the clip's (Lanczos)"
    RATE = "pair frame with frame, whatever their times"
    LENGTH = "compare the frames both have"
    CODING = "shown as its own codes say, its luma brought to the clip's coding for SSIM, VMAF and tOF"


class Pairing(Enum):
    """Which frame of a file of another frame rate stands beside a frame of the clip; the value says so."""

    NUMBER = Difference.RATE.value
    TIME = "beside every frame of the clip the one nearest in time"


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A decoded file or a `.gop` stream, without its pictures."""

    path: Path
    width: int
    height: int
    frame_count: int
    frame_rate: Fraction
    duration_s: float
    size_bytes: int
    codec: str
    """ffmpeg's name of the codec; "seamscope" for a stream."""
    notes: tuple[str, ...] = ()
    structure: Structure | None = None
    """Of a stream; None for other files."""
    lmbda: float | None = None
    """Of a stream."""
    neural: str = ""
    """Of a stream: its codec's id."""
    colour: Colour = field(default_factory=Colour)
    """How its pictures are coded."""
    assumed: Assumed = Assumed.NOTHING
    """What of that it does not say: the clip's stands in."""

    @property
    def is_stream(self) -> bool:
        """True for a `.gop` stream."""
        return self.structure is not None

    @property
    def kbps(self) -> float:
        """File bytes · 8 / its own duration / 1000."""
        return self.size_bytes * 8 / max(self.duration_s, 1e-9) / 1000


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One difference in words, with both values."""

    difference: Difference
    text: str


@dataclass(frozen=True, slots=True)
class ImportQuestion:
    """What is put to the user before a file becomes a take."""

    facts: FileFacts
    mismatches: tuple[Mismatch, ...]


@dataclass(frozen=True, slots=True)
class ImportDecision:
    """The user's answer."""

    name: str = ""
    stated_kbps: float | None = None
    """None: the bitrate is that of the file's own size, and marked so."""
    resolved: frozenset[Difference] = frozenset()
    """Differences the user agreed to resolve."""
    pairing: Pairing = Pairing.NUMBER
    """How RATE is resolved."""
    decoder: str = "auto"
    """Of a stream whose codec has two, one of codec.api.DECODERS."""


def compare(facts: FileFacts, clip: Clip) -> tuple[Mismatch, ...]:
    """How the file differs from the clip. Raises ImportRefused for a stream of another picture size."""
    found = []
    if (facts.width, facts.height) != (clip.width, clip.height):
        text = f"its pictures are {facts.width}x{facts.height}, the clip's {clip.width}x{clip.height}"
        if facts.is_stream:
            raise ImportRefused(f"{facts.path}: {text}; a stream is compared only with the clip it was made of.")
        found.append(Mismatch(Difference.SIZE, text))
    theirs, ours = float(facts.frame_rate), float(clip.timing.frame_rate)
    if abs(theirs / ours - 1) > RATE_TOLERANCE:
        found.append(Mismatch(Difference.RATE, f"it runs at {theirs:.4g} fps, the clip at {ours:.4g}"))
    if facts.frame_count != clip.frame_count:
        text = f"it has {facts.frame_count} frames, the clip {clip.frame_count}"
        found.append(Mismatch(Difference.LENGTH, text))
    colour = facts.assumed.filled(facts.colour, clip.info.colour)
    if colour != clip.info.colour:
        text = f"its codes are {colour.title}, the clip's {clip.info.colour.title}"
        found.append(Mismatch(Difference.CODING, text))
    return tuple(found)


def nearest_frames(clip: Timing, file: Timing) -> tuple[int, ...]:
    """For every frame of a clip the frame of a file whose start is nearest in time, the earlier of two as near; cut
    where the file has ended."""
    # Exact, so that of two as near it is always the earlier.
    theirs = [pts * file.time_base for pts in file.pts]
    found = []
    for pts in clip.pts:
        time_s = pts * clip.time_base
        if float(time_s) >= file.duration_s:
            break
        after = bisect_left(theirs, time_s)
        near = [number for number in (after - 1, after) if 0 <= number < len(theirs)]
        found.append(min(near, key=lambda number: (abs(theirs[number] - time_s), number)))
    return tuple(found)


def covered_frames(facts: FileFacts, clip: Timing, pairing: Pairing) -> int:
    """How many frames of a clip, from the first on, have one of the file beside them."""
    if pairing is Pairing.NUMBER:
        return min(facts.frame_count, clip.frame_count)
    return sum(pts * float(clip.time_base) < facts.duration_s for pts in clip.pts)


def to_decide(question: ImportQuestion, clip: Timing, pairing: Pairing) -> tuple[Mismatch, ...]:
    """The differences that matter when frames are paired so: by time, a file that lasts as long has its length."""
    whole = pairing is Pairing.TIME and covered_frames(question.facts, clip, pairing) == clip.frame_count
    return tuple(m for m in question.mismatches if not (whole and m.difference is Difference.LENGTH))


def check(question: ImportQuestion, decision: ImportDecision, clip: Timing) -> None:
    """Raises ImportRefused when a difference is unresolved or the stated bitrate is not one."""
    asked = to_decide(question, clip, decision.pairing)
    open_ones = [m for m in asked if m.difference not in decision.resolved]
    if open_ones:
        raise ImportRefused(f"{question.facts.path}: {' and '.join(m.text for m in open_ones)}; it was not imported.")
    stated = decision.stated_kbps
    low, high = KBPS_RANGE
    if stated is not None and not low <= stated <= high:
        raise ImportRefused(
            f"{question.facts.path}: a bitrate of {stated:g} kbps cannot be; state one from {low:g} to {high:g}."
        )


def rate_of(facts: FileFacts, stated_kbps: float | None, pixels: int) -> Rate:
    """The take's bitrate: as stated, or of the file's own size over its own duration.

    `pixels` of the clip's picture count for bits per pixel, also where the file's pictures are resized, so that takes
    of one clip compare.
    """
    if stated_kbps is None:
        bpp = facts.size_bytes * 8 / facts.frame_count / pixels
        basis = RateBasis.MEASURED if facts.is_stream else RateBasis.OWN_SIZE
        return Rate(facts.size_bytes, facts.kbps, bpp, basis)
    size = round(stated_kbps * 125 * facts.duration_s)
    return Rate(size, stated_kbps, size * 8 / facts.frame_count / pixels, RateBasis.STATED)
