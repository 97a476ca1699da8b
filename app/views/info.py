"""Facts about the clip and the frame shown, and the commands of its takes."""

from PySide6.QtCore import Qt

from app.state.frame_facts import frame_facts
from app.state.session import Session
from app.state.takes import Kind
from app.views.widgets import HtmlLabel
from codec.texts import in_html


class InfoPanel(HtmlLabel):
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
        made = (
            f"{info.container}, {info.codec}, {info.pixel_format}, {info.width}x{info.height}, "
            f"sample aspect {info.sample_aspect}, {clip.frame_count} frames, {float(info.timing.frame_rate):.4g} fps, "
            f"{info.timing.duration_s:.3f} s, {info.colour.matrix.value} "
            f"{'full' if info.colour.full_range else 'limited'} range"
        )
        lines = [
            f"<b>{in_html(str(info.path))}</b>: {in_html(made)}",
            *(in_html(note) for note in info.notes),
            " · ".join((f"<b>Frame {frame}</b>", *(in_html(fact) for fact in facts))),
            *(
                f"<b>{in_html(take.label)}</b>: <code>{in_html(take.command)}</code> {in_html(take.note)}"
                for take in session.takes
                if take.command
            ),
        ]
        self.setText("<br>".join(lines))
