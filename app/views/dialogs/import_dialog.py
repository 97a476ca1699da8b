"""Before a file becomes a take: its name, its bitrate, and what to do where it differs from the clip."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app.state.imports import Difference, ImportDecision, ImportQuestion, Mismatch, Pairing, to_decide
from app.state.takes import KBPS_RANGE, NAME_LIMIT
from app.views.widgets import Label, plain_title
from codec.media.picture import Timing

_RESOLUTIONS = {
    Difference.SIZE: "Resize its pictures to the clip's (Lanczos)",
    Difference.RATE: "Pair frames by number, whatever their times",
    Difference.LENGTH: "Compare the frames both have",
    Difference.CODING: "Bring its luma to the clip's coding for SSIM, VMAF and tOF",
}


class ImportDialog(QDialog):
    """Asks about one file. Every difference must be ticked before it can be imported."""

    decided = Signal(object, object)
    """The ImportQuestion and the ImportDecision."""

    def __init__(self, question: ImportQuestion, clip: Timing, parent: QWidget) -> None:
        super().__init__(parent)
        self._question, self._timing = question, clip
        facts = question.facts
        self.setWindowTitle(f"Import {plain_title(facts.path.name)}")
        self.name = QLineEdit(facts.path.stem[:NAME_LIMIT])
        self.name.setMaxLength(NAME_LIMIT)
        self.name.setAccessibleName("Name of the take")
        self.own = QRadioButton(f"{facts.kbps:.1f} kbps, from the size of the file")
        self.own.setChecked(True)
        self.stated = QRadioButton("stated:")
        self.kbps = QDoubleSpinBox()
        self.kbps.setRange(0.001, KBPS_RANGE[1])
        self.kbps.setDecimals(3)
        self.kbps.setSuffix(" kbps")
        self.kbps.setValue(min(KBPS_RANGE[1], max(0.001, facts.kbps)))
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
        form.addRow("File", Label(f"{facts.codec}, {facts.width}x{facts.height}, {seconds}"))
        form.addRow("Name", self.name)
        form.addRow("Bitrate", rate)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        self.answers: dict[Difference, QCheckBox] = {}
        self._rows: dict[Difference, tuple[QWidget, ...]] = {}
        self.by_time = QCheckBox("Pair every frame of the clip with the one nearest in time")
        self.by_time.hide()
        self.by_time.toggled.connect(lambda on: self._choose_one(Difference.RATE, on))
        for mismatch in question.mismatches:
            self._ask(mismatch, layout)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setText("Import")
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        layout.addWidget(self.buttons)
        self._refresh()

    def _ask(self, mismatch: Mismatch, layout: QVBoxLayout) -> None:
        """What differs, and what may be done about it."""
        text = f"{mismatch.text[0].upper()}{mismatch.text[1:]}."
        label = Label(text)
        label.setWordWrap(True)
        box = self.answers[mismatch.difference] = QCheckBox(_RESOLUTIONS[mismatch.difference])
        box.setAccessibleDescription(text)
        box.toggled.connect(self._refresh)
        layout.addWidget(label)
        layout.addWidget(box)
        self._rows[mismatch.difference] = (label, box)
        if mismatch.difference is Difference.RATE and not self._question.facts.is_stream:
            layout.addWidget(self.by_time)
            self.by_time.show()

    @property
    def pairing(self) -> Pairing:
        """How frames are paired."""
        return Pairing.TIME if self.by_time.isChecked() else Pairing.NUMBER

    def _choose_one(self, difference: Difference, by_time: bool) -> None:
        """Frames are paired by number or by time, not both."""
        if by_time:
            self.answers[difference].setChecked(False)
        self._refresh()

    def _refresh(self) -> None:
        rate = self.answers.get(Difference.RATE)
        if rate is not None and rate.isChecked():
            self.by_time.setChecked(False)
        asked = {m.difference for m in to_decide(self._question, self._timing, self.pairing)}
        for difference, row in self._rows.items():
            for part in row:
                part.setVisible(difference in asked)
        ready = asked <= self._resolved
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(ready)

    @property
    def _resolved(self) -> frozenset[Difference]:
        ticked = {difference for difference, box in self.answers.items() if box.isChecked()}
        return frozenset(ticked | ({Difference.RATE} if self.by_time.isChecked() else set()))

    def _accept(self) -> None:
        stated = self.kbps.value() if self.stated.isChecked() else None
        self.decided.emit(
            self._question, ImportDecision(self.name.text().strip(), stated, self._resolved, self.pairing)
        )
        self.accept()
