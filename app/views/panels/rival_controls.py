"""The rival that would be added: codec, rate, preset; the lock that keeps rivals at its bitrate."""

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QFormLayout, QPushButton, QWidget

from app.state.draft import RateMode
from app.state.session import Session
from app.views.widgets import plain_tip
from codec.rivals.settings import RivalCodec

_PRESETS = {
    RivalCodec.HEVC: (
        "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow",
    ),
    RivalCodec.VVC: ("faster", "fast", "medium", "slow", "slower"),
    RivalCodec.AV1: tuple(str(number) for number in range(13, -1, -1)),
}  # fmt: skip


class RivalControls(QWidget):
    """Shows the session's rival draft and changes it."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._draft = session.draft
        self.codec = QComboBox()
        for codec in RivalCodec:
            self.codec.addItem(codec.label, codec)
        self.codec.setAccessibleName("Rival codec")
        self.mode = QComboBox()
        self.mode.addItems([mode.value for mode in RateMode])
        self.mode.setAccessibleName("Rival rate mode")
        self.mode.setToolTip("A bitrate is met within 2 % by trials, measured on the coded frames without a container")
        self.quality = QDoubleSpinBox()
        self.quality.setDecimals(0)
        self.quality.setAccessibleName("CRF or QP")
        self.kbps = QDoubleSpinBox()
        self.kbps.setDecimals(1)
        self.kbps.setRange(1.0, 1e6)
        self.kbps.setSuffix(" kbps")
        self.kbps.setAccessibleName("Bitrate in kbps")
        self.kbps.setToolTip("Bitrate of the coded frames, without a container: bytes · 8 / duration / 1000")
        self.preset = QComboBox()
        self.preset.setAccessibleName("Preset")
        self.preset.setToolTip("The encoder's effort, from fast to slow")
        self.lock = QCheckBox("Keep rivals at Seamscope's bitrate")
        self.lock.setToolTip(
            "When a take of Seamscope's codec is encoded again, rivals matched to it follow at its new bitrate"
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
        self.refresh()
        self.codec.currentIndexChanged.connect(
            lambda: self._change(codec=RivalCodec(self.codec.currentData()), preset="")
        )
        self.mode.currentTextChanged.connect(lambda text: self._change(mode=RateMode(text)))
        self.quality.valueChanged.connect(lambda value: self._change(quality=value))
        self.kbps.valueChanged.connect(lambda value: self._change(kbps=value))
        self.preset.currentTextChanged.connect(lambda text: self._change(preset=text))
        session.draft.rival_changed.connect(self.refresh)
        self.lock.clicked.connect(session.set_rate_lock)
        session.notes_changed.connect(lambda: self.lock.setChecked(session.rate_lock))

    def _change(self, **values: object) -> None:
        self._draft.set_rival(replace(self._draft.rival, **values))

    def refresh(self) -> None:
        """Show the draft."""
        rival = self._draft.rival
        parts = (self.codec, self.mode, self.quality, self.kbps, self.preset)
        quiet = [QSignalBlocker(part) for part in parts]
        self.codec.setCurrentIndex(self.codec.findData(rival.codec))
        self.mode.setCurrentText(rival.mode.value)
        low, high = rival.codec.quality_range
        self.quality.setRange(low, high)
        self.quality.setToolTip(plain_tip(f"{low:g} best to {high:g} worst"))
        self.quality.setValue(rival.quality)
        self.kbps.setValue(rival.kbps)
        if [self.preset.itemText(i) for i in range(self.preset.count())] != list(_PRESETS[rival.codec]):
            self.preset.clear()
            self.preset.addItems(_PRESETS[rival.codec])
        self.preset.setCurrentText(rival.preset or rival.codec.default_preset)
        del quiet
        self._form.setRowVisible(self.quality, rival.mode is RateMode.QUALITY)
        self._form.setRowVisible(self.kbps, rival.mode is RateMode.BITRATE)
