"""The side panel: what can be encoded, the takes, and the notes under them."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.state.session import Session
from app.views.panels.group_progress import GroupProgress
from app.views.panels.neural_controls import NeuralControls
from app.views.panels.rival_controls import RivalControls
from app.views.panels.takes_panel import TakesPanel
from app.views.widgets import Label


class Notes(QPlainTextEdit):
    """What the user writes down; it is saved with the project."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setAccessibleName("Notes")
        self.setPlaceholderText("What you see, saved with the project")
        self.setTabChangesFocus(True)
        self.setMinimumHeight(54)
        self.setMaximumHeight(120)
        self.textChanged.connect(lambda: session.set_notes(self.toPlainText()))
        session.notes_changed.connect(self._refresh)

    def _refresh(self) -> None:
        if self.toPlainText() != self._session.notes:
            self.setPlainText(self._session.notes)


class SidePanel(QScrollArea):
    """Everything that starts an encode, the takes, and the notes."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.neural = NeuralControls(session)
        self.rival = RivalControls(session)
        self.ladder = QPushButton("Encode a ladder…")
        self.ladder.setAccessibleName("Encode a ladder")
        self.ladder.setToolTip("Several λ or bitrates at once, and rivals at the same bitrates")
        self.group = GroupProgress()
        self.takes = TakesPanel(session)
        self.notes = Notes(session)
        content = QWidget()
        layout = QVBoxLayout(content)
        parts = (
            ("Seamscope's codec", self.neural),
            ("HEVC, VVC, AV1", self.rival),
            ("", self.ladder),
            ("", self.group),
            ("Takes", self.takes),
            ("Notes", self.notes),
        )
        for title, part in parts:
            if title:
                heading = Label(title)
                heading.setStyleSheet("font-weight:600;padding-top:6px")
                layout.addWidget(heading)
            layout.addWidget(part, 1 if part is self.takes else 0)
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(300)
        self.setFrameShape(QFrame.Shape.NoFrame)
