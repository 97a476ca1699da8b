"""What is known of a take's one frame: how it was coded, and in how many bits."""

import math
from typing import Protocol, runtime_checkable

from app.state.curves import values_of
from app.state.session import Session
from app.state.takes import Take
from codec import gop
from codec.stream.spooled import SpooledTake


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
        number = gop.gop_of(own, take.own_count, take.mode_for(session.seam_mode).structure)
        parts.append(f"GoP {number}{_chaining(take, number)}")
    elif isinstance(source, Typed) and (kind := source.frame_type(own)):
        parts.append(f"{kind} frame")
    bits = values_of(session, take, "bits")
    if bits is not None and math.isfinite(bits[frame]):
        parts.append(f"{bits[frame]:,.0f} bits{' a frame' if spooled else ''}")
    return ", ".join(parts)


def _chaining(take: Take, number: int) -> str:
    if take.recipe is None:
        return ""
    return " (key)" if number % take.recipe.key_interval == 0 else " (chained)"
