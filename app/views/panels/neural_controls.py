"""The next neural take: codec, λ as a logarithmic slider and as a number, the codec's options, device."""

import math

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QPushButton, QWidget

from app.state.recipes import own_options
from app.state.session import Session
from app.views.panels.lambda_box import LambdaBox, rounded
from app.views.panels.marked_slider import MarkedSlider
from app.views.panels.option_fields import Field, field_for, show_value
from app.views.widgets import plain_tip
from codec import registry
from codec.api import DEVICES, CodecSettings

_SLIDER_STEPS = 1000
_FIRST_OPTION = 2
"""Row of the form: below the codec and λ."""


class NeuralControls(QWidget):
    """Shows the session's neural draft and changes it; the fields are those of the draft's codec."""

    device_chosen = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._draft = session.draft
        self._shown = ""
        """Id of the codec whose options have fields."""
        self.codec = QComboBox()
        for codec in registry.usable().values():
            self.codec.addItem(codec.name, codec.id)
        self.codec.setAccessibleName("Seamscope's codec")
        self.codec.setToolTip("The codec that encodes; each keeps its own λ and options")
        self.slider = MarkedSlider()
        self.slider.setRange(0, _SLIDER_STEPS)
        self.slider.setAccessibleName("λ slider")
        self.number = LambdaBox()
        self.options: dict[str, Field] = {}
        """Fields of the codec's own settings, by name."""
        self.device = QComboBox()
        self.device.addItems(DEVICES)
        self.device.setCurrentText(session.settings.device)
        self.device.setAccessibleName("Device")
        self.device.setToolTip("Where the codec's networks run; auto takes the fastest device found")
        self.encode = QPushButton("Encode")
        self.encode.setObjectName("primary")
        self.encode.setAccessibleName("Encode with Seamscope's codec")
        row = QHBoxLayout()
        row.addWidget(self.slider, 1)
        row.addWidget(self.number)
        form = self._form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("Codec", self.codec)
        form.addRow("λ", row)
        form.addRow("Device", self.device)
        form.addRow(self.encode)
        form.setRowVisible(self.codec, self.codec.count() > 1)
        self.refresh()
        self.codec.currentIndexChanged.connect(lambda: self._draft.choose_codec(self.codec.currentData()))
        self.slider.valueChanged.connect(self._slid)
        self.number.valueChanged.connect(self._draft.set_lmbda)
        self.device.textActivated.connect(self.device_chosen)
        self._draft.changed.connect(self.refresh)
        session.settings_changed.connect(lambda: self.device.setCurrentText(session.settings.device))

    @property
    def _settings(self) -> type[CodecSettings]:
        return registry.named(self._draft.codec).settings

    def _slid(self, step: int) -> None:
        low, high = self._settings.lambda_range
        self._draft.set_lmbda(rounded(low * (high / low) ** (step / _SLIDER_STEPS), low, high))

    def _step(self, lmbda: float) -> int:
        """The place on the slider that is nearest to λ."""
        low, high = self._settings.lambda_range
        return round(_SLIDER_STEPS * math.log(lmbda / low) / math.log(high / low))

    def refresh(self) -> None:
        """Show the draft."""
        draft = self._draft
        if self._shown != draft.codec:
            self._rebuild()
        for name, value in draft.recipe.options:
            show_value(self.options[name], value)
        quiet = QSignalBlocker(self.slider), QSignalBlocker(self.number)
        # The step under the hand stays where it is put: several stand for one λ of three digits.
        low, high = self._settings.lambda_range
        if rounded(low * (high / low) ** (self.slider.value() / _SLIDER_STEPS), low, high) != draft.lmbda:
            self.slider.setValue(self._step(draft.lmbda))
        self.number.setValue(draft.lmbda)
        del quiet

    def _rebuild(self) -> None:
        """Fields, range and marks of another codec."""
        self._shown = self._draft.codec
        quiet = QSignalBlocker(self.codec), QSignalBlocker(self.number), QSignalBlocker(self.slider)
        self.codec.setCurrentIndex(self.codec.findData(self._shown))
        low, high = self._settings.lambda_range
        self.number.setRange(low, high)
        self.slider.setValue(self._step(self._draft.lmbda))
        del quiet
        self._form.setRowVisible(self.device, self._settings.has_networks)
        marks = self._settings.lambda_marks
        self.slider.set_marks(tuple(self._step(mark) for mark in marks))
        named = f"; the marks are the paper's λ: {', '.join(f'{mark:g}' for mark in marks)}" if marks else ""
        tip = f"λ weighs picture quality against bits: {low:g} few bits, {high:g} many bits{named}"
        self.slider.setToolTip(plain_tip(tip))
        for old in self.options.values():
            self._form.removeRow(old)
        self.options = {}
        for place, option in enumerate(own_options(self._shown), start=_FIRST_OPTION):
            self.options[option.name] = made = field_for(option, self._draft.set_option)
            self._form.insertRow(place, option.label, made)
