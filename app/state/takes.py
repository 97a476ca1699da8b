"""Takes: the source and every encode of it, with what was asked, what came of it, and where its pictures are."""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Protocol

from app.state.recipes import Recipe, codec_name
from codec import registry
from codec.api import GopCoding
from codec.errors import MediaError
from codec.gop import SeamMode, Structure
from codec.media.picture import FrameSource, Picture
from codec.pipeline.spooled import SpooledTake
from codec.texts import visible

NUDGE_LIMIT = 10_000
"""Largest shift of a take in frames, either way."""
NAME_LIMIT = 120
"""Longest name of a take in characters."""
TAKE_LIMIT = 200
"""Takes beside the source that a session holds, and a project."""
KBPS_RANGE = (1e-6, 1e7)
"""Bitrates that can be stated or asked for."""


def plain_name(name: str) -> str:
    """A name on one line, cut to NAME_LIMIT characters."""
    return " ".join(name.replace("\0", "").split())[:NAME_LIMIT].rstrip()


class Kind(Enum):
    """What a take was encoded with, or that it was not encoded here; the value is how projects call it."""

    SOURCE = "SOURCE"
    NEURAL = "NEURAL"
    HEVC = "HEVC"
    VVC = "VVC"
    AV1 = "AV1"
    IMPORTED = "IMPORTED"

    @property
    def label(self) -> str:
        """As shown."""
        return _LABELS[self]


_LABELS = {
    Kind.SOURCE: "Source",
    Kind.NEURAL: "Seamscope",
    Kind.HEVC: "HEVC (x265)",
    Kind.VVC: "VVC (VVenC)",
    Kind.AV1: "AV1 (SVT-AV1)",
    Kind.IMPORTED: "Imported",
}


class Status(Enum):
    """How far a take is."""

    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Pictures(Protocol):
    """What a pane needs of a take: pictures, and whether one is there yet."""

    def ready(self, index: int) -> bool: ...
    def picture(self, index: int) -> Picture: ...


class RateBasis(Enum):
    """Where a take's bitrate comes from; the value is what a label adds to the number."""

    MEASURED = ""
    """What was coded for this take: a whole `.gop` file; of a rival its frames without a container."""
    OWN_SIZE = "file size"
    """The size of an imported file, which may hold more than the coded pictures, or a transcode of them."""
    STATED = "stated"
    """What the user typed for an imported file."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Bits of a take: measured, unless `basis` says otherwise."""

    size_bytes: int
    kbps: float
    bpp: float
    basis: RateBasis = RateBasis.MEASURED

    @property
    def text(self) -> str:
        """As shown in labels: "412.0 kbps (stated) · 0.0142 bpp"."""
        note = f" ({self.basis.value})" if self.basis.value else ""
        return f"{self.kbps:.1f} kbps{note} · {self.bpp:.4f} bpp"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an imported take's pictures come from, and how differences from the clip were resolved."""

    path: Path
    scaled: bool = False
    """Its pictures are resized to the clip's."""
    rate_differs: bool = False
    """The frame rates differ."""
    by_time: bool = False
    """Every frame of the clip stands beside the one nearest in time; else frames are paired by number."""
    stated_kbps: float | None = None
    """The bitrate the user stated; None: that of the file's own size."""


@dataclass(slots=True)
class Encoded:
    """One encode of the clip: its file, what was measured of it, and the command that makes it."""

    file: Path | None = None
    """None until the file is whole."""
    rate: Rate | None = None
    command: str = ""
    frame_bits: list[float] = field(default_factory=list)
    """Bits of every frame, NaN where nothing is coded yet; of a neural stream the mean of each GoP."""
    gops: dict[int, GopCoding] = field(default_factory=dict)
    """How each GoP is coded, by its number, of those of a neural stream that are there."""

    @property
    def keys(self) -> str:
        """Which of the GoPs are key GoPs: "every", "one of 8", "3 of 17"; empty without any GoP."""
        keys = [number for number, coding in sorted(self.gops.items()) if not coding.chained]
        if not self.gops or len(keys) == len(self.gops):
            return "every" if keys else ""
        last = max(self.gops)
        interval = keys[1] if len(keys) > 1 else last + 1
        if keys == list(range(0, last + 1, interval)):
            return f"one of {interval}"
        return f"{len(keys)} of {len(self.gops)}"


_OTHER_DECODER = {"fast": "full", "full": "fast"}


