"""What can be encoded, and the list of what was: λ and device, rivals, takes with progress."""

import math

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.state.session import Session
from app.state.takes import Kind, Status, Take
from app.views.theme import kind_colour
from app.views.widgets import ElidedLabel
from codec.rivals.settings import RivalCodec
from codec.stream.settings import DEVICES, LAMBDA_RANGE

_SLIDER_STEPS = 1000
_SAME_RATE = "same bitrate as Neural"


class NeuralControls(QWidget):
    """λ as a logarithmic slider and as a number; the device; Encode."""

    device_chosen = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__()
        low, high = LAMBDA_RANGE
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, _SLIDER_STEPS)
        self.slider.setAccessibleName("λ slider")
        self.slider.setToolTip(f"λ weighs picture quality against bits: {low} few bits, {high} many bits")
        self.number = QDoubleSpinBox()
        self.number.setDecimals(3)
        self.number.setRange(low, high)
        self.number.setSingleStep(0.01)
        self.number.setAccessibleName("λ value")
        self.device = QComboBox()
        self.device.addItems(DEVICES)
        self.device.setCurrentText(session.settings.device)
        self.device.setAccessibleName("Device")
        self.device.setToolTip("Where the neural codec runs; auto takes the fastest device found")
        self.encode = QPushButton("Encode")
        self.encode.setObjectName("primary")
        self.encode.setAccessibleName("Encode with the neural codec")
        row = QHBoxLayout()
        row.addWidget(self.slider, 1)
        row.addWidget(self.number)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("λ", row)
        form.addRow("Device", self.device)
        form.addRow(self.encode)
        self.slider.valueChanged.connect(self._slid)
        self.number.valueChanged.connect(self._typed)
        self.device.textActivated.connect(self.device_chosen)
        self.lmbda = min(high, max(low, session.settings.lmbda))

    @property
    def lmbda(self) -> float:
        """The λ chosen."""
        return self.number.value()

    @lmbda.setter
    def lmbda(self, value: float) -> None:
        self.number.setValue(value)
        self._typed(value)

    def _slid(self, step: int) -> None:
        low, high = LAMBDA_RANGE
        with QSignalBlocker(self.number):
            self.number.setValue(low * (high / low) ** (step / _SLIDER_STEPS))

    def _typed(self, value: float) -> None:
        low, high = LAMBDA_RANGE
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(_SLIDER_STEPS * math.log(value / low) / math.log(high / low)))


class RivalControls(QWidget):
    """A rival codec at the neural bitrate or at a quality of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.codec = QComboBox()
        for codec in RivalCodec:
            self.codec.addItem(codec.label, codec)
        self.codec.setAccessibleName("Rival codec")
        self.mode = QComboBox()
        self.mode.addItems([_SAME_RATE, "constant quality"])
        self.mode.setAccessibleName("Rival rate mode")
        self.mode.setToolTip("The same bitrate is met within 2 % of the neural stream's measured bitrate")
        self.quality = QDoubleSpinBox()
        self.quality.setDecimals(0)
        self.quality.setAccessibleName("CRF or QP")
        self.add = QPushButton("Add rival")
        self.add.setAccessibleName("Encode with the rival codec")
        form = self._form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("Codec", self.codec)
        form.addRow("Rate", self.mode)
        form.addRow("CRF / QP", self.quality)
        form.addRow(self.add)
        self.codec.currentIndexChanged.connect(self._refresh)
        self.mode.currentIndexChanged.connect(self._refresh)
        self._refresh()
        self.quality.setValue(32)

    @property
    def chosen(self) -> tuple[RivalCodec, float | None]:
        """The codec, and its CRF/QP or None for the neural bitrate."""
        codec = RivalCodec(self.codec.currentData())
        return codec, None if self.mode.currentText() == _SAME_RATE else self.quality.value()

    def _refresh(self) -> None:
        low, high = RivalCodec(self.codec.currentData()).quality_range
        self.quality.setRange(low, high)
        self.quality.setToolTip(f"{low:g} best to {high:g} worst")
        self._form.setRowVisible(self.quality, self.mode.currentText() != _SAME_RATE)


class TakeRow(QFrame):
    """One take: shown or not, its label, progress, cancel or remove."""

    cancel_asked = Signal(object)
    remove_asked = Signal(object)
    visible_asked = Signal(object, bool)

    def __init__(self, take: Take) -> None:
        super().__init__()
        self.take = take
        self.shown = QCheckBox()
        self.shown.setToolTip("Show this take in a pane")
        self.label = ElidedLabel()
        self.button = QToolButton()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        top = QHBoxLayout()
        top.addWidget(self.shown)
        top.addWidget(self.label, 1)
        top.addWidget(self.button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 2, 4, 2)
        layout.setSpacing(2)
        layout.addLayout(top)
        layout.addWidget(self.bar)
        self.shown.clicked.connect(lambda checked: self.visible_asked.emit(self.take, checked))
        self.button.clicked.connect(self._pressed)
        self.refresh()

    def refresh(self) -> None:
        """Bring the row up to date."""
        take = self.take
        running = take.status is Status.RUNNING
        self.label.setText(take.label)
        details = (take.label, take.message, take.note, take.error, take.command)
        self.label.setToolTip("\n".join(part for part in details if part))
        self.label.setStyleSheet(f"color:{kind_colour(take.kind)}")
        self.shown.setChecked(take.visible)
        self.shown.setAccessibleName(f"Show {take.name}")
        self.button.setText("Cancel" if running else "✕")
        self.button.setAccessibleName(f"{'Cancel' if running else 'Remove'} {take.name}")
        self.button.setToolTip("Stop this encode" if running else "Remove this take")
        self.button.setVisible(take.kind is not Kind.SOURCE)
        self.bar.setVisible(running)
        self.bar.setValue(round(1000 * take.progress))

    def _pressed(self) -> None:
        signal = self.cancel_asked if self.take.status is Status.RUNNING else self.remove_asked
        signal.emit(self.take)


class TakesPanel(QWidget):
    """Rows for all takes."""

    cancel_asked = Signal(object)
    remove_asked = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.rows: dict[int, TakeRow] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addStretch(1)
        session.takes.changed.connect(self._rebuild)
        session.takes.take_changed.connect(self._refresh)

    def _rebuild(self) -> None:
        ids = {take.id for take in self._session.takes}
        for number in [n for n in self.rows if n not in ids]:
            row = self.rows.pop(number)
            self._layout.removeWidget(row)
            row.deleteLater()
        for take in self._session.takes:
            if take.id not in self.rows:
                row = TakeRow(take)
                row.cancel_asked.connect(self.cancel_asked)
                row.remove_asked.connect(self.remove_asked)
                row.visible_asked.connect(self._session.takes.set_visible)
                self.rows[take.id] = row
                self._layout.insertWidget(self._layout.count() - 1, row)
            self.rows[take.id].refresh()

    def _refresh(self, take: Take) -> None:
        row = self.rows.get(take.id)
        if row is not None:
            row.refresh()


class SidePanel(QScrollArea):
    """Everything that starts an encode, and the takes."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.neural = NeuralControls(session)
        self.rival = RivalControls()
        self.takes = TakesPanel(session)
        content = QWidget()
        layout = QVBoxLayout(content)
        for title, part in (("Neural codec", self.neural), ("HEVC, VVC, AV1", self.rival), ("Takes", self.takes)):
            heading = QLabel(title)
            heading.setStyleSheet("font-weight:600;padding-top:6px")
            layout.addWidget(heading)
            layout.addWidget(part, 1 if part is self.takes else 0)
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(290)
        self.setFrameShape(QFrame.Shape.NoFrame)
