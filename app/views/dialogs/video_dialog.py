"""How a side-by-side video is to be written."""

from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QDialogButtonBox, QFormLayout, QVBoxLayout, QWidget

from app.exports.video import VideoChoice, VideoCodec
from app.views.widgets import Label


class VideoDialog(QDialog):
    """How a side-by-side video is to be written."""

    def __init__(self, takes: int, frames_text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export side-by-side video")
        self.codec = QComboBox()
        for codec in VideoCodec:
            self.codec.addItem(codec.value, codec)
        self.codec.setAccessibleName("Codec of the video")
        self.codec.setToolTip("The video is coded finely, so that it adds no errors of its own that could be seen")
        self.per_row = QComboBox()
        self.per_row.addItem("automatic", 0)
        for number in range(1, takes + 1):
            self.per_row.addItem(str(number), number)
        self.per_row.setAccessibleName("Takes in a row")
        self.labelled = QCheckBox("Labels with codec and bitrate")
        self.labelled.setChecked(True)
        self.slow = QCheckBox("Half speed")
        form = QFormLayout()
        form.addRow("Frames", Label(frames_text))
        form.addRow("Codec", self.codec)
        form.addRow("Takes in a row", self.per_row)
        form.addRow(self.labelled)
        form.addRow(self.slow)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.button(QDialogButtonBox.StandardButton.Ok).setText("Export…")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(buttons)

    @property
    def choice(self) -> VideoChoice:
        """What was chosen."""
        return VideoChoice(
            self.codec.currentData(), self.labelled.isChecked(), self.slow.isChecked(), self.per_row.currentData()
        )
