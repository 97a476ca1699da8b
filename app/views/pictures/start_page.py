"""What stands where pictures will be, before the first clip: how to begin."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from app.state.session import Session
from app.views.widgets import Label, plain_caption, plain_tip
from codec.resources import sample_clips
from codec.texts import visible

LISTED = 6
"""Recent clips and projects."""
_WIDTH = 420
_STEPS = "then drag λ and press Encode, add a rival at the same bitrate, and press Space.  ? shows all keys"


class StartPage(QWidget):
    """An invitation to drop a clip, the open dialog, the sample, what was open lately."""

    ask_asked = Signal()
    """The open dialog."""
    open_asked = Signal(object)
    """A Path."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.recent: list[QPushButton] = []
        self._listed: list[Path] = []
        invitation = Label("Drop a clip here, or press Ctrl+O")
        invitation.setStyleSheet("font-size:20px;color:#9aa0a8")
        steps = Label(_STEPS)
        steps.setStyleSheet("color:#9aa0a8")
        steps.setWordWrap(True)
        steps.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.ask = self._button("Open clip…", "Video, images, raw video; a project or stream may be dropped too")
        self.ask.setObjectName("primary")
        self.ask.clicked.connect(self.ask_asked)
        sample = next((path for path in sample_clips() if path.is_file()), None)
        self.sample = self._button("The sample clip", "" if sample is None else str(sample))
        self.sample.setVisible(sample is not None)
        self.sample.clicked.connect(lambda: self.open_asked.emit(sample))
        self._heading = Label("Lately")
        self._heading.setStyleSheet("color:#9aa0a8")
        self._column = QVBoxLayout(self)
        self._column.setSpacing(8)
        self._column.addStretch(1)
        for part in (invitation, self.ask, self.sample, self._heading):
            self._column.addWidget(part, 0, Qt.AlignmentFlag.AlignHCenter)
        # As wide as there is room: it is a sentence.
        self._column.insertWidget(self._column.count() - 1, steps)
        self._place = self._column.count()
        self._column.addStretch(1)
        session.settings_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """List what was open lately and is still there to be tried."""
        paths = [Path(name) for name in self._session.settings.recent[:LISTED]]
        self._heading.setVisible(bool(paths))
        if self._listed == paths:
            return
        self._listed = paths
        for button in self.recent:
            self._column.removeWidget(button)
            button.deleteLater()
        self.recent = []
        for number, path in enumerate(paths):
            button = self._button(path.name, str(path))
            button.clicked.connect(lambda _checked=False, path=path: self.open_asked.emit(path))
            self._column.insertWidget(self._place + number, button, 0, Qt.AlignmentFlag.AlignHCenter)
            self.recent.append(button)

    def _button(self, text: str, tip: str) -> QPushButton:
        button = QPushButton()
        button.setFixedWidth(_WIDTH)
        shown = button.fontMetrics().elidedText(visible(text), Qt.TextElideMode.ElideMiddle, _WIDTH - 40)
        button.setText(plain_caption(shown))
        button.setAccessibleName(text)
        button.setToolTip(plain_tip(tip))
        return button
