"""Ask for something that can be opened as a clip: a file, a folder of images, or a pattern such as `name_%04d.png`."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialogButtonBox, QFileDialog, QPushButton, QWidget


class OpenDialog(QFileDialog):
    """Qt's own dialog: that of the desktop opens neither a folder nor a name that is no file's."""

    chosen = Signal(object)
    """A Path."""

    def __init__(self, title: str, folder: str, kinds: str, parent: QWidget) -> None:
        super().__init__(parent, title, folder, kinds)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setOption(QFileDialog.Option.DontUseNativeDialog)
        self.setAcceptMode(QFileDialog.AcceptMode.AcceptOpen)
        # Existing files alone would refuse a pattern.
        self.setFileMode(QFileDialog.FileMode.AnyFile)
        self.folder_button = QPushButton("Open folder")
        self.folder_button.setToolTip("Open the images of the folder that is chosen or shown, in order")
        self.folder_button.setAutoDefault(False)
        self.folder_button.clicked.connect(self._open_folder)
        buttons = self.findChild(QDialogButtonBox)
        if isinstance(buttons, QDialogButtonBox):
            buttons.addButton(self.folder_button, QDialogButtonBox.ButtonRole.ActionRole)
        self.fileSelected.connect(lambda name: self.chosen.emit(Path(name)))

    def _open_folder(self) -> None:
        selected = [Path(name) for name in self.selectedFiles()]
        folder = next((path for path in selected if path.is_dir()), Path(self.directory().absolutePath()))
        self.chosen.emit(folder)
        self.reject()
