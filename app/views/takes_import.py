"""Before a file becomes a take: its name, its bitrate, and what to do where it differs from the clip."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app.state.imports import KBPS_LIMIT, Difference, ImportDecision, ImportQuestion
from app.state.takes import NAME_LIMIT

_RESOLUTIONS = {
    Difference.SIZE: "Resize its pictures to the clip's (Lanczos)",
    Difference.RATE: "Pair frame with frame, whatever their times",
    Difference.LENGTH: "Compare the frames both have",
}


class ImportDialog(QDialog):
    """Asks about one file. Every difference must be ticked before it can be imported."""

    decided = Signal(object, object)
    """The ImportQuestion and the ImportDecision."""

    def __init__(self, question: ImportQuestion, parent: QWidget) -> None:
        super().__init__(parent)
        self._question = question
        facts = question.facts
        self.setWindowTitle(f"Import {facts.path.name}")
        self.name = QLineEdit(facts.path.stem[:NAME_LIMIT])
        self.name.setMaxLength(NAME_LIMIT)
        self.name.setAccessibleName("Name of the take")
        self.own = QRadioButton(f"{facts.kbps:.1f} kbps, from the size of the file")
        self.own.setChecked(True)
        self.stated = QRadioButton("stated:")
        self.kbps = QDoubleSpinBox()
        self.kbps.setRange(0.001, KBPS_LIMIT)
        self.kbps.setDecimals(3)
        self.kbps.setSuffix(" kbps")
        self.kbps.setValue(min(KBPS_LIMIT, max(0.001, facts.kbps)))
        self.kbps.setAccessibleName("Stated bitrate in kbps")
        self.kbps.setToolTip("Bitrate of the stream these pictures were decoded from; labels say that it was stated")
        self.kbps.valueChanged.connect(lambda: self.stated.setChecked(True))
        row = QHBoxLayout()
        row.addWidget(self.stated)
        row.addWidget(self.kbps, 1)
        rate = QVBoxLayout()
        rate.addWidget(self.own)
        rate.addLayout(row)
        form = QFormLayout()
        seconds = f"{facts.frame_count} frames, {float(facts.frame_rate):.4g} fps, {facts.duration_s:.3f} s"
        form.addRow("File", QLabel(f"{facts.codec}, {facts.width}x{facts.height}, {seconds}"))
        form.addRow("Name", self.name)
        form.addRow("Bitrate", rate)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        self.answers: dict[Difference, QCheckBox] = {}
        for mismatch in question.mismatches:
            text = f"{mismatch.text[0].upper()}{mismatch.text[1:]}."
            label = QLabel(text)
            label.setWordWrap(True)
            box = self.answers[mismatch.difference] = QCheckBox(_RESOLUTIONS[mismatch.difference])
            box.setAccessibleDescription(text)
            box.toggled.connect(self._refresh)
            layout.addWidget(label)
            layout.addWidget(box)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setText("Import")
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        layout.addWidget(self.buttons)
        self._refresh()

    def _refresh(self) -> None:
        ready = all(box.isChecked() for box in self.answers.values())
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(ready)

    def _accept(self) -> None:
        resolved = frozenset(difference for difference, box in self.answers.items() if box.isChecked())
        stated = self.kbps.value() if self.stated.isChecked() else None
        self.decided.emit(self._question, ImportDecision(self.name.text().strip(), stated, resolved))
        self.accept()
