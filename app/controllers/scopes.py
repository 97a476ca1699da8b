"""Histograms, waveforms and vectorscopes of the frame shown, computed one after the other while they are wanted."""

from collections.abc import Callable, Hashable

from cachetools import FIFOCache
from psygnal import Signal

from app.jobs.job import Lane, Outcome, Runner
from app.render.scopes import Scope, scope_of
from app.state.session import Session
from app.state.takes import Take
from codec.context import WorkContext
from codec.media.picture import Picture

_KEPT = 32


def compute_scope(context: WorkContext, picture: Picture) -> Scope:
    """`scope_of`, as a job."""
    context.check()
    return scope_of(picture)


class Scopes:
    """The scopes of pictures that were on the screen lately."""

    came = Signal()
    """One more is there."""

    def __init__(self, session: Session, runner: Runner, pictures: Callable[[Take, int], Picture | None]) -> None:
        """`pictures`: a take's picture beside a frame, if it is at hand."""
        self._session, self._runner, self._pictures = session, runner, pictures
        self._scopes: FIFOCache[Hashable, Scope] = FIFOCache(_KEPT)
        self._busy = False

    def scope(self, take: Take) -> Scope | None:
        """Of a take's picture on the screen, if it is computed."""
        return self._scopes.get(self._key(take))

    def ask(self) -> None:
        """Compute the next scope that is missing of the takes shown."""
        if self._busy or self._session.clip is None:
            return
        for take in self._session.takes.shown:
            key, picture = self._key(take), self._pictures(take, self._session.playback.frame)
            if key not in self._scopes and picture is not None:
                self._busy = True
                self._runner.submit(
                    Lane.MEDIA,
                    compute_scope,
                    (picture,),
                    on_done=lambda outcome, value, key=key: self._done(key, outcome, value),
                )
                return

    def _done(self, key: Hashable, outcome: Outcome, value: Scope) -> None:
        self._busy = False
        if outcome is Outcome.SUCCEEDED:
            self._scopes[key] = value
            self.came.emit()

    def _key(self, take: Take) -> Hashable:
        return take.picture_key(self._session.seam_mode), self._session.playback.frame + take.nudge
