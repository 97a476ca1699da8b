"""The person at the screen, asked with dialogs over a window."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QMainWindow

from app.controllers.files import PROJECT_KIND
from app.controllers.person import Answer, Question
from app.jobs.points import PointTable
from app.state.draft import Draft
from app.state.imports import ImportDecision, ImportQuestion
from app.state.ladder import LadderPlan
from app.state.settings import Settings
from app.views.dialogs.choice_dialog import ChoiceDialog, PointsDialog
from app.views.dialogs.file_dialogs import ask_target
from app.views.dialogs.import_dialog import ImportDialog
from app.views.dialogs.ladder_dialog import LadderDialog
from app.views.dialogs.open_dialog import OpenDialog
from app.views.dialogs.settings_dialog import SettingsDialog
from app.views.widgets import MessageBox, plain_title
from codec.media.picture import Timing

if TYPE_CHECKING:
    from app.exports.video import VideoChoice

_CLIPS = "Video (*.mp4 *.mkv *.webm *.mov *.avi *.mpg *.y4m *.yuv);;Images (*.png *.jpg);;All files (*)"
_TAKES = "Video or stream (*.gop *.mp4 *.mkv *.webm *.mov *.avi *.mpg *.y4m *.yuv);;Images (*.png *.jpg);;All files (*)"
_SHOWN_MS = 8000
_TITLE = "Seamscope"
_KINDS = MessageBox.StandardButton
_ANSWERS = {_KINDS.Save: Answer.SAVE, _KINDS.Discard: Answer.DISCARD}


class _SaveBox(MessageBox):
    """Says what would be lost; closing it from outside is no answer."""

    def __init__(self, parent: QMainWindow, can_save: bool, answered: Callable[[Answer], None]) -> None:
        super().__init__(parent)
        self._answered: Callable[[Answer], None] | None = answered
        self.setIcon(MessageBox.Icon.Question)
        self.setWindowTitle(_TITLE)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setStandardButtons((_KINDS.Save if can_save else _KINDS.NoButton) | _KINDS.Discard | _KINDS.Cancel)
        self.setDefaultButton(_KINDS.Save if can_save else _KINDS.Cancel)
        self.setEscapeButton(_KINDS.Cancel)
        self.finished.connect(self._ended)

    def take_back(self) -> None:
        """Go without an answer."""
        self._answered = None
        self.done(0)

    def _ended(self, pressed: int) -> None:
        answered, self._answered = self._answered, None
        self.deleteLater()
        if answered is not None:
            answered(_ANSWERS.get(_KINDS(pressed), Answer.STAY))


class Dialogs:
    """The `app.controllers.person.Person` before a window."""

    def __init__(self, window: QMainWindow) -> None:
        self._window = window

    def ask_clip(self, folder: Path, chosen: Callable[[Path], None]) -> None:
        """Opens a dialog."""
        self._open("Open clip", folder, _CLIPS, chosen)

    def ask_take_file(self, folder: Path, chosen: Callable[[Path], None]) -> None:
        """Opens a dialog."""
        self._open("Import as a take", folder, _TAKES, chosen)

    def _open(self, title: str, folder: Path, kinds: str, chosen: Callable[[Path], None]) -> None:
        dialog = OpenDialog(title, str(folder), kinds, self._window)
        dialog.chosen.connect(chosen)
        dialog.open()

    def ask_project(self, folder: Path) -> Path | None:
        """Waits for an answer."""
        name, _ = QFileDialog.getOpenFileName(self._window, "Open project", str(folder), PROJECT_KIND)
        return Path(name) if name else None

    def ask_folder(self, title: str, folder: Path | None = None) -> Path | None:
        """Waits for an answer."""
        name = QFileDialog.getExistingDirectory(self._window, title, "" if folder is None else str(folder))
        return Path(name) if name else None

    def ask_target(self, title: str, proposed: Path, kinds: str, suffixes: Sequence[str]) -> Path | None:
        """Waits for an answer."""
        return ask_target(self._window, plain_title(title), proposed, kinds, suffixes)

    def ask_import(
        self, question: ImportQuestion, clip: Timing, decided: Callable[[ImportQuestion, ImportDecision], None]
    ) -> None:
        """Opens a dialog."""
        dialog = ImportDialog(question, clip, self._window)
        dialog.decided.connect(decided)
        dialog.open()

    def ask_choice(
        self, take: str, said: tuple[str, str], chosen: Callable[[str, str], None], drop: Callable[[], None] | None
    ) -> None:
        """Opens a dialog."""
        dialog = ChoiceDialog(take, *said, is_chosen=drop is not None, parent=self._window)
        dialog.chosen.connect(chosen)
        if drop is not None:
            dialog.dropped.connect(drop)
        dialog.open()

    def show_points(self, table: PointTable, export: Callable[[], None]) -> None:
        """Opens a dialog."""
        dialog = PointsDialog(table, self._window)
        dialog.export_asked.connect(export)
        dialog.open()

    def ask_ladder(self, draft: Draft, room: int, chosen: Callable[[LadderPlan], object]) -> None:
        """Opens a dialog."""
        dialog = LadderDialog(draft, room, self._window)
        dialog.chosen.connect(chosen)
        dialog.open()

    def ask_video(self, takes: int, frames: str, chosen: "Callable[[VideoChoice], None]") -> None:
        """Opens a dialog."""
        from app.views.dialogs.video_dialog import VideoDialog

        dialog = VideoDialog(takes, frames, self._window)
        dialog.accepted.connect(lambda: chosen(dialog.choice))
        dialog.open()

    def ask_settings(self, settings: Settings, chosen: Callable[[Settings], None]) -> None:
        """Opens a dialog."""
        dialog = SettingsDialog(settings, self._window)
        dialog.chosen.connect(chosen)
        dialog.open()

    def ask_recovery(self, go_on: Callable[[], None], discard: Callable[[], None]) -> None:
        """Opens a box."""
        box = MessageBox(self._window)
        box.setWindowTitle(_TITLE)
        box.setText("Seamscope did not end in good order. Go on with what was open then?")
        wanted = box.addButton("Go on", MessageBox.ButtonRole.AcceptRole)
        dropped = box.addButton("Discard it", MessageBox.ButtonRole.DestructiveRole)
        box.addButton("Ask again later", MessageBox.ButtonRole.RejectRole)
        box.buttonClicked.connect(
            lambda pressed: go_on() if pressed is wanted else discard() if pressed is dropped else None
        )
        box.open()

    def ask_to_save(self, text: str, can_save: bool, answered: Callable[[Answer], None]) -> Question:
        """Opens a box."""
        box = _SaveBox(self._window, can_save, answered)
        box.setText(text)
        box.open()
        return box

    def tell(self, text: str) -> None:
        """In the status bar, for a while."""
        self._window.statusBar().showMessage(text, _SHOWN_MS)

    def copy_text(self, text: str) -> None:
        """To the clipboard."""
        QGuiApplication.clipboard().setText(text)

    def copy_image(self, image: QImage) -> None:
        """To the clipboard."""
        QGuiApplication.clipboard().setImage(image)
