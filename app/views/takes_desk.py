"""The desk: dialogs and menus around takes, projects, exports and settings. It asks, and has the work done."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDeadlineTimer, QEventLoop, QObject, QPoint, QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu

from app.actions.desk import TAKE_MENU
from app.jobs import tasks
from app.jobs.editing import Edits
from app.jobs.importing import Imports
from app.jobs.projects import Projects
from app.state.imports import ImportDecision, ImportQuestion
from app.state.project import SUFFIX
from app.state.recipes import Recipe
from app.state.session import Session
from app.state.settings import Settings
from app.state.takes import Take
from app.views import theme
from app.views.export_desk import ExportDesk
from app.views.file_dialogs import ask_target
from app.views.leaving import QUIT, Leaving
from app.views.open_dialog import OpenDialog
from app.views.palette import CommandPalette
from app.views.settings_dialog import SettingsDialog
from app.views.takes_import import ImportDialog
from app.views.widgets import MessageBox, plain_title
from codec.output import short_name

if TYPE_CHECKING:
    from app.views.main_window import MainWindow

AUTOSAVE_MS = 30_000
KEEP_MS = 5_000
"""How long the end of the program waits for the last autosave."""
_PROJECTS = f"Seamscope project (*{SUFFIX})"
_TAKES = "Video or stream (*.gop *.mp4 *.mkv *.webm *.mov *.avi *.mpg *.y4m *.yuv);;Images (*.png *.jpg);;All files (*)"


class Desk(QObject):
    """The `app.actions.desk.Desk` of a window."""

    def __init__(self, window: "MainWindow", session: Session) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self.exports = ExportDesk(window, session)
        self.edits = Edits(window.engine)
        self.imports = Imports(window.engine)
        self.projects = Projects(window.engine, self.imports)
        panel = window.side.takes
        panel.cancel_asked.connect(window.engine.cancel)
        panel.remove_asked.connect(self.edits.remove)
        panel.visible_asked.connect(self.edits.set_visible)
        panel.rename_asked.connect(self.edits.rename)
        panel.move_asked.connect(self.edits.move)
        panel.menu_asked.connect(self._show_menu)
        panel.files_dropped.connect(self._import_paths)
        self.imports.asked.connect(self._ask_about)
        self.leaving = Leaving(window, self)
        self.projects.changed.connect(self._retitle)
        session.clip_changed.connect(self._retitle)
        session.settings_changed.connect(self._theme_changed)
        self._theme = session.settings.theme
        self._autosave = QTimer(self)
        self._autosave.setInterval(AUTOSAVE_MS)
        self._autosave.timeout.connect(self.projects.autosave)
        self._autosave.start()

    def begin(self) -> None:
        """The window is on the screen with all its parts."""
        charts = self._window.charts
        if charts is not None:
            charts.export_asked.connect(self.exports.ask_charts)
        self._offer_recovery()

    def _offer_recovery(self) -> None:
        """Ask whether to go on with what a crashed run left behind, if there is something."""
        file = self.projects.left_behind()
        if file is None:
            return
        box = MessageBox(self._window)
        box.setWindowTitle("Seamscope")
        box.setText("Seamscope did not end in good order. Go on with what was open then?")
        go_on = box.addButton("Go on", MessageBox.ButtonRole.AcceptRole)
        drop = box.addButton("Discard it", MessageBox.ButtonRole.DestructiveRole)
        box.addButton("Ask again later", MessageBox.ButtonRole.RejectRole)
        box.buttonClicked.connect(
            lambda pressed: (
                self.leaving.then("go on with what was open then", lambda: self.projects.recover(file))
                if pressed is go_on
                else self.projects.forget_left_behind(file)
                if pressed is drop
                else None
            )
        )
        box.open()

    # Takes

    def encode(self, recipe: Recipe) -> Take | None:
        """A new take, with its undo."""
        return self.edits.added(self._window.engine.encode(recipe))

    def encode_again(self, take: Take) -> None:
        """Encode a take anew with its own settings."""
        self.edits.encode_again(take)

    def encode_anew(self, take: Take) -> None:
        """Encode a neural take anew as the controls say, in its place."""
        self.edits.encode_again(take, self._session.draft.recipe)

    def rename(self, take: Take) -> None:
        """Type the take's name in its row."""
        row = self._window.side.takes.rows.get(take.id)
        if row is not None:
            row.rename()

    def _show_menu(self, take: Take, place: QPoint) -> None:
        self._session.select(take)
        self._window.menus.refresh()
        menu = QMenu(self._window)
        for name in TAKE_MENU:
            if name is None:
                menu.addSeparator()
            else:
                menu.addAction(self._window.menus.actions[name])
        menu.popup(place)

    def ask_import(self) -> None:
        """Ask for a file and look at it."""
        clip = self._session.clip
        folder = str(Path.home() if clip is None else clip.path.parent)
        dialog = OpenDialog("Import as a take", folder, _TAKES, self._window)
        dialog.chosen.connect(self.imports.look_at)
        dialog.open()

    def _import_paths(self, paths: Sequence[Path]) -> None:
        for path in paths:
            self.imports.look_at(path)

    def _ask_about(self, question: ImportQuestion) -> None:
        if question.facts.is_stream and not question.mismatches:
            # Everything there is to know stands in the stream.
            self._accept(question, ImportDecision())
            return
        clip = self._session.clip
        if clip is None:
            return
        dialog = ImportDialog(question, clip.timing, self._window)
        dialog.decided.connect(self._accept)
        dialog.open()

    def _accept(self, question: ImportQuestion, decision: ImportDecision) -> None:
        self.edits.added(self.imports.accept(question, decision))

    def ask_export_take(self, take: Take) -> None:
        """Ask for a name and copy the take's file there."""
        file = take.file or take.encoded.file
        if file is None:
            return
        plain = "".join(c if c.isalnum() or c in "-_." else "_" for c in take.name).strip("_")
        proposed = short_name(plain, file.suffix)
        title = f"Export {plain_title(take.name)}"
        target = ask_target(self._window, title, proposed, f"*{file.suffix}", (file.suffix.lower(),))
        if target is not None:
            self._window.engine.in_background(tasks.copy_file, (file, target, self._window.engine.files_in_use))

    # Files

    def open_paths(self, paths: Sequence[Path]) -> None:
        """What was dropped or chosen: a project, streams as takes, or a clip."""
        project = next((path for path in paths if path.suffix == SUFFIX), None)
        streams = [path for path in paths if path.suffix.lower() == ".gop"]
        others = [path for path in paths if path != project and path not in streams]
        if project is not None:
            self.leaving.then(f"open {project.name}", lambda: self.projects.open(project))
        elif others:
            takes = [*streams, *others[1:]]
            self.leaving.then(
                f"open {others[0].name}",
                lambda: self._window.engine.open(others[0], then=lambda: self._import_paths(takes)),
            )
        else:
            self._import_paths(streams)

    def ask_open_project(self) -> None:
        """Ask for a project file and open it."""
        name, _ = QFileDialog.getOpenFileName(self._window, "Open project", self._folder(), _PROJECTS)
        if name:
            self.open_paths([Path(name)])

    def save_project(self, then: Callable[[], None] | None = None) -> None:
        """Save where the project is; ask where, the first time. `then` is called when it is saved."""
        if self.projects.path is None:
            self.ask_save_project(then)
        else:
            self.projects.save(self.projects.path, then)

    def ask_save_project(self, then: Callable[[], None] | None = None) -> None:
        """Ask for a name and save the project there; `then` is called when it is saved."""
        clip = self._session.clip
        if clip is None:
            return
        proposed = Path(self._folder()) / short_name(clip.path.stem.replace("%", ""), SUFFIX)
        target = ask_target(self._window, "Save project", proposed, _PROJECTS, (SUFFIX,))
        if target is not None:
            self.projects.save(target, then)

    def _folder(self) -> str:
        clip, path = self._session.clip, self.projects.path
        return str(Path.home() if clip is None else (path or clip.path).parent)

    def _retitle(self) -> None:
        clip = self._session.clip
        if clip is not None:
            project = "" if self.projects.path is None else f" · {plain_title(self.projects.path.name)}"
            self._window.setWindowTitle(f"{plain_title(clip.path.name)}{project}[*] – Seamscope")
        self.refresh_modified()

    def refresh_modified(self) -> None:
        """Mark the title while there is something to save."""
        self._window.setWindowModified(self.projects.unsaved)

    # Window

    def show_settings(self) -> None:
        """The settings dialog."""
        dialog = SettingsDialog(self._session.settings, self._window)
        dialog.chosen.connect(self._set)
        dialog.open()

    def _set(self, wanted: Settings) -> None:
        before = self._session.settings
        # Recent files may have come while the dialog was open.
        kept = replace(wanted, recent=before.recent, codec=before.codec, choices=before.choices)
        self._session.update_settings(kept)
        self._window.presenter.cache.set_limit(kept.cache_limit_bytes)
        if (kept.device, kept.precision) != (before.device, before.precision):
            self._window.engine.set_device(kept.device)
            self._window.side.neural.device.setCurrentText(kept.device)

    def _theme_changed(self) -> None:
        name = self._session.settings.theme
        if name != self._theme:
            self._theme = name
            application = QApplication.instance()
            assert isinstance(application, QApplication)
            application.setStyleSheet(theme.style(theme.use(name)))
            self._window.side.takes.refresh()

    def show_palette(self) -> None:
        """Every action by its name."""
        self._window.menus.refresh()
        palette = CommandPalette(self._window.menus.actions, self._window)
        palette.move(self._window.mapToGlobal(QPoint((self._window.width() - palette.width()) // 2, 60)))
        palette.open()

    def allows_close(self) -> bool:
        """False while something would be lost: the user is asked then, and the window closes when that was answered."""
        return self.leaving.agreed(QUIT, self._window.close)

    def keep(self) -> None:
        """Write the autosave once more, and wait for it, though not for a disk that no longer answers."""
        deadline = QDeadlineTimer(KEEP_MS)
        # One may be under way, of what was open then.
        for _ in range(2):
            self.projects.autosave()
            while self.projects.keeping and not deadline.hasExpired():
                QApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents, 20)

    def close(self) -> None:
        """The window is closing."""
        self._autosave.stop()

    def closed(self, *, keep: bool = False) -> None:
        """The window has closed, all work has ended: what was kept for a crash goes, unless it is to `keep`."""
        if not keep:
            self.projects.close()
