"""Pictures of a trial, decoded to memory before it begins: whatever they are of, they take the same way."""

from dataclasses import dataclass

import numpy as np
from PySide6.QtGui import QImage

from app.jobs.sources import TakeSpec, opened_take
from app.render.framing import Framing
from app.render.shown import Shown
from codec import opencv
from codec.context import WorkContext
from codec.gop import SeamMode
from codec.media.picture import Picture, Plane, Transfer

Loop = tuple[QImage, ...]
"""All frames of a segment as they are painted."""
DEGRADED_BY = 8
"""The stimulus of catch trials is made so many times smaller, and large again."""


@dataclass(frozen=True, slots=True)
class Look:
    """What all pictures of a run have in common."""

    framing: Framing
    transfer: Transfer
    deep: bool
    """The clip has more than 8 bits a sample."""

    @property
    def frame_bytes(self) -> int:
        """Of one painted frame."""
        return 4 * self.framing.pixels


@dataclass(frozen=True, slots=True)
class Pictures:
    """Frames [first, first + count) of a take in its own counting, by value."""

    spec: TakeSpec
    first: int
    count: int
    mode: SeamMode
    theta: float
    degraded: bool = False


def load(context: WorkContext, wanted: Pictures, look: Look) -> Loop:
    """Decode and convert; runs in a thread. Raises MediaError, RivalError, Cancelled."""
    source = opened_take(wanted.spec, wanted.mode, wanted.theta)
    frames = []
    try:
        for number in range(wanted.first, wanted.first + wanted.count):
            context.check()
            picture = source.picture(number)
            shown = degraded(picture) if wanted.degraded else picture
            frames.append(Shown(shown, transfer=look.transfer, deep=look.deep).framed(look.framing))
    finally:
        source.close()
    return tuple(frames)


def degraded(picture: Picture) -> Picture:
    """A picture with a DEGRADED_BYth of its samples each way."""
    cv2 = opencv.load()

    def plane(samples: Plane) -> Plane:
        height, width = samples.shape
        small = max(1, width // DEGRADED_BY), max(1, height // DEGRADED_BY)
        few = cv2.resize(samples, small, interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(cv2.resize(few, (width, height), interpolation=cv2.INTER_LINEAR))

    return Picture(plane(picture.y), plane(picture.u), plane(picture.v), picture.colour)
