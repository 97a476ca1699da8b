"""Clips that were shown before: put away with their takes and notes when another is opened, brought back by undo."""

from typing import TYPE_CHECKING

from app.state.history import Change
from app.state.takes import Take
from app.state.work import Work

if TYPE_CHECKING:
    from app.jobs.engine import Engine

KEPT = 2
"""Clips put away at most: each holds decoders and the files of its takes."""


class Works:
    """What an engine's session showed before, as changes that can be undone."""

    def __init__(self, engine: "Engine") -> None:
        self._engine, self._session = engine, engine.session
        self._away: list[Work] = []
        engine.also_in_use.append(lambda: [path for work in self._away for path in work.files])

    @property
    def takes(self) -> list[Take]:
        """Takes of the clips put away."""
        return [take for work in self._away for take in work.takes]

    def leave(self) -> Work | None:
        """Put away what is shown, its encodes stopped; something else is shown next. None when there is nothing."""
        work = self._session.put_away()
        if work is not None:
            self._away.append(work)
            for take in work.takes:
                self._engine.cancel(take)
        self._engine.scoring.reset()
        return work

    def opened(self, before: Work | None) -> None:
        """Another clip is shown instead of `before`: let that be undone."""
        clip = self._session.clip
        if before is None or clip is None:
            return
        other = before
        """The one that is not shown."""

        def swap() -> None:
            nonlocal other
            shown, back = self.leave(), other
            assert shown is not None
            self._away.remove(back)
            self._session.bring_back(back)
            self._engine.scoring.refresh()
            other = shown

        def drop() -> None:
            self._away.remove(other)
            for take in other.takes:
                self._engine.release(take)

        self._session.history.push(Change(f"Open {clip.path.name}", swap, swap, drop, drop))
        while len(self._away) > KEPT and self._session.history.shorten():
            continue
