"""Which takes a ladder has: λ or rates of a neural codec, and rivals at the rates these come to."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from app.state.draft import Draft
from app.state.ladder import LadderPlan, StepUnit, parse_steps, usual_steps
from app.state.recipes import known_options
from app.views.widgets import Label
from codec import registry
from codec.errors import SettingError
from codec.rivals.settings import RivalCodec

_USUAL_KBPS = (100.0, 200.0, 400.0, 800.0, 1600.0)
_USUAL_BPP = (0.01, 0.02, 0.04, 0.08, 0.16)
_FIRST_RIVALS = (RivalCodec.HEVC, RivalCodec.VVC)


class LadderDialog(QDialog):
    """Enter starts it: it opens with what is usually wanted."""

    chosen = Signal(object)
    """The LadderPlan wanted."""

    def __init__(self, draft: Draft, room: int, parent: QWidget) -> None:
        """`room`: takes that the session still holds."""
        super().__init__(parent)
        self.setWindowTitle("Encode a ladder")
        self._room, self._draft = room, draft
        self.codec = QComboBox()
        for codec in registry.usable().values():
            self.codec.addItem(codec.name, codec.id)
        self.codec.setCurrentIndex(self.codec.findData(draft.codec))
        self.codec.setAccessibleName("Codec of the ladder")
        self.unit = QComboBox()
        for unit in StepUnit:
            self.unit.addItem(unit.value, unit)
        self.unit.setAccessibleName("What the steps are")
        self.unit.setToolTip("Rates are met within 2 %: λ is searched for")
        self.steps = QLineEdit()
        self.steps.setAccessibleName("Steps of the ladder")
        self.rivals: dict[RivalCodec, QCheckBox] = {}
        for codec in RivalCodec:
            box = self.rivals[codec] = QCheckBox(f"{codec.label} at the same rates")
            box.setChecked(codec in _FIRST_RIVALS)
            box.toggled.connect(self._refresh)
        self.told = Label()
        form = QFormLayout()
        form.addRow("Codec", self.codec)
        form.addRow("Steps are", self.unit)
        form.addRow("Steps", self.steps)
        for box in self.rivals.values():
            form.addRow("", box)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.start = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.start.setText("Encode")
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.told)
        layout.addWidget(self.buttons)
        self.codec.currentIndexChanged.connect(self._propose)
        self.unit.currentIndexChanged.connect(self._propose)
        self.steps.textChanged.connect(self._refresh)
        self._propose()
        self.steps.selectAll()
        self.steps.setFocus()

    def _propose(self) -> None:
        unit = self.unit.currentData()
        usual = {StepUnit.KBPS: _USUAL_KBPS, StepUnit.BPP: _USUAL_BPP}
        steps = usual.get(unit) or usual_steps(self.codec.currentData())
        self.steps.setText("  ".join(f"{step:g}" for step in steps))
        self._refresh()

    def plan(self) -> LadderPlan:
        """What stands in the fields. Raises SettingError."""
        neural, unit = self.codec.currentData(), self.unit.currentData()
        steps = parse_steps(self.steps.text(), unit, neural)
        own = dict(self._draft.choice.options) if neural == self._draft.codec else {}
        rivals = tuple(codec for codec, box in self.rivals.items() if box.isChecked())
        plan = LadderPlan(neural, known_options(neural, own), unit, steps, rivals)
        if plan.count > self._room:
            raise SettingError(f"These are {plan.count} takes; there is room for {self._room} more.")
        return plan

    def _refresh(self) -> None:
        try:
            plan = self.plan()
        except SettingError as error:
            self.told.setText(str(error))
            self.start.setEnabled(False)
            return
        rivals = f" and {plan.count - len(plan.steps)} of rivals" if plan.rivals else ""
        self.told.setText(f"{len(plan.steps)} Seamscope takes{rivals}")
        self.start.setEnabled(True)

    def _accept(self) -> None:
        self.chosen.emit(self.plan())
        self.accept()
