"""The result of a run, once the stop rule has fired: sentence, doubts, picture, and the other observers."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from app.controllers.blind.blind import Blind
from app.state.blind.journal import Run
from app.state.blind.observers import Entry, entries, heading, viewers
from app.state.blind.wording import details, saving_text, viewers_text
from app.views.blind.result_plot import ResultPlot, drawable, picture
from app.views.blind.viewers_plot import ViewersPlot
from app.views.widgets import Label, scrolled
from codec.texts import visible

_TABLE_HEIGHT = 220
"""Of the observers at most, pixels."""
_COLUMNS = ("Observer", "Result", "Trials", "σ, oct", "Catch", "Doubts")


class ResultPage(QWidget):
    """Shows a complete run."""

    copy_asked = Signal(str)
    save_asked = Signal(object, str)
    """A QImage and the name proposed."""
    verdict_asked = Signal()
    again_asked = Signal()
    left = Signal()

    def __init__(self, blind: Blind) -> None:
        super().__init__()
        self._blind = blind
        self._run: Run | None = None
        self._said = self._doubts = ""
        """In full, as they are copied."""
        self.sentence, self.doubts, self.details, self.panel = Label(), Label(), Label(), Label()
        self.sentence.setStyleSheet("font-size:18px")
        self.doubts.setStyleSheet("color:#ffc857")
        for label in (self.sentence, self.doubts, self.details, self.panel):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.plot, self.viewers = ResultPlot(), ViewersPlot()
        self.table = QTableWidget(0, len(_COLUMNS))
        self.table.setHorizontalHeaderLabels(_COLUMNS)
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setAccessibleName("Observers")
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setStretchLastSection(True)
        self.copy, self.save = QPushButton("Copy the result"), QPushButton("Save the picture…")
        self.again, self.back = QPushButton("The next observer"), QPushButton("Back to the pictures")
        self.verdict = QPushButton("Export the verdict…")
        self.verdict.setToolTip("A page or a PDF to hand over: question, answer, pictures, every answer and command")
        self.again.setObjectName("primary")
        buttons = QHBoxLayout()
        for button in (self.again, self.verdict, self.copy, self.save, self.back):
            buttons.addWidget(button)
        buttons.addStretch(1)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(24, 16, 24, 16)
        column.setSpacing(10)
        column.addWidget(self.sentence)
        column.addWidget(self.doubts)
        column.addWidget(self.plot, 2)
        column.addLayout(buttons)
        column.addWidget(self.panel)
        column.addWidget(self.viewers, 1)
        column.addWidget(self.table)
        column.addWidget(self.details)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(inner))
        self.copy.clicked.connect(lambda: self.copy_asked.emit(self.text()))
        self.save.clicked.connect(self._ask_save)
        self.again.clicked.connect(self.again_asked)
        self.verdict.clicked.connect(self.verdict_asked)
        self.back.clicked.connect(self.left)

    def show_run(self, run: Run) -> None:
        """A complete run; raises JournalError for another one."""
        if run == self._run and self.table.rowCount():
            return
        self._run = run
        self._said = "\n".join(part for part in (run.sentence(), saving_text(run)) if part)
        self._doubts = "\n".join((*run.result().warnings, run.setup.segment.note)).strip()
        self.sentence.setText(drawable(self._said))
        self.doubts.setText(drawable(self._doubts))
        self.doubts.setVisible(bool(self.doubts.text()))
        self.plot.show_run(run)
        self.details.setText(details(run))
        found = entries(self._blind.session.blind.alike(run))
        at_large = viewers(found)
        self.panel.setText("\n".join((heading(found), *viewers_text(at_large))))
        self.viewers.show_viewers(at_large)
        self._fill(found)

    def text(self) -> str:
        """All of the result, to be pasted."""
        parts = (self._said, self._doubts, self.panel.text(), self.details.text())
        return "\n".join(part for part in parts if part)

    def _fill(self, found: tuple[Entry, ...]) -> None:
        self.table.setRowCount(len(found))
        for row, entry in enumerate(found):
            result = entry.result
            checks = f"{result.checks.catch_passed}/{result.checks.catch_trials}"
            texts = (
                visible(entry.observer), result.rate_text(), str(result.scored), f"{result.spread:.1f}", checks,
                ", ".join(result.unreliable),
            )  # fmt: skip
            for column, text in enumerate(texts):
                self.table.setItem(row, column, QTableWidgetItem(text))
        self.table.resizeColumnsToContents()
        rows = sum(self.table.rowHeight(row) for row in range(len(found)))
        # As high as it needs, no higher: what stands below is worth the room.
        self.table.setFixedHeight(min(_TABLE_HEIGHT, rows + self.table.horizontalHeader().height() + 6))

    def _ask_save(self) -> None:
        if self._run is not None:
            self.save_asked.emit(picture(self._run), self._run.name.removesuffix(".jsonl"))
