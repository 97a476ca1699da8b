"""The trials: grey, pictures, and the keys that answer. Painted as a whole: there is no part that could be told apart,
by eye, by a screen reader or with the Tab key."""

import time

from PySide6.QtCore import QEvent, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.controllers.blind.blind import Blind
from app.controllers.blind.run import GREY_S, LOOPS, BlindRun, Phase
from app.state.blind.tasks import NOT_SURE, Task
from app.state.scaling import Magnify
from app.views.blind.tiles import CAPTION, GAP, placed, tile_areas

GREY = QColor(128, 128, 128)
INK = QColor(24, 24, 24)
TICK_MS = 4
NAME = "Blind test"
_KEYS: dict[Task, dict[int, int]] = {
    Task.PARITY: {
        Qt.Key.Key_Left: 0, Qt.Key.Key_Right: 1, Qt.Key.Key_1: 0, Qt.Key.Key_2: 1, Qt.Key.Key_Down: NOT_SURE,
    },
    Task.TRANSPARENCY: {
        Qt.Key.Key_1: 0, Qt.Key.Key_2: 1, Qt.Key.Key_3: 2, Qt.Key.Key_4: 3,
    },
}  # fmt: skip
_CAPTIONS = {Task.PARITY: ("←", "→"), Task.TRANSPARENCY: ("1", "2", "3", "4")}
_ASKED = {
    Task.PARITY: "Which one looks better?   ↓ not sure",
    Task.TRANSPARENCY: "One of the four is coded. Which?",
}
_SOURCE = "   S held: the source on both sides"
_TEXT_PX, _KEY_PX = 18, 34


class TrialPage(QWidget):
    """Shows a run and hands it keys."""

    def __init__(self, blind: Blind) -> None:
        super().__init__()
        self._blind = blind
        self._run: BlindRun | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(NAME)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)

    def show_run(self, run: BlindRun | None) -> None:
        """Another run, or none any more."""
        if run is self._run:
            return
        if self._run is not None:
            self._run.changed.disconnect(self._repaint)
        self._run = run
        if run is None:
            self._timer.stop()
        else:
            run.changed.connect(self._repaint)
            self._timer.start()
            self.setFocus()
        self.update()

    def stop(self) -> None:
        """No tick comes any more."""
        self.show_run(None)

    def _repaint(self) -> None:
        self.update()

    def _tick(self) -> None:
        if self._run is not None:
            self._run.tick(time.monotonic())

    # Keys

    def event(self, event: QEvent) -> bool:
        """All keys are the test's: none of the window's shortcuts works meanwhile."""
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def focusNextPrevChild(self, _next: bool) -> bool:
        """There is nowhere to go."""
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Answer, undo, look at the source, rest."""
        run, key, now = self._run, event.key(), time.monotonic()
        if run is None or event.isAutoRepeat():
            return
        if run.phase is Phase.BREAK:
            if key == Qt.Key.Key_Space:
                run.go_on(now)
            elif key == Qt.Key.Key_Q:
                self._blind.close()
        elif key == Qt.Key.Key_Escape:
            run.pause()
        elif key == Qt.Key.Key_Backspace:
            run.undo(now)
        elif key == Qt.Key.Key_S:
            run.hold_source(True)
        elif (answer := _KEYS[run.task].get(key)) is not None:
            run.answer(answer, now)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Let go of the source."""
        if self._run is not None and event.key() == Qt.Key.Key_S and not event.isAutoRepeat():
            self._run.hold_source(False)

    # Painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Grey, and what the run says."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), GREY)
        run = self._run
        if run is not None:
            painter.setPen(INK)
            if run.phase is Phase.BREAK:
                self._text(painter, QRectF(self.rect()), self._break_text(run))
            else:
                self._paint_trial(painter, run)
        painter.end()

    def _paint_trial(self, painter: QPainter, run: BlindRun) -> None:
        areas = tile_areas(run.task, self.width(), self.height())
        for image, area in zip(run.tiles(), areas, strict=False):
            zoom, ratio = run.setup.viewing.zoom, self.devicePixelRatioF()
            target = placed(area, (image.width(), image.height()), max(1.0, zoom) / ratio)
            smooth = self._blind.session.view.magnify is Magnify.BILINEAR and zoom > 1
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
            painter.setClipRect(area)
            painter.drawImage(target, image)
            painter.setClipping(False)
        if run.phase in (Phase.PLAYING, Phase.ASKING):
            self._paint_keys(painter, run, areas)
        elif run.waiting:
            self._text(painter, QRectF(self.rect()), "Preparing the next pictures")
        if run.phase is Phase.GREY:
            undo = "Backspace: take the last answer back   " if run.can_undo else ""
            self._text(painter, self._caption(), f"{run.progress}   {undo}Esc: a break")

    def _paint_keys(self, painter: QPainter, run: BlindRun, areas: list[QRectF]) -> None:
        caption = self._caption()
        if run.task is Task.PARITY:
            for area, key in zip(areas, _CAPTIONS[run.task], strict=True):
                self._text(
                    painter, QRectF(area.left(), caption.top(), area.width(), caption.height() / 2), key, _KEY_PX
                )
            lower = caption.adjusted(0, caption.height() / 2, 0, 0)
            # Once the pictures are over there is no source to be shown either.
            source = _SOURCE if run.phase is Phase.PLAYING else ""
            self._text(painter, lower, _ASKED[run.task] + source)
            return
        self._text(painter, caption, f"{_ASKED[run.task]}   Keys 1 2 / 3 4, as the tiles lie")
        if run.phase is Phase.ASKING:
            for area, key in zip(areas, _CAPTIONS[run.task], strict=True):
                self._text(painter, area, key, _KEY_PX)

    def _caption(self) -> QRectF:
        return QRectF(GAP, self.height() - CAPTION, self.width() - 2 * GAP, CAPTION)

    @staticmethod
    def _text(painter: QPainter, area: QRectF, text: str, pixels: int = _TEXT_PX) -> None:
        font = painter.font()
        font.setPixelSize(pixels)
        painter.setFont(font)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)

    @staticmethod
    def _break_text(run: BlindRun) -> str:
        began = bool(run.procedure.answered)
        if run.task is Task.PARITY:
            asked = "Two versions side by side. ← or →: the one that looks better. ↓: not sure. S held: the source."
        else:
            asked = "Of four tiles three are the source and one is coded. 1 2 / 3 4: the coded one, as the tiles lie."
        head = "A break." if began else "Four easy ones to begin with; they do not count."
        return (
            f"{head}\n\n{asked}\n\nThe pictures are played {LOOPS} times at most; before each trial it is grey for "
            f"{GREY_S:g} s.\nBackspace takes the last answer back, while it is grey. Esc: a break.\n\n"
            f"Space: {'go on' if began else 'begin'}        Q: end the test; it is kept, without a result"
        )
