"""Splitting a clip into groups of pictures (GoPs), with one shared frame between neighbours or none.

The paper's section 3.3: adjacent GoPs share a transition frame x[t,T] = x[t+1,1]; the decoder fuses the two
reconstructions as θ·x̂[t,T] + (1-θ)·x̂[t+1,1]. Frame numbers here count from 0 within the coded range.
"""

from dataclasses import dataclass
from enum import Enum

GOP_LENGTH = 9
"""Frames in a full GoP (T of the paper): one image latent and two latents of four frames."""

DEFAULT_THETA = 0.5
"""Weight of the earlier GoP's reconstruction in a blended transition frame (θ of the paper)."""


class Structure(Enum):
    """How a stream's GoPs lie on the clip."""

    OVERLAP = "overlap"
    DISJOINT = "disjoint"


class SeamMode(Enum):
    """What is shown at a GoP boundary."""

    DISJOINT = "disjoint"
    """GoPs that share no frame: another stream than the two modes below."""
    HARD_CUT = "hard cut"
    """Overlapping GoPs; the shared frame is the earlier GoP's reconstruction alone (θ = 1)."""
    BLENDED = "blended"
    """Overlapping GoPs; the shared frame is fused with weight θ."""

    @property
    def structure(self) -> Structure:
        return Structure.DISJOINT if self is SeamMode.DISJOINT else Structure.OVERLAP


@dataclass(frozen=True, slots=True)
class Gop:
    """Frames [start, start + length) of the clip, 1 <= length <= GOP_LENGTH."""

    index: int
    start: int
    length: int

    @property
    def stop(self) -> int:
        return self.start + self.length


@dataclass(frozen=True, slots=True)
class Slot:
    """One decoded picture: frame `offset` of GoP `gop`; a shared frame has two slots."""

    gop: int
    offset: int


def step(structure: Structure) -> int:
    """Frames from one GoP's start to the next one's."""
    return GOP_LENGTH - 1 if structure is Structure.OVERLAP else GOP_LENGTH


def count(frame_count: int, structure: Structure) -> int:
    """Number of GoPs for `frame_count` >= 1 frames."""
    if frame_count < 1:
        raise ValueError(f"a clip has at least one frame, not {frame_count}")
    if structure is Structure.OVERLAP:
        return max(1, -(-(frame_count - 1) // (GOP_LENGTH - 1)))
    return -(-frame_count // GOP_LENGTH)


def gop_at(index: int, frame_count: int, structure: Structure) -> Gop:
    """GoP number `index` of a clip; raises IndexError outside 0 .. count - 1."""
    if not 0 <= index < count(frame_count, structure):
        raise IndexError(f"no GoP {index} in {frame_count} frames")
    start = index * step(structure)
    return Gop(index, start, min(GOP_LENGTH, frame_count - start))


def split(frame_count: int, structure: Structure) -> list[Gop]:
    """All GoPs of a clip, in order; together they cover every frame."""
    return [gop_at(i, frame_count, structure) for i in range(count(frame_count, structure))]


def slots(frame: int, frame_count: int, structure: Structure) -> list[Slot]:
    """Where frame `frame` is coded: one slot, or two (earlier GoP first) for a shared frame."""
    if not 0 <= frame < frame_count:
        raise IndexError(f"no frame {frame} in {frame_count}")
    stride = step(structure)
    gop = min(frame // stride, count(frame_count, structure) - 1)
    found = [Slot(gop, frame - gop * stride)]
    if structure is Structure.OVERLAP and gop > 0 and frame == gop * stride:
        found.insert(0, Slot(gop - 1, stride))
    return found


def boundaries(frame_count: int, structure: Structure) -> list[int]:
    """First frames of every GoP but the first: where a seam can show."""
    stride = step(structure)
    return [i * stride for i in range(1, count(frame_count, structure))]


def gop_of(frame: int, frame_count: int, structure: Structure) -> int:
    """The GoP that shows `frame` (the later one for a shared frame)."""
    return slots(frame, frame_count, structure)[-1].gop
