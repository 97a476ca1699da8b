"""The row under the pictures: play, timeline, position, seam mode."""

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from app.state.session import Session
from app.views.panels.timeline import Timeline
from app.views.widgets import Label


class Transport(QWidget):
    """Shows where the playback is; what its buttons do is the window's business."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.timeline = Timeline(session)
        self.position = Label()
        self.position.setMinimumWidth(150)
        self.play = QPushButton("Play")
        self.play.setAccessibleName("Play or pause")
        self.seams = QPushButton()
        self.seams.setToolTip("How GoP boundaries are shown (Shift+G)")
        self.seams.setAccessibleName("Seam mode")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.play)
        layout.addWidget(self.timeline, 1)
        layout.addWidget(self.position)
        layout.addWidget(self.seams)
        for signal in (session.playback.frame_changed, session.playback.state_changed, session.seam_changed):
            signal.connect(self.refresh)

    def refresh(self) -> None:
        """Bring texts up to date."""
        session, playback = self._session, self._session.playback
        self.seams.setText(f"Seams: {session.seam_mode.value}")
        self.play.setText("Pause" if playback.playing else "Play")
        if session.clip is None:
            self.position.setText("")
            return
        seconds = playback.time_of(playback.frame)
        parts = [f"frame {playback.frame} / {playback.frame_count - 1}", f"{seconds:.3f} s"]
        if playback.speed != 1 or playback.backward:
            parts.append(f"{'-' if playback.backward else ''}{playback.speed:g}×")
        if not playback.loop or playback.to_and_fro:
            parts.append("to and fro" if playback.loop else "no loop")
        self.position.setText(" · ".join(parts))