@dataclass(slots=True, eq=False)
class Take:
    """One column of the comparison. Changed through `TakeList.update` so that everyone hears of it."""

    id: int
    kind: Kind
    asked: str
    """What was asked for, as shown: "λ 0.32", "CRF 32", "412 kbps"."""
    lmbda: float | None = None
    neural: str = registry.DEFAULT
    """Id of a neural take's codec."""
    given_name: str = ""
    """The user's name for it; empty: codec and request."""
    recipe: Recipe | None = None
    """None for the source and for imported takes."""
    origin: Origin | None = None
    """Of an imported take."""
    look: int = 0
    """Which colour and dash it has everywhere: no other take on the list has the same."""
    nudge: int = 0
    """Frames by which the take is shifted: beside the clip's frame i stands the take's own frame i + nudge."""
    only_structure: Structure | None = None
    """Of an imported stream: the one structure there is; its pictures are shown whatever seam mode is asked for."""
    status: Status = Status.READY
    progress: float = 0.0
    message: str = ""
    visible: bool = True
    watched: bool = False
    """Of a training run that is watched: a few GoPs by a checkpoint that passes. No project keeps it."""
    note: str = ""
    decoder: str = ""
    """Which decoder made its pictures, "fast" or "full", of a codec that has two."""
    asked_decoder: str = ""
    """Which was asked to show the streams whatever made them; empty: as they were encoded."""
    error: str = ""
    source: FrameSource | SpooledTake | None = None
    seam_mode: SeamMode = SeamMode.BLENDED
    """The session's, kept here by `TakeList.set_seam_mode`: it decides which of two streams is meant."""
    encoded: Encoded = field(default_factory=Encoded)
    """The file; of a neural take the stream whose GoPs overlap."""
    disjoint: Encoded | None = None
    """A neural take's other stream, whose GoPs share no frame."""

    @property
    def other_decoder(self) -> str:
        """By which decoder its streams can be shown besides its own; empty where there is none, or they are not whole
        yet."""
        streams = [self.encoded] if self.disjoint is None else [self.encoded, self.disjoint]
        whole = all(stream.file is not None and stream.rate is not None for stream in streams)
        ready = whole and self.status is Status.READY and not self.watched
        return _OTHER_DECODER.get(self.decoder, "") if ready else ""

    @property
    def shown(self) -> Encoded:
        """The encode whose pictures are shown in the current seam mode."""
        if self.disjoint is not None and self.seam_mode.structure is Structure.DISJOINT:
            return self.disjoint
        return self.encoded

    @property
    def file(self) -> Path | None:
        return self.shown.file

    @property
    def rate(self) -> Rate | None:
        return self.shown.rate

    @property
    def command(self) -> str:
        return self.shown.command

    @property
    def frame_bits(self) -> list[float]:
        return self.shown.frame_bits

    @property
    def files(self) -> tuple[Path, ...]:
        """All files the take stands on: what it was imported from, its encodes."""
        encodes = (self.encoded, self.disjoint)
        found = [None if self.origin is None else self.origin.path, *(e.file for e in encodes if e is not None)]
        return tuple(path for path in found if path is not None)

    @property
    def name(self) -> str:
        """As shown: on one line, whatever a file or a project calls it."""
        if self.given_name:
            return visible(self.given_name)
        by = f", shown by {self.asked_decoder}" if self.asked_decoder else ""
        return visible(f"{self.codec} {self.asked}".rstrip() + by)

    @property
    def codec(self) -> str:
        """What encoded it, as shown: "Hybrid", "HEVC (x265)"."""
        return codec_name(self.neural) if self.kind is Kind.NEURAL else self.kind.label

    @property
    def own_count(self) -> int:
        """Frames the take itself has; 0 without pictures."""
        return 0 if self.source is None else self.source.frame_count

    def covers(self, index: int) -> bool:
        """True when the take has a frame to put beside the clip's frame `index`."""
        return 0 <= index + self.nudge < self.own_count

    def mode_for(self, mode: SeamMode) -> SeamMode:
        """How this take's seams are shown when the session asks for `mode`."""
        if self.watched and mode is SeamMode.WIDE:
            # Its GoPs are coded one by one, as they are looked at: there may be no other to blend with.
            return SeamMode.BLENDED
        if self.only_structure is None or self.only_structure is mode.structure:
            return mode
        return SeamMode.DISJOINT if self.only_structure is Structure.DISJOINT else SeamMode.BLENDED

    @property
    def label(self) -> str:
        """Codec, request, the measured rate of what is shown (while encoding, how far it is), which decoder made the
        pictures where there are two, and its shift."""
        if self.kind is Kind.SOURCE:
            return visible(f"{self.given_name or 'Source'} · {self.asked}")
        return " · ".join(part for part in (self._unshifted, self.decoder, self.shift) if part)

    @property
    def shift(self) -> str:
        """By how many frames it is shifted: "+1 frame", "-9 frames"; empty when it is not."""
        return f"{self.nudge:+d} frame{'s' if abs(self.nudge) > 1 else ''}" if self.nudge else ""

    @property
    def _unshifted(self) -> str:
        if self.rate is not None:
            return f"{self.name} · {self.rate.text}"
        if self.status is Status.RUNNING:
            under_way = self.progress > 0 or self.message
            return f"{self.name} · encoding {self.progress:.0%}" if under_way else f"{self.name} · waiting"
        if self.status is Status.READY:
            return f"{self.name} · {self.message or 'disjoint GoPs not encoded'}"
        return f"{self.name} · {self.status.value}"

    def ready(self, index: int, mode: SeamMode) -> bool:
        """True when the picture beside the clip's frame `index` can be shown."""
        if not self.covers(index):
            return False
        if isinstance(self.source, SpooledTake):
            return self.source.ready(index + self.nudge, self.mode_for(mode))
        return True

    def picture(self, index: int, mode: SeamMode) -> Picture:
        """The picture beside the clip's frame `index`, a neural take's seam shown as `mode`. Raises MediaError."""
        return self.own_picture(index + self.nudge, mode)

    def own_picture(self, number: int, mode: SeamMode) -> Picture:
        """Frame `number` of the take's own counting, whatever its nudge. Raises MediaError when there is none."""
        if not 0 <= number < self.own_count:
            raise MediaError(f"{self.name}: there is no frame {number} in its {self.own_count}.")
        assert self.source is not None
        if isinstance(self.source, SpooledTake):
            return self.source.picture_in(number, self.mode_for(mode))
        return self.source.picture(number)

    def picture_key(self, mode: SeamMode) -> tuple[int, str]:
        """Key of this take's own pictures in a cache, counted as in `own_picture`, and of its scores."""
        if not isinstance(self.source, SpooledTake):
            return self.id, ""
        shown = self.mode_for(mode)
        return self.id, f"{shown.value} {self.source.theta:g}" if shown.is_blended else shown.value
