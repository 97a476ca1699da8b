"""Blind tests of a window: set-up, preparation, the run, its result, and the runs there were before."""

from typing import Any

from psygnal import Signal

from app.controllers.blind.preparing import Preparation, rival_name
from app.controllers.blind.request import Request, rivals_of
from app.controllers.blind.run import BlindRun, Phase
from app.jobs.blind import journals
from app.jobs.blind.levels import Levels
from app.jobs.engine import Engine
from app.jobs.hashing import content_of
from app.jobs.job import Job, Lane, Outcome
from app.state.blind.journal import Run
from app.state.blind.ladder import Ladder
from app.state.takes import Take
from codec.errors import SettingError
from codec.gop import SeamMode
from codec.media.clip import Clip

__all__ = ["Blind", "rival_name"]


class Blind:
    """What actions and the screen call."""

    changed = Signal()
    """Opened, closed, prepared further, begun, ended."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self.session = engine, engine.session
        self.is_open = False
        """The screen of the test stands in place of the pictures."""
        self.run: BlindRun | None = None
        """From its first warm-up trial until it is put away."""
        self.problem = ""
        """Why there is no run."""
        self.progress: tuple[float, str] | None = None
        """Of the preparation, while there is one."""
        self._preparation: Preparation | None = None
        self._kept: tuple[Levels, Ladder, str] | None = None
        self._kept_for: tuple[Clip, Request, SeamMode] | None = None
        self._reading: Job | None = None
        self.session.clip_changed.connect(self._clip_changed)

    @property
    def hides(self) -> bool:
        """True during a run: nothing on the window may tell what is shown."""
        return self.run is not None and not self.run.is_over

    @property
    def rivals(self) -> list[Take]:
        """Takes that parity can be asked with."""
        return rivals_of(self.session)

    @property
    def latest(self) -> Run | None:
        """The run at hand as it was written down, once it is complete."""
        run = self.run
        if run is None or run.phase is not Phase.DONE:
            return None
        return next((each for each in self.session.blind.runs if each.name == run.file.name), None)

    def open(self) -> None:
        """Show the set-up."""
        if self.session.clip is not None and not self.is_open:
            self.session.playback.pause()
            self.is_open = True
            self.read_runs()
            self.changed.emit()

    def close(self) -> None:
        """Back to the pictures. A run that is not complete is kept and marked."""
        if self.is_open:
            self._stop()
            self.is_open, self.problem = False, ""
            self.changed.emit()

    def prepare(self, request: Request) -> None:
        """Measure what is needed, then begin; `problem` tells why not."""
        self._stop()
        self.problem = ""
        clip = self.session.clip
        same = clip is not None and self._kept_for is not None and self._serves(clip, request)
        if not same:
            self._forget_levels()
        try:
            self._preparation = Preparation(
                self._engine, request, self._kept, self._progressed, self._begin, self._failed
            )
        except SettingError as error:
            self._failed(str(error))
            return
        self._preparation.begin()

    def cancel(self) -> None:
        """Prepare nothing."""
        self._stop()
        self.changed.emit()

    def again(self) -> None:
        """Back to the set-up, for the next observer."""
        self._stop()
        self.changed.emit()

    def read_runs(self) -> None:
        """Look at the journals of the clip, if there are any."""
        clip = self.session.clip
        if clip is not None and journals.journals_folder().is_dir():
            if self._reading is not None:
                self._engine.runner.cancel(self._reading)
            self._reading = self._engine.runner.submit(Lane.MEDIA, _runs_of, (clip.path,), on_done=self._have_runs)

    def shutdown(self) -> None:
        """The window closes: a run that is not complete is left as it is, without an end."""
        self.session.clip_changed.disconnect(self._clip_changed)
        if self._preparation is not None:
            self._preparation.give_up()

    def _serves(self, clip: Clip, request: Request) -> bool:
        if self._kept_for is None:
            return False
        of_clip, before, mode = self._kept_for
        same = (before.recipe, before.lambdas, before.frames) == (request.recipe, request.lambdas, request.frames)
        return of_clip is clip and same and mode is self.session.seam_mode

    def _forget_levels(self) -> None:
        if self._kept is not None:
            self._kept[0].close()
        self._kept = self._kept_for = None

    def _stop(self) -> None:
        if self._preparation is not None:
            self._preparation.give_up()
            self._preparation = None
        self.progress = None
        run, self.run = self.run, None
        if run is not None:
            run.give_up()

    def _progressed(self, share: float, text: str) -> None:
        self.progress = share, text
        self.changed.emit()

    def _begin(self, run: BlindRun) -> None:
        made, clip = self._preparation, self.session.clip
        assert made is not None and clip is not None and made.levels is not None and made.ladder is not None
        self._kept = made.levels, made.ladder, made.model
        self._kept_for = clip, made.request, self.session.seam_mode
        self._preparation, self.progress, self.run = None, None, run
        run.finished.connect(self._finished)
        self.changed.emit()

    def _failed(self, problem: str) -> None:
        self._preparation, self.progress, self.problem = None, None, problem
        self.changed.emit()

    def _finished(self) -> None:
        if self.run is not None:
            self.problem = self.run.problem
        self.read_runs()
        self.changed.emit()

    def _have_runs(self, outcome: Outcome, value: Any) -> None:
        if outcome is Outcome.SUCCEEDED:
            self.session.blind.set(value)
            self.changed.emit()

    def _clip_changed(self) -> None:
        self._stop()
        self._forget_levels()
        self.session.blind.set(())
        self.read_runs()
        if self.is_open:
            self.is_open = False
            self.changed.emit()


def _runs_of(context: Any, path: Any) -> tuple[Run, ...]:
    return journals.read_runs(context, content_of(path, context))
