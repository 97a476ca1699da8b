"""One run: grey, pictures, answer, and again, until the stop rule fires. It is told the time; it has no clock."""

from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum, auto
from pathlib import Path
from typing import Any

from psygnal import Signal
from PySide6.QtGui import QImage

from app.controllers.blind.stimuli import Shown, Stimuli
from app.jobs.blind import journals
from app.jobs.job import Lane, Outcome, Runner
from app.state.blind import journal
from app.state.blind.procedure import WARM_UPS, Procedure
from app.state.blind.setup import Setup
from app.state.blind.tasks import Answered, Task, Trial
from codec.media.picture import Timing

GREY_S = 0.5
"""Mid-grey before every trial."""
LOOPS = 3
"""The pictures are played so many times at most."""
REST_AFTER_S = 8 * 60.0
"""After so much looking there is a break."""


class Phase(Enum):
    """What is on the screen."""

    GREY = auto()
    """Mid-grey: for half a second, or until the pictures are in memory."""
    PLAYING = auto()
    ASKING = auto()
    """The pictures have been played; only the answer is missing."""
    BREAK = auto()
    DONE = auto()
    ENDED = auto()
    """By the observer."""
    FAILED = auto()


class BlindRun:
    """What the screen shows and what keys do to it."""

    changed = Signal()
    """Something else is to be painted."""
    finished = Signal()
    """The phase is DONE, ENDED or FAILED now."""

    def __init__(self, runner: Runner, setup: Setup, stimuli: Stimuli, file: Path, timing: Timing) -> None:
        """`timing`: of the segment. The journal `file` has been begun."""
        self.setup, self.file = setup, file
        self.procedure = Procedure(setup.plan)
        self.phase = Phase.BREAK
        self.problem = ""
        """Why it failed."""
        self.source_held = False
        self._runner, self._stimuli = runner, stimuli
        self._times = [float(tick * timing.time_base) for tick in timing.pts]
        self._duration = timing.duration_s
        self._shown: Shown | None = None
        self._grey_until, self._began, self._now = 0.0, 0.0, 0.0
        self._elapsed_s = 0.0
        self._written: set[int] = set()
        """Levels whose rate stands in the journal."""
        self._unwritten = 0
        """Lines that are not on the disk yet."""
        self._undoable: Answered | None = None
        self._rest_at_s = REST_AFTER_S
        self._painted: tuple[int, bool] = (-1, False)
        if self.trial is not None:
            # While the first page is read.
            stimuli.ahead((self.trial,))

    # What is on the screen

    @property
    def task(self) -> Task:
        return self.setup.task

    @property
    def trial(self) -> Trial | None:
        """The open trial."""
        return self.procedure.trial

    @property
    def is_over(self) -> bool:
        return self.phase in (Phase.DONE, Phase.ENDED, Phase.FAILED)

    @property
    def can_undo(self) -> bool:
        """True while the next picture has not appeared."""
        return self.phase is Phase.GREY and self._undoable is not None

    @property
    def progress(self) -> str:
        """How far it is. Nothing in it depends on what was answered."""
        done = len(self.procedure.answered)
        return f"Warm-up {done + 1} of {WARM_UPS}" if done < WARM_UPS else f"Trial {done - WARM_UPS + 1}"

    @property
    def waiting(self) -> bool:
        """The grey lasts longer than it must, for an encode."""
        return self.phase is Phase.GREY and self._now > self._grey_until

    def tiles(self) -> tuple[QImage, ...]:
        """What is painted now, by place; nothing while it is grey."""
        shown = self._shown
        if self.phase is not Phase.PLAYING or shown is None:
            return ()
        frame, turn = self._moment()
        if self.source_held and self.task is Task.PARITY:
            return (shown.source[frame],) * self.task.places
        return tuple(
            (shown.source if turn and flickers else loop)[frame]
            for loop, flickers in zip(shown.tiles, shown.flickers, strict=True)
        )

    def _moment(self) -> tuple[int, bool]:
        """The frame that is due, and whether it is the source's turn in a flicker run."""
        since, hz = self._now - self._began, self.setup.viewing.flicker_hz
        frame = max(0, bisect_right(self._times, since % self._duration) - 1)
        return frame, hz > 0 and int(since * 2 * hz) % 2 == 1

    # What comes from outside

    def go_on(self, now: float) -> None:
        """Begin, or go on after a break."""
        if self.phase is Phase.BREAK:
            self._grey(now)

    def tick(self, now: float) -> None:
        """Time passes; `now` in seconds of a clock that never goes back."""
        waited, self._now = self.waiting, now
        if self.waiting and not waited:
            # A grey that lasts says why.
            self.changed.emit()
        if self.phase is Phase.GREY and now >= self._grey_until and self._unwritten == 0:
            if self.trial is None:
                self._complete()
            elif self._elapsed_s >= self._rest_at_s:
                self._rest_at_s += REST_AFTER_S
                self.pause()
            elif self._shown is not None:
                self._undoable = None
                self._began = now
                self._set(Phase.PLAYING)
                self._stimuli.ahead(self.procedure.foreseen())
                return
        if self.phase is Phase.PLAYING:
            if now - self._began >= LOOPS * self._duration:
                self._set(Phase.ASKING)
            elif self._moment() != self._painted:
                self._painted = self._moment()
                self.changed.emit()

    def answer(self, answer: int, now: float) -> None:
        """A place, or NOT_SURE; nothing where that is no answer, or nothing is asked."""
        shown, trial = self._shown, self.trial
        if self.phase not in (Phase.PLAYING, Phase.ASKING) or shown is None or trial is None:
            return
        seconds = round(now - self._began, 3)
        answered = Answered(trial, shown.x, answer, seconds, round(self._elapsed_s + seconds + GREY_S, 3))
        try:
            self.procedure.answer(answered)
        except ValueError:
            return
        self._elapsed_s = answered.elapsed_s
        lines = ""
        if trial.level not in self._written:
            self._written.add(trial.level)
            lines = journal.level_record(shown.level)
        self._write(lines + journal.answer_record(answered, datetime.now(UTC).isoformat(timespec="milliseconds")))
        self._undoable = answered
        if not self.is_over:
            self._grey(now)

    def undo(self, now: float) -> None:
        """Take the last answer back: its trial is shown again."""
        answered = self._undoable
        if not self.can_undo or answered is None:
            return
        self._write(journal.undo_record(answered.trial.number))
        self.procedure = self.procedure.undone()
        self._undoable = None
        self._grey(now)

    def hold_source(self, held: bool) -> None:
        """Show the source on both sides while a key is held; of four tiles it would tell which one is coded."""
        if self.task is Task.PARITY and self.source_held != held:
            self.source_held = held
            self.changed.emit()

    def pause(self) -> None:
        """Rest. The open trial is shown anew afterwards."""
        if self.phase in (Phase.GREY, Phase.PLAYING, Phase.ASKING):
            if self.trial is not None:
                self._write(journal.break_record(self.trial.number))
            self._undoable = None
            self._set(Phase.BREAK)

    def give_up(self) -> None:
        """End it for good. What was answered is kept and marked."""
        if not self.is_over:
            self._write(journal.end_record(journal.ABORTED))
            self._stimuli.close()
            self._set(Phase.ENDED)

    # What follows

    def _grey(self, now: float) -> None:
        self._now, self._grey_until, self._shown = now, now + GREY_S, None
        self.source_held = False
        self._set(Phase.GREY)
        trial = self.trial
        if trial is not None:
            self._stimuli.prepare(self.task, trial, self._ready, self._fail)

    def _ready(self, shown: Shown) -> None:
        self._shown = shown
        trial = self.trial
        if trial is not None:
            self.procedure.measured(trial.level, shown.x)

    def _complete(self) -> None:
        stop = self.procedure.stop
        assert stop is not None
        self._write(journal.end_record(stop.value), then=lambda: self._set(Phase.DONE))
        self._stimuli.close()

    def _write(self, lines: str, then: Callable[[], None] | None = None) -> None:
        def ended(outcome: Outcome, value: Any) -> None:
            self._unwritten -= 1
            if outcome is Outcome.FAILED:
                self._fail(str(value))
            elif then is not None:
                then()

        self._unwritten += 1
        self._runner.submit(Lane.MEDIA, journals.append, (self.file, lines), on_done=ended)

    def _fail(self, problem: str) -> None:
        if not self.is_over:
            self.problem = problem
            self._stimuli.close()
            self._set(Phase.FAILED)

    def _set(self, phase: Phase) -> None:
        if self.phase is not phase:
            self.phase = phase
            self.changed.emit()
            if self.is_over:
                self.finished.emit()
