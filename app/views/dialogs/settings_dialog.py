"""Settings: memory for pictures, device, precision, theme. They hold at once and are remembered."""

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.state.settings import CACHE_LIMIT_BYTES, THEMES, Settings
from app.views.widgets import Label, plain_tip
from codec.api import DEVICES, PRECISIONS

_MIB = 2**20
MIN_CACHE_MIB = 64
_PRECISIONS = {"auto": "auto: 16 bits where that is faster", "full": "full: 32 bits everywhere"}
assert set(_PRECISIONS) == set(PRECISIONS)


class SettingsDialog(QDialog):
    """Edits a copy of the settings."""

    chosen = Signal(object)
    """The Settings wanted."""

    def __init__(self, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self._settings = settings
        self.setWindowTitle("Settings")
        self.cache = QSpinBox()
        self.cache.setRange(0, CACHE_LIMIT_BYTES // _MIB)
        self.cache.setSingleStep(256)
        self.cache.setSuffix(" MiB")
        self.cache.setSpecialValueText(f"automatic ({replace(settings, cache_bytes=0).cache_limit_bytes // _MIB} MiB)")
        self.cache.setValue(settings.cache_bytes // _MIB)
        self.cache.setAccessibleName("Memory for decoded pictures in MiB")
        least = f"else at least {MIN_CACHE_MIB} MiB"
        self.cache.setToolTip(plain_tip(f"0: a quarter of the memory, at most 2048 MiB; {least}"))
        self.device = QComboBox()
        self.device.addItems(DEVICES)
        self.device.setCurrentText(settings.device)
        self.device.setAccessibleName("Device")
        self.device.setToolTip("Where networks run, those of vae; auto takes the fastest device found")
        self.precision = QComboBox()
        for name, text in _PRECISIONS.items():
            self.precision.addItem(text, name)
        self.precision.setCurrentIndex(self.precision.findData(settings.precision))
        self.precision.setAccessibleName("Precision of networks")
        self.precision.setToolTip("Streams decode to the same symbols either way; pictures differ by a code or so")
        self.theme = QComboBox()
        self.theme.addItems(THEMES)
        self.theme.setCurrentText(settings.theme)
        self.theme.setAccessibleName("Theme")
        form = QFormLayout()
        form.addRow("Memory for pictures", self.cache)
        form.addRow("Device", self.device)
        form.addRow("Precision", self.precision)
        form.addRow("Theme", self.theme)
        note = Label("Around pictures it stays dark in both themes.")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self._accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(note)
        layout.addWidget(buttons)

    def _accept(self) -> None:
        wanted = self.cache.value()
        cache = 0 if wanted == 0 else max(MIN_CACHE_MIB, wanted) * _MIB
        self.chosen.emit(
            replace(
                self._settings,
                cache_bytes=cache,
                device=self.device.currentText(),
                precision=self.precision.currentData(),
                theme=self.theme.currentText(),
            )
        )
        self.accept()
