"""Clips and takes by value, so that they can be opened again in another process or thread. No Qt."""

from dataclasses import dataclass
from pathlib import Path

from app.jobs.imported import ImportedSource, ImportSpec
from app.state.session import Session
from app.state.takes import Kind, Take
from codec.gop import DEFAULT_THETA, SeamMode
from codec.media.clip import Clip, open_clip
from codec.media.picture import Colour
from codec.pipeline.spooled import SpooledSpec, SpooledTake
from codec.rivals import RivalSource


@dataclass(frozen=True, slots=True)
class ClipSpec:
    """A clip by value: opened again wherever it is needed."""

    path: Path
    start: int
    stop: int
    deinterlace: bool = False

    def open(self) -> Clip:
        return open_clip(self.path, start=self.start, stop=self.stop, deinterlace=self.deinterlace)


@dataclass(frozen=True, slots=True)
class RivalSpec:
    """A rival's file by value."""

    path: Path
    width: int
    height: int
    frame_count: int
    colour: Colour
    """Of the clip it was made of."""


TakeSpec = SpooledSpec | RivalSpec | ImportSpec | ClipSpec
Opened = SpooledTake | RivalSource | ImportedSource | Clip


def opened_take(spec: TakeSpec, mode: SeamMode, theta: float = DEFAULT_THETA) -> Opened:
    """Open a take; whoever opens it closes it. Raises MediaError, RivalError."""
    if isinstance(spec, SpooledSpec):
        return SpooledTake(spec, mode, theta)
    if isinstance(spec, RivalSpec):
        return RivalSource(spec.path, spec.width, spec.height, spec.frame_count, spec.colour)
    return spec.open()


def clip_spec(clip: Clip) -> ClipSpec:
    """The clip by value."""
    return ClipSpec(clip.path, clip.start, clip.start + clip.frame_count, clip.info.deinterlaced)


def take_spec(take: Take, session: Session) -> TakeSpec | None:
    """The take's pictures by value, in its own counting; None when it has none."""
    if isinstance(take.source, SpooledTake):
        return take.source.spec
    if isinstance(take.source, ImportedSource):
        return take.source.spec
    if take.source is None or session.clip is None:
        return None
    if take.kind is Kind.SOURCE:
        return clip_spec(session.clip)
    if take.encoded.file is None:
        return None
    size = take.source.width, take.source.height
    return RivalSpec(take.encoded.file, *size, take.source.frame_count, session.clip.info.colour)
