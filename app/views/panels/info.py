"""Facts about the clip and the frame shown, and the commands of its takes."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy

from app.state.frame_facts import frame_facts
from app.state.session import Session
from app.state.takes import Kind
from app.views.widgets import HtmlLabel
from codec.texts import in_html

SHARE = 4
"""Of the window's height the panel takes this part at most."""


class InfoPanel(QScrollArea):
    """Hidden until asked for; its text can be selected, and scrolled where it would take more than its share."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.label = HtmlLabel()
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.label.setWordWrap(True)
        self.label.setStyleSheet("padding:8px")
        self.label.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.setWidget(self.label)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.setAccessibleName("Clip and take information")
        self.hide()
        session.playback.frame_changed.connect(self.refresh)

    def showEvent(self, event: QShowEvent) -> None:
        """Up to date as soon as it is seen."""
        super().showEvent(event)
        self.refresh()

    def text(self) -> str:
        """What is said."""
        return self.label.text()

    def setText(self, text: str) -> None:
        """Say something."""
        if text != self.label.text():
            self.label.setText(text)
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        """As high as the text, within a share of the window."""
        wanted = self.label.heightForWidth(max(200, self.width()))
        return QSize(200, min(wanted, self.window().height() // SHARE))

    def minimumSizeHint(self) -> QSize:
        """Two lines."""
        return QSize(0, 2 * self.fontMetrics().lineSpacing())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Other lines, another height."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

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
