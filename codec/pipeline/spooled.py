"""A neural take's decoded pictures as the viewer shows them: from spools, with the seam shown as asked.

Two spools: one of the overlapping stream, in which a shared frame has two slots, one of the disjoint stream. Switching
how the seam is shown reads other slots; nothing is decoded again.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from codec import gop
from codec.errors import MediaError
from codec.gop import DEFAULT_THETA, Reach, SeamMode, Slot, Structure
from codec.media.picture import Picture
from codec.media.spool import FrameSpool, SpoolSpec
from codec.pipeline.join import blend, spread


@dataclass(frozen=True, slots=True)
class SpooledSpec:
    """Values that tell another process where a take's pictures are."""

    overlap: SpoolSpec
    disjoint: SpoolSpec
    frame_count: int


def slot_number(slot: Slot) -> int:
    """Record of a slot in its spool: GoPs one after another, GOP_LENGTH records each."""
    return slot.gop * gop.GOP_LENGTH + slot.offset


def spool_slots(frame_count: int, structure: Structure) -> int:
    """Records a spool needs."""
    return gop.count(frame_count, structure) * gop.GOP_LENGTH


class SpooledTake:
    """FrameSource over a take's spools. `mode` and `theta` may be changed at any time."""

    def __init__(self, spec: SpooledSpec, mode: SeamMode = SeamMode.BLENDED, theta: float = DEFAULT_THETA) -> None:
        self.spec, self.mode, self.theta = spec, mode, theta
        self._spools = {Structure.OVERLAP: FrameSpool(spec.overlap), Structure.DISJOINT: FrameSpool(spec.disjoint)}

    @property
    def frame_count(self) -> int:
        return self.spec.frame_count

    @property
    def width(self) -> int:
        return self.spec.overlap.width

    @property
    def height(self) -> int:
        return self.spec.overlap.height

    def ready(self, index: int, mode: SeamMode | None = None) -> bool:
        """True when frame `index` can be shown in `mode` (by default the current one)."""
        asked = mode or self.mode
        spool = self._spools[asked.structure]
        return all(spool.has(slot_number(slot)) for slot in self._slots(index, asked))

    def picture(self, index: int) -> Picture:
        """Frame `index` in the current mode. Raises MediaError while it is not decoded."""
        return self.picture_in(index, self.mode)

    def picture_in(self, index: int, mode: SeamMode) -> Picture:
        """Frame `index` with its seam shown as `mode`."""
        spool = self._spools[mode.structure]
        reach = self._reach(index, mode)
        if reach is not None:
            return spread(reach, lambda slot: spool.get(slot_number(slot)), self.theta)
        slots = gop.slots(index, self.spec.frame_count, mode.structure)
        pictures = [spool.get(slot_number(slot)) for slot in slots]
        if len(pictures) == 1 or mode is SeamMode.HARD_CUT:
            return pictures[0]
        return blend(pictures[0], pictures[1], self.theta)

    def pictures(self, start: int, stop: int) -> Iterator[Picture]:
        """Frames [start, stop) in order."""
        for index in range(start, stop):
            yield self.picture(index)

    def close(self, *, remove: bool = False) -> None:
        """Close the spools; the owner also removes them."""
        for spool in self._spools.values():
            spool.close(remove=remove)

    def _reach(self, index: int, mode: SeamMode) -> Reach | None:
        """What frame `index` is made of where it is blended wide."""
        if not 0 <= index < self.spec.frame_count:
            raise MediaError(f"There is no frame {index} in a take of {self.spec.frame_count}.")
        return gop.reach(index, self.spec.frame_count) if mode is SeamMode.WIDE else None

    def _slots(self, index: int, mode: SeamMode) -> list[Slot]:
        """Slots that frame `index` is made of."""
        reach = self._reach(index, mode)
        return gop.slots(index, self.spec.frame_count, mode.structure) if reach is None else reach.slots
