"""What actions ask of the window: dialogs, and showing or hiding its parts."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from app.exports import frames as frame_export
from app.state.session import Session
from app.views.file_dialogs import ask_target
from app.views.menus import MOST_COLUMNS, key_sheet
from app.views.open_dialog import OpenDialog
from app.views.placing import set_full_screen, to_remember
from app.views.second_window import SecondWindow
from app.views.takes_desk import Desk
from app.views.view_desk import ViewDesk

if TYPE_CHECKING:
    from app.views.main_window import MainWindow

_CLIPS = "Video (*.mp4 *.mkv *.webm *.mov *.avi *.mpg *.y4m *.yuv);;Images (*.png *.jpg);;All files (*)"


class Commands:
    """The `Screen` of `app.actions`, acted on a window."""

    def __init__(self, window: "MainWindow", session: Session) -> None:
        self._window, self._session = window, session
        self.desk = Desk(window, session)
        self.view_keys = ViewDesk(window, session)
        self._last_focus: tuple[int | None, int | None] = (None, None)
        self._before_hold: list[int | None] = []
        """The focus before the source was held; empty while it is not."""
        self._place = ""
        """Where the window stood before the full screen, as text."""
        self._put_away: list[QWidget] = []
        """Parts hidden by the full screen."""
        session.focus_changed.connect(self._focus_changed)

    def now_s(self) -> float:
        """The playback's clock."""
        return self._window.player.now_s()

    def ask_clip(self) -> None:
        """Open dialog."""
        recent = self._session.settings.recent
        folder = str(Path(recent[0]).parent) if recent else str(Path.home())
        dialog = OpenDialog("Open clip", folder, _CLIPS, self._window)
        dialog.chosen.connect(lambda path: self.desk.open_paths([path]))
        dialog.open()

    def encode_neural(self) -> None:
        """Encode as the neural codec's controls say."""
        self.desk.encode(self._session.draft.recipe)

    def add_rival(self) -> None:
        """Encode with the rival of the controls."""
        self.desk.encode(self._session.draft.rival.recipe)

    def save_frames(self) -> None:
        """Ask for a folder and write the picture of every shown take."""
        folder = QFileDialog.getExistingDirectory(self._window, "Folder for the frames")
        if folder:
            self.save_frames_to(Path(folder))

    def save_frames_to(self, folder: Path) -> None:
        """Write the picture of every shown take as PNG, named by take and frame."""
        frame, mode = self._session.playback.frame, self._session.seam_mode
        takes = tuple(take for take in self._session.shown if take.ready(frame, mode))
        self._window.engine.in_background(
            frame_export.save, (takes, frame, mode, folder, None, self._window.engine.files_in_use)
        )

    def ask_save_stream(self) -> None:
        """Ask for a name and copy the newest neural stream there."""
        take, kinds = self._window.engine.newest_neural, "Seamscope stream (*.gop)"
        target = ask_target(self._window, "Save neural stream", "stream.gop", kinds, (".gop",))
        if target is not None and take is not None:
            self._window.engine.save_stream(take, target)

    def toggle_charts(self) -> None:
        """Show or hide the charts."""
        charts = self._window.charts
        if charts is not None:
            charts.setVisible(not charts.isVisible())

    def charts_shown(self) -> bool:
        """True while the charts are there."""
        return self._window.charts is not None and not self._window.charts.isHidden()

    def toggle_panel(self, name: str) -> None:
        """Show or hide a tab of the inspector: "seams", "worst" or "scopes"."""
        self._window.inspector_panel.toggle(name)

    def panel_shown(self, name: str) -> bool:
        """True while that tab is in front."""
        return self._window.inspector_panel.shows(name)

    def toggle_info(self) -> None:
        """Show or hide facts about clip and takes."""
        self._window.info.setVisible(self._window.info.isHidden())
        self._window.info.refresh()

    def info_shown(self) -> bool:
        """True while the information is there."""
        return not self._window.info.isHidden()

    def toggle_full_screen(self) -> None:
        """Pictures alone on the whole screen, or back."""
        window = self._window
        if window.isFullScreen():
            self._session.view.present(False)
            for part in self._put_away:
                part.show()
            self._put_away = []
            set_full_screen(window, False)
            return
        self._place = to_remember(window)
        self._put_parts_away(window.menuBar(), window.side, window.statusBar(), window.charts, window.inspector_panel)
        set_full_screen(window, True)

    @property
    def place(self) -> str:
        """Where the window stands, as text; in full screen where it stood before, which systems may not tell then."""
        return self._place if self._place and self._window.isFullScreen() else to_remember(self._window)

    def toggle_presentation(self) -> None:
        """Full screen with large labels and nothing but pictures, or back."""
        if self._session.view.presenting:
            self.toggle_full_screen()
            return
        if not self._window.isFullScreen():
            self.toggle_full_screen()
        self._put_parts_away(self._window.transport, self._window.info)
        self._session.view.present(True)

    def toggle_second(self) -> None:
        """The pictures once more in a second window, or no longer."""
        window = self._window
        if window.second is None:
            keys = list(window.menus.actions.values())
            window.second = SecondWindow(window, self._session, window.stage, window.stage.aids, keys)
            window.second.closed.connect(window.menus.refresh)
        if window.second.isVisible():
            window.second.hide()
        else:
            window.second.open()

    def second_shown(self) -> bool:
        """True while there is a second window."""
        return self._window.second is not None and self._window.second.isVisible()

    def leave_full_screen(self) -> None:
        """Back to the window; also puts the key sheet away."""
        self._window.keys.hide()
        if self._window.isFullScreen():
            self.toggle_full_screen()

    def _put_parts_away(self, *parts: QWidget | None) -> None:
        """Hide parts until full screen ends; what the user had hidden stays hidden then."""
        shown = [part for part in parts if part is not None and not part.isHidden()]
        self._put_away += shown
        for part in shown:
            part.hide()

    def toggle_keys(self) -> None:
        """The key sheet over everything."""
        keys = self._window.keys
        if keys.isVisible():
            keys.hide()
            return
        keys.open(*map(key_sheet, range(MOST_COLUMNS, 0, -1)))

    def copy_command(self) -> None:
        """All takes' commands to the clipboard, a line each."""
        commands = [take.command for take in self._session.takes if take.command]
        QGuiApplication.clipboard().setText("\n".join(commands))

    def blink(self) -> None:
        """Swap between the last two ways of looking (a take alone, another, or all panes)."""
        current, before = self._last_focus
        if current == before:
            takes = list(self._session.takes)
            before = takes[-1].id if current != takes[-1].id else takes[0].id
        self._set_focus(before)

    def hold_source(self, down: bool) -> None:
        """Show the source alone while a key is held, then what was there."""
        source = next(iter(self._session.takes))
        if down and self._session.focus != source.id:
            self._before_hold = [self._session.focus]
            self._session.set_focus(source)
        elif not down and self._session.focus == source.id and self._before_hold:
            self._set_focus(self._before_hold.pop())

    def close_window(self) -> None:
        """Quit."""
        self._window.close()

    def _set_focus(self, number: int | None) -> None:
        self._session.set_focus(None if number is None else self._session.takes.by_id(number))

    def _focus_changed(self) -> None:
        if self._session.focus != self._last_focus[0]:
            self._last_focus = (self._session.focus, self._last_focus[0])
