"""Takes: the source and every encode of it, with what was asked, what came of it, and where its pictures are."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Protocol

from psygnal import Signal

from codec.gop import SeamMode
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


@dataclass(slots=True)
class Rate:
    """Measured on the written file."""

    size_bytes: int
    kbps: float
    bpp: float


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
    file: Path | None = None
    rate: Rate | None = None
    command: str = ""
    note: str = ""
    error: str = ""
    source: FrameSource | SpooledTake | None = None
    frame_bits: list[float] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.kind.value if not self.asked else f"{self.kind.value} {self.asked}"

    @property
    def label(self) -> str:
        """Codec, request and the measured rate; while encoding, how far it is."""
        if self.kind is Kind.SOURCE:
            return f"Source · {self.asked}"
        if self.status is Status.RUNNING:
            return f"{self.name} · {self.progress:.0%}"
        if self.rate is None:
            return f"{self.name} · {self.status.value}"
        return f"{self.name} · {self.rate.kbps:.1f} kbps · {self.rate.bpp:.4f} bpp"

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
        return self.id, mode.value if self.kind is Kind.NEURAL else ""


class TakeList:
    """Takes in the order of the panes, the source first."""

    changed = Signal()
    """Takes came, went, moved or changed visibility."""
    take_changed = Signal(object)
    """One take's status, progress or rate changed."""

    def __init__(self) -> None:
        self._takes: list[Take] = []
        self._next = 0

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
        take = Take(self._next, kind, asked, lmbda=lmbda, status=status)
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

    def update(self, take: Take, **values: object) -> None:
        """Change fields of a take."""
        for name, value in values.items():
            setattr(take, name, value)
        self.take_changed.emit(take)
