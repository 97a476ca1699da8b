"""Keeps time: shows each frame when it is due, if its set of pictures is rendered."""

import time

from PySide6.QtCore import QObject, Qt, QTimer

from app.render.presenter import Presenter
from app.state.session import Session
from app.views.pictures.stage import Stage

_LONGEST_WAIT_MS = 20
_TIMES_KEPT = 60
_LONGEST_JUMP = 64


class Player(QObject):
    """One precise timer over the playback's due times."""

    def __init__(self, session: Session, presenter: Presenter, stage: Stage, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._presenter, self._stage = session, presenter, stage
        self._shown_times: list[float] = []
        self._tick = QTimer(self)
        self._tick.setTimerType(Qt.TimerType.PreciseTimer)
        self._tick.setSingleShot(True)
        self._tick.timeout.connect(self._play_on)
        session.playback.frame_changed.connect(self._frame_changed)
        session.playback.state_changed.connect(self._state_changed)

    @staticmethod
    def now_s() -> float:
        """The playback's clock."""
        return time.monotonic()

    @property
    def fps(self) -> float:
        """Frames a second shown lately; 0 before there are enough."""
        times = self._shown_times
        return (len(times) - 1) / (times[-1] - times[0]) if len(times) > 2 and times[-1] > times[0] else 0.0

    def seek(self, frame: int) -> None:
        """Go to a frame of the clip, if there is one."""
        if self._session.clip is not None:
            self._session.playback.seek(frame, self.now_s())

    def stop(self) -> None:
        """No tick comes any more."""
        self._tick.stop()

    def _frame_changed(self, frame: int) -> None:
        self._presenter.request()
        self._stage.show_frame(frame)

    def _state_changed(self) -> None:
        self._presenter.request()
        if self._session.playback.playing and not self._tick.isActive():
            self._tick.start(0)

    def _play_on(self) -> None:
        """One tick: show the due frame if its set is rendered, else let the clock wait."""
        playback, now = self._session.playback, self.now_s()
        if not playback.playing:
            return
        due = playback.due(now)
        if due != playback.frame:
            if self._presenter.get(due) is not None:
                self._shown_times = [*self._shown_times[-_TIMES_KEPT:], now]
                playback.shown(due, now)
            else:
                following = self._next_made(due)
                if following is not None:
                    playback.shown(following, now)
                self._presenter.prepare(due)
        elif not playback.loop and due == playback.last:
            playback.shown(due, now)
        wait = playback.next_due_s(now) if playback.playing else 0
        self._tick.start(max(1, min(_LONGEST_WAIT_MS, int(1000 * wait))))

    def _next_made(self, due: int) -> int | None:
        """The latest frame between the one shown and `due`, as they are played, whose set is there."""
        order = self._session.playback.upcoming(_LONGEST_JUMP)
        between = order[1 : order.index(due)] if due in order else []
        return next((frame for frame in reversed(between) if self._presenter.get(frame) is not None), None)
