"""Facts about the clip and the frame shown, and the commands of its takes."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from app.state.frame_facts import frame_facts
from app.state.session import Session
from app.state.takes import Kind


class InfoPanel(QLabel):
    """Hidden until asked for; its text can be selected."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setWordWrap(True)
        self.setStyleSheet("padding:8px")
        self.setAccessibleName("Clip and take information")
        self.hide()
        session.playback.frame_changed.connect(self.refresh)

    def refresh(self) -> None:
        """Bring the text up to date, if it is shown."""
        session, clip = self._session, self._session.clip
        if self.isHidden() or clip is None:
            return
        info, frame = clip.info, session.playback.frame
        known = ((take, frame_facts(session, take, frame)) for take in session.takes)
        facts = [f"{'Source' if take.kind is Kind.SOURCE else take.name}: {found}" for take, found in known if found]
        lines = [
            f"<b>{info.path}</b>: {info.container}, {info.codec}, {info.pixel_format}, {info.width}x{info.height}, "
            f"sample aspect {info.sample_aspect}, {clip.frame_count} frames, {float(info.timing.frame_rate):.4g} fps, "
            f"{info.timing.duration_s:.3f} s, {info.colour.matrix.value} "
            f"{'full' if info.colour.full_range else 'limited'} range",
            *info.notes,
            " · ".join((f"<b>Frame {frame}</b>", *facts)),
            *(
                f"<b>{take.label}</b>: <code>{take.command}</code> {take.note}"
                for take in session.takes
                if take.command
            ),
        ]
        self.setText("<br>".join(lines))
