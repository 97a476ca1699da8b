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
    WIDE = "blended wide"
    """The same, and what stands still changes from one GoP's look to the next one's over all of their frames."""

    @property
    def is_blended(self) -> bool:
        """Whether θ counts."""
        return self in (SeamMode.BLENDED, SeamMode.WIDE)

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


@dataclass(frozen=True, slots=True)
class Reach:
    """What a frame of one GoP is made of where seams are blended wide: its own slot, and at each end of its GoP, where
    another GoP shares that frame, the slot of the shared frame in its own GoP and in the other."""

    own: Slot
    earlier: tuple[Slot, Slot] | None
    later: tuple[Slot, Slot] | None
    share: float
    """How far through its GoP it is, above 0 and below 1, or at an end that no other GoP has."""

    @property
    def slots(self) -> list[Slot]:
        return [self.own, *(self.earlier or ()), *(self.later or ())]


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


def reach(frame: int, frame_count: int) -> Reach | None:
    """The above of a frame of overlapping GoPs; None for a shared one."""
    found = slots(frame, frame_count, Structure.OVERLAP)
    if len(found) == 2:
        return None
    (own,) = found
    part = gop_at(own.gop, frame_count, Structure.OVERLAP)
    last, more = part.length - 1, own.gop + 1 < count(frame_count, Structure.OVERLAP)
    earlier = (Slot(own.gop, 0), Slot(own.gop - 1, GOP_LENGTH - 1)) if own.gop else None
    later = (Slot(own.gop, last), Slot(own.gop + 1, 0)) if more else None
    return Reach(own, earlier, later, own.offset / last if last else 0.0)


def boundaries(frame_count: int, structure: Structure) -> list[int]:
    """First frames of every GoP but the first: where a seam can show."""
    stride = step(structure)
    return [i * stride for i in range(1, count(frame_count, structure))]


def gop_of(frame: int, frame_count: int, structure: Structure) -> int:
    """The GoP that shows `frame` (the later one for a shared frame)."""
    return slots(frame, frame_count, structure)[-1].gop
