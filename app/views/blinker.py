"""Blinking by itself: two takes in turn at the same place, at a set rate."""

from PySide6.QtCore import QObject, Qt, QTimer

from app.state.session import Session


class Blinker(QObject):
    """Follows `Layouts.blinking`; puts back what was shown when it ends."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._before: list[int | None] = []
        """The focus before blinking began; empty while it is off."""
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._flip)
        session.view.layouts.moved.connect(self._follow)
        session.takes.changed.connect(self._follow)

    def stop(self) -> None:
        """No tick comes any more."""
        self._timer.stop()

    def _follow(self) -> None:
        layouts = self._session.view.layouts
        if layouts.blinking and self._pair() is None:
            layouts.set_blinking(False)
            return
        interval_ms = round(1000 / layouts.blink_hz)
        if layouts.blinking and not self._timer.isActive():
            self._before = [self._session.focus]
            self._timer.start(interval_ms)
            self._flip()
        elif layouts.blinking and self._timer.interval() != interval_ms:
            self._timer.setInterval(interval_ms)
        elif not layouts.blinking and self._timer.isActive():
            self._timer.stop()
            self._set_focus(self._before.pop())

    def _pair(self) -> tuple[int, int] | None:
        takes = self._session.takes
        return self._session.view.layouts.pair([take.id for take in takes], [take.id for take in takes.shown])

    def _flip(self) -> None:
        pair = self._pair()
        if pair is not None:
            self._set_focus(pair[0] if self._session.focus == pair[1] else pair[1])

    def _set_focus(self, number: int | None) -> None:
        self._session.set_focus(None if number is None else self._session.takes.by_id(number))
