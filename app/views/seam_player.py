"""Drives the ping-pong around a GoP boundary."""

from PySide6.QtCore import QObject, Qt, QTimer

from app.render.presenter import Presenter
from app.state.session import Session
from app.views.player import Player

_TICK_MS = 15


class SeamPlayer(QObject):
    """Seeks to the loop's frames in time. Playing, stepping or seeking otherwise ends it."""

    def __init__(self, session: Session, presenter: Presenter, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._presenter = session, presenter
        self._loop = session.view.seam_loop
        self._seeking = False
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._step)
        self._loop.changed.connect(self._follow)
        session.playback.frame_changed.connect(self._moved)
        session.playback.state_changed.connect(self._state_changed)
        session.clip_changed.connect(self._loop.stop)

    def stop(self) -> None:
        """No tick comes any more."""
        self._timer.stop()

    def _follow(self) -> None:
        running = self._loop.boundary is not None
        if running and not self._timer.isActive():
            self._session.playback.pause()
            self._timer.start()
            self._presenter.request()
        elif not running:
            self._timer.stop()

    def _step(self) -> None:
        frame = self._loop.frame_at(Player.now_s())
        # A frame whose pictures are not rendered yet is left out rather than waited for.
        if frame is not None and frame != self._session.playback.frame and self._presenter.get(frame) is not None:
            self._seeking = True
            self._session.playback.seek(frame)
            self._seeking = False

    def _moved(self) -> None:
        if not self._seeking:
            self._loop.stop()

    def _state_changed(self) -> None:
        if self._session.playback.playing:
            self._loop.stop()
