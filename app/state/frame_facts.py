"""What is known of a take's one frame: how it was coded, and in how many bits."""

import math
from typing import Protocol, runtime_checkable

from app.state.curves import values_of
from app.state.session import Session
from app.state.takes import Take
from codec import gop
from codec.pipeline.spooled import SpooledTake


@runtime_checkable
class Typed(Protocol):
    """A source that knows the types of the frames it has decoded."""

    def frame_type(self, index: int) -> str: ...


def frame_facts(session: Session, take: Take, frame: int) -> str:
    """Of the clip's frame number: "B frame, 1,234 bits"; of a neural take its GoP and the GoP's mean; else empty."""
    if not take.covers(frame):
        return ""
    own, source, parts = frame + take.nudge, take.source, []
    spooled = isinstance(source, SpooledTake)
    if spooled:
        structure = take.mode_for(session.seam_mode).structure
        part = gop.gop_at(gop.gop_of(own, take.own_count, structure), take.own_count, structure)
        parts.append(f"GoP {part.index}{_coding(take, part, own - part.start)}")
    elif isinstance(source, Typed) and (kind := source.frame_type(own)):
        parts.append(f"{kind} frame")
    bits = values_of(session, take, "bits")
    if bits is not None and math.isfinite(bits[frame]):
        parts.append(f"{bits[frame]:,.0f} bits{' a frame (GoP mean)' if spooled else ''}")
    return ", ".join(parts)


def _coding(take: Take, part: gop.Gop, offset: int) -> str:
    """What the stream's record of a GoP says, of its picture `offset`; empty while there is none."""
    coding = take.shown.gops.get(part.index)
    if coding is None:
        return ""
    scene = ", new scene" if coding.cut and offset >= coding.cut else ""
    return f"{' (chained)' if coding.chained else ' (key)'}{scene}"
