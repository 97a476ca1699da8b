"""Takes: the source and every encode of it, with what was asked, what came of it, and where its pictures are."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Protocol

from psygnal import Signal

from codec.gop import SeamMode, Structure
from codec.media.picture import FrameSource, Picture
from codec.stream.spooled import SpooledTake


class Kind(Enum):
    """What made a take."""

    SOURCE = "Source"
    NEURAL = "Neural"
    HEVC = "HEVC (x265)"
    VVC = "VVC (VVenC)"
    AV1 = "AV1 (SVT-AV1)"


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


@dataclass(frozen=True, slots=True)
class Rate:
    """Measured on the written file."""

    size_bytes: int
    kbps: float
    bpp: float


@dataclass(slots=True)
class Encoded:
    """One encode of the clip: its file, what was measured of it, and the command that makes it."""

    file: Path | None = None
    """None until the file is whole."""
    rate: Rate | None = None
    command: str = ""
    frame_bits: list[float] = field(default_factory=list)
    """Bits of every frame, NaN where nothing is coded yet; a GoP's bits are spread over its frames."""


@dataclass(slots=True, eq=False)
class Take:
    """One column of the comparison. Changed through `TakeList.update` so that everyone hears of it."""

    id: int
    kind: Kind
    asked: str
    """What was asked for, as shown: "λ 0.32", "CRF 32", "412 kbps"."""
    lmbda: float | None = None
    status: Status = Status.READY
    progress: float = 0.0
    message: str = ""
    visible: bool = True
    note: str = ""
    error: str = ""
    source: FrameSource | SpooledTake | None = None
    seam_mode: SeamMode = SeamMode.BLENDED
    """The session's, kept here by `TakeList.set_seam_mode`: it decides which of two streams is meant."""
    encoded: Encoded = field(default_factory=Encoded)
    """The file; of a neural take the stream whose GoPs overlap."""
    disjoint: Encoded | None = None
    """A neural take's other stream, whose GoPs share no frame."""

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
    def name(self) -> str:
        return self.kind.value if not self.asked else f"{self.kind.value} {self.asked}"

    @property
    def label(self) -> str:
        """Codec, request and the measured rate of what is shown; while encoding, how far it is."""
        if self.kind is Kind.SOURCE:
            return f"Source · {self.asked}"
        if self.rate is not None:
            return f"{self.name} · {self.rate.kbps:.1f} kbps · {self.rate.bpp:.4f} bpp"
        if self.status is Status.RUNNING:
            under_way = self.progress > 0 or self.message
            return f"{self.name} · encoding {self.progress:.0%}" if under_way else f"{self.name} · waiting"
        if self.status is Status.READY:
            return f"{self.name} · {self.message or 'disjoint GoPs not encoded'}"
        return f"{self.name} · {self.status.value}"

    def ready(self, index: int, mode: SeamMode) -> bool:
        """True when frame `index` can be shown."""
        if isinstance(self.source, SpooledTake):
            return self.source.ready(index, mode)
        return self.source is not None

    def picture(self, index: int, mode: SeamMode) -> Picture:
        """Frame `index`, a neural take's seam shown as `mode`."""
        assert self.source is not None
        if isinstance(self.source, SpooledTake):
            return self.source.picture_in(index, mode)
        return self.source.picture(index)

    def picture_key(self, mode: SeamMode) -> tuple[int, str]:
        """Key of this take's pictures in a cache."""
        if not isinstance(self.source, SpooledTake):
            return self.id, ""
        return self.id, f"{mode.value} {self.source.theta:g}" if mode is SeamMode.BLENDED else mode.value


class TakeList:
    """Takes in the order of the panes, the source first."""

    changed = Signal()
    """Takes came, went, moved or changed visibility."""
    take_changed = Signal(object)
    """One take's status, progress or rate changed."""

    def __init__(self) -> None:
        self._takes: list[Take] = []
        self._next = 0
        self._seam_mode = SeamMode.BLENDED

    def __iter__(self) -> Iterator[Take]:
        return iter(tuple(self._takes))

    def __len__(self) -> int:
        return len(self._takes)

    @property
    def shown(self) -> list[Take]:
        """The takes that have a pane."""
        return [take for take in self._takes if take.visible]

    def by_id(self, number: int) -> Take | None:
        """The take with an id, if it is still there."""
        return next((take for take in self._takes if take.id == number), None)

    def add(self, kind: Kind, asked: str, *, lmbda: float | None = None, status: Status = Status.RUNNING) -> Take:
        """A new take at the end."""
        take = Take(self._next, kind, asked, lmbda=lmbda, status=status, seam_mode=self._seam_mode)
        self._next += 1
        self._takes.append(take)
        self.changed.emit()
        return take

    def remove(self, take: Take) -> None:
        """Take it off the list."""
        if take in self._takes:
            self._takes.remove(take)
            self.changed.emit()

    def clear(self) -> None:
        """No takes."""
        self._takes.clear()
        self.changed.emit()

    def set_visible(self, take: Take, visible: bool) -> None:
        """Give it a pane or not; the last pane stays."""
        if visible or len(self.shown) > 1:
            take.visible = visible
        self.changed.emit()

    def set_seam_mode(self, mode: SeamMode) -> None:
        """Tell every take which seam mode is shown."""
        self._seam_mode = mode
        for take in self._takes:
            take.seam_mode = mode

    def update(self, take: Take, **values: object) -> None:
        """Change fields of a take."""
        for name, value in values.items():
            setattr(take, name, value)
        self.take_changed.emit(take)
