"""What can be encoded: λ and device, rivals with their rate and preset; the takes and the notes under it."""

import math

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.state.session import Session
from app.state.takes import Recipe
from app.views.lambda_box import LambdaBox, rounded
from app.views.takes_panel import TakesPanel
from app.views.widgets import Label, plain_tip
from codec.api import DEVICES
from codec.hybrid.settings import LAMBDA_RANGE, MAX_KEY_INTERVAL
from codec.rivals.settings import RivalCodec

_SLIDER_STEPS = 1000
_SAME_RATE = "same bitrate as Neural"
_BITRATE = "bitrate"
_QUALITY = "constant quality"
_PRESETS = {
    RivalCodec.HEVC: (
        "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow",
    ),
    RivalCodec.VVC: ("faster", "fast", "medium", "slow", "slower"),
    RivalCodec.AV1: tuple(str(number) for number in range(13, -1, -1)),
}  # fmt: skip


class NeuralControls(QWidget):
    """λ as a logarithmic slider and as a number; the key interval; the device; Encode."""

    device_chosen = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__()
        low, high = LAMBDA_RANGE
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, _SLIDER_STEPS)
        self.slider.setAccessibleName("λ slider")
        self.slider.setToolTip(plain_tip(f"λ weighs picture quality against bits: {low} few bits, {high} many bits"))
        self.number = LambdaBox()
        self.key_interval = QSpinBox()
        self.key_interval.setRange(1, MAX_KEY_INTERVAL)
        self.key_interval.setSuffix(" GoPs")
        self.key_interval.setSpecialValueText("1: all are key GoPs")
        self.key_interval.setValue(session.settings.key_interval)
        self.key_interval.setAccessibleName("Key interval in GoPs")
        self.key_interval.setToolTip(
            "From one key GoP, coded on its own, to the next; those between are chained to the one before: fewer bits, "
            "but a loss reaches to the next key GoP"
        )
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
        form.addRow("Key interval", self.key_interval)
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

    @property
    def recipe(self) -> Recipe:
        """What is to be encoded."""
        return Recipe(None, lmbda=self.lmbda, key_interval=self.key_interval.value())

    def _slid(self, step: int) -> None:
        low, high = LAMBDA_RANGE
        with QSignalBlocker(self.number):
            self.number.setValue(rounded(low * (high / low) ** (step / _SLIDER_STEPS)))

    def _typed(self, value: float) -> None:
        low, high = LAMBDA_RANGE
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(_SLIDER_STEPS * math.log(value / low) / math.log(high / low)))


class RivalControls(QWidget):
    """A rival codec at the neural bitrate, at a bitrate, or at a quality of its own; the lock that keeps rivals at the
    neural bitrate."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.codec = QComboBox()
        for codec in RivalCodec:
            self.codec.addItem(codec.label, codec)
        self.codec.setAccessibleName("Rival codec")
        self.mode = QComboBox()
        self.mode.addItems([_SAME_RATE, _BITRATE, _QUALITY])
        self.mode.setAccessibleName("Rival rate mode")
        self.mode.setToolTip("A bitrate is met within 2 % by trials, measured on the coded frames without a container")
        self.quality = QDoubleSpinBox()
        self.quality.setDecimals(0)
        self.quality.setAccessibleName("CRF or QP")
        self.kbps = QDoubleSpinBox()
        self.kbps.setDecimals(1)
        self.kbps.setRange(1.0, 1e6)
        self.kbps.setSuffix(" kbps")
        self.kbps.setValue(500.0)
        self.kbps.setAccessibleName("Bitrate in kbps")
        self.kbps.setToolTip("Bitrate of the coded frames, without a container: bytes · 8 / duration / 1000")
        self.preset = QComboBox()
        self.preset.setAccessibleName("Preset")
        self.preset.setToolTip("The encoder's effort, from fast to slow")
        self.lock = QCheckBox("Keep rivals at the neural bitrate")
        self.lock.setToolTip(
            "When a neural take is encoded again, rivals matched to it are encoded again at its new bitrate"
        )
        self.add = QPushButton("Add rival")
        self.add.setAccessibleName("Encode with the rival codec")
        form = self._form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("Codec", self.codec)
        form.addRow("Rate", self.mode)
        form.addRow("CRF / QP", self.quality)
        form.addRow("Bitrate", self.kbps)
        form.addRow("Preset", self.preset)
        form.addRow(self.add)
        form.addRow(self.lock)
        self.codec.currentIndexChanged.connect(self._codec_chosen)
        self.mode.currentIndexChanged.connect(self._refresh)
        self.lock.clicked.connect(session.set_rate_lock)
        session.notes_changed.connect(lambda: self.lock.setChecked(session.rate_lock))
        self._codec_chosen()
        self.quality.setValue(32)

    @property
    def recipe(self) -> Recipe:
        """What is to be encoded."""
        codec, mode = RivalCodec(self.codec.currentData()), self.mode.currentText()
        preset = self.preset.currentText()
        preset = "" if preset == codec.default_preset else preset
        if mode == _QUALITY:
            return Recipe(codec, quality=self.quality.value(), preset=preset)
        if mode == _BITRATE:
            return Recipe(codec, kbps=self.kbps.value(), preset=preset)
        return Recipe(codec, preset=preset)

    def _codec_chosen(self) -> None:
        codec = RivalCodec(self.codec.currentData())
        self.preset.clear()
        self.preset.addItems(_PRESETS[codec])
        self.preset.setCurrentText(codec.default_preset)
        self._refresh()

    def _refresh(self) -> None:
        low, high = RivalCodec(self.codec.currentData()).quality_range
        self.quality.setRange(low, high)
        self.quality.setToolTip(plain_tip(f"{low:g} best to {high:g} worst"))
        self._form.setRowVisible(self.quality, self.mode.currentText() == _QUALITY)
        self._form.setRowVisible(self.kbps, self.mode.currentText() == _BITRATE)


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
        self.takes = TakesPanel(session)
        self.notes = Notes(session)
        content = QWidget()
        layout = QVBoxLayout(content)
        parts = (
            ("Neural codec", self.neural),
            ("HEVC, VVC, AV1", self.rival),
            ("Takes", self.takes),
            ("Notes", self.notes),
        )
        for title, part in parts:
            heading = Label(title)
            heading.setStyleSheet("font-weight:600;padding-top:6px")
            layout.addWidget(heading)
            layout.addWidget(part, 1 if part is self.takes else 0)
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(300)
        self.setFrameShape(QFrame.Shape.NoFrame)
