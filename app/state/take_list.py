"""The takes of a session, in their order."""

from collections.abc import Iterable, Iterator
from typing import Any

from psygnal import Signal

from app.state.takes import NUDGE_LIMIT, TAKE_LIMIT, Kind, Status, Take, plain_name
from codec.gop import SeamMode


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

    @property
    def is_full(self) -> bool:
        """True when there is no room for one more."""
        return sum(take.kind is not Kind.SOURCE for take in self._takes) >= TAKE_LIMIT

    @property
    def newest_neural(self) -> Take | None:
        """The last neural take whose file is whole."""
        done = [take for take in self._takes if take.kind is Kind.NEURAL and take.encoded.rate is not None]
        return done[-1] if done else None

    def by_id(self, number: int) -> Take | None:
        """The take with an id, if it is still there."""
        return next((take for take in self._takes if take.id == number), None)

    def add(self, kind: Kind, asked: str, *, status: Status = Status.RUNNING, **more: Any) -> Take:
        """A new take at the end; `more`: further fields of it."""
        take = Take(self._next, kind, asked, status=status, seam_mode=self._seam_mode, **more)
        take.look = self._free_look(more.get("look", 0))
        self._next += 1
        self._takes.append(take)
        self.changed.emit()
        return take

    def remove(self, take: Take) -> None:
        """Take it off the list."""
        if take in self._takes:
            self._takes.remove(take)
            if self._takes and not self.shown:
                # A window without pictures would be a riddle.
                self._takes[0].visible = True
            self.changed.emit()

    def place(self, take: Take) -> int:
        """Its place in the list, 0 for the source. Raises ValueError when it is not there."""
        return self._takes.index(take)

    def restore(self, take: Take, place: int) -> None:
        """Put a take that was removed back; nothing stands before the source."""
        if take not in self._takes:
            take.seam_mode = self._seam_mode
            take.look = self._free_look(take.look)
            self._takes.insert(min(len(self._takes), max(1, place)), take)
            self.changed.emit()

    def set_look(self, take: Take, look: int | None) -> None:
        """Give a take a look, if no other has it; None: it keeps its own."""
        if look is not None and all(other is take or other.look != look for other in self._takes[1:]):
            take.look = look

    def _free_look(self, wanted: int) -> int:
        """The look wanted, if no take has it, else the first that none has."""
        taken = {take.look for take in self._takes if take.kind is not Kind.SOURCE}
        return next(look for look in (wanted, *range(len(taken) + 1)) if look not in taken)

    def move(self, take: Take, place: int) -> None:
        """Another place among the takes; the source stays first."""
        if take.kind is Kind.SOURCE or take not in self._takes:
            return
        self._takes.remove(take)
        self._takes.insert(min(len(self._takes), max(1, place)), take)
        self.changed.emit()

    def rename(self, take: Take, name: str) -> None:
        """The user's name, cut to NAME_LIMIT characters on one line; empty: back to codec and request."""
        take.given_name = plain_name(name)
        self.take_changed.emit(take)

    def set_nudge(self, take: Take, frames: int) -> None:
        """Shift a take by whole frames, within NUDGE_LIMIT. Its pictures change, its scores are no longer its own."""
        take.nudge = max(-NUDGE_LIMIT, min(NUDGE_LIMIT, frames))
        self.changed.emit()

    def put_back(self, takes: Iterable[Take]) -> None:
        """Takes that were on the list, in their order, instead of those on it."""
        self._takes = list(takes)
        for take in self._takes:
            take.seam_mode = self._seam_mode
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
