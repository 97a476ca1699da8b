"""Clips that were shown before: put away with their takes and notes when another is opened, brought back by undo."""

from collections.abc import Callable
from pathlib import Path

from app.jobs.scoring import Scoring
from app.state.history import Change
from app.state.session import Session
from app.state.takes import Take
from app.state.work import Work

KEPT = 2
"""Clips put away at most: each holds decoders and the files of its takes."""


class Works:
    """What a session showed before, as changes that can be undone."""

    def __init__(
        self,
        session: Session,
        scoring: Scoring,
        stop: Callable[[Take], None],
        release: Callable[[Take], None],
    ) -> None:
        """`stop`: ends a take's encodes; `release`: gives back its files, too."""
        self._session, self._scoring, self._stop, self._release = session, scoring, stop, release
        self._away: list[Work] = []

    @property
    def files(self) -> list[Path]:
        """What the clips put away stand on."""
        return [path for work in self._away for path in work.files]

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
                self._stop(take)
        self._scoring.reset()
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
            self._scoring.refresh()
            other = shown

        def drop() -> None:
            self._away.remove(other)
            for take in other.takes:
                self._release(take)

        self._session.history.push(Change(f"Open {clip.path.name}", swap, swap, drop, drop))
        while len(self._away) > KEPT and self._session.history.shorten():
            continue
