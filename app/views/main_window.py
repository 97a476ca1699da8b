"""The window: panes, side panel, charts, transport; it puts the parts together and keeps them up to date."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDeadlineTimer, QEvent, QEventLoop, QObject, QPoint, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QLineEdit,
    QMainWindow,
    QPlainTextEdit,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from app.actions.registry import Context, controllers
from app.controllers.screen import Parts
from app.controllers.seams import Seams
from app.jobs.engine import Engine
from app.jobs.inspecting import Inspector
from app.jobs.runner import JobRunner
from app.render.presenter import FrameSet, Presenter
from app.state.session import Session
from app.views import theme
from app.views.blind.screen import BlindScreen, central_pages
from app.views.blinker import Blinker
from app.views.dialogs.key_sheet import KeySheet
from app.views.dialogs.palette import CommandPalette
from app.views.dialogs.person import Dialogs
from app.views.menus import Menus
from app.views.panels.export_progress import ExportProgress
from app.views.panels.info import InfoPanel
from app.views.panels.inspector_panel import InspectorPanel
from app.views.panels.look_bar import LookBar
from app.views.panels.side_panel import SidePanel
from app.views.panels.transport import Transport
from app.views.pictures.pane import Pane
from app.views.pictures.second_window import SecondWindow
from app.views.pictures.stage import Stage
from app.views.placing import WindowFrame, place
from app.views.player import Player
from app.views.seam_player import SeamPlayer
from app.views.widgets import Banner, Label, plain_title, single_shot

if TYPE_CHECKING:
    from app.views.charts.charts import Charts

REFRESH_MS = 250
WARM_UP_DELAY_MS = 200
MESSAGE_MS = 12_000
AUTOSAVE_MS = 30_000
KEEP_MS = 5_000
"""How long the end of the program waits for the last autosave."""
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class MainWindow(QMainWindow):
    """One session in one window."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.runner = JobRunner()
        self.engine = Engine(session, self.runner)
        self.presenter = Presenter(session)
        self.inspector = Inspector(session, self.runner, self.presenter.cached_picture)
        self.charts: Charts | None = None
        self.second: SecondWindow | None = None
        self._ending = False
        self.seams = Seams(session, self.runner, self.presenter.cache)
        self._theme = session.settings.theme
        self.setWindowTitle("Seamscope")
        self.setAcceptDrops(True)
        self._build()
        self.player = Player(session, self.presenter, self.stage, self)
        self.seam_player = SeamPlayer(session, self.presenter, self)
        self.blinker = Blinker(session, self)
        self.context = self._controllers()
        self.blind = BlindScreen(self, self.pages, self.context, Dialogs(self))
        self.export_progress = ExportProgress(self.context.exports.queue)
        self.statusBar().addPermanentWidget(self.export_progress)
        self.menus = Menus(self, self.context)
        self.look_bar = LookBar(self.menus.actions)
        self.menuBar().setCornerWidget(self.look_bar)
        place(self, session.settings.window)
        self._connect()
        self._start_timers()
        self._refresh_all()

    @property
    def panes(self) -> dict[int, Pane]:
        """Panes by take id."""
        return self.stage.grid.panes

    @property
    def shown_set(self) -> FrameSet | None:
        """The pictures on the screen."""
        return self.stage.shown_set

    @property
    def mismatches(self) -> int:
        """Times two panes showed different frames; must stay 0."""
        return self.stage.mismatches

    def _build(self) -> None:
        self.stage = Stage(self.session, self.presenter, self.inspector)
        self.transport = Transport(self.session)
        self.timeline = self.transport.timeline
        self.banner = Banner()
        self.info = InfoPanel(self.session)
        upper = QWidget()
        column = QVBoxLayout(upper)
        column.setContentsMargins(4, 4, 4, 4)
        column.addWidget(self.banner)
        column.addWidget(self.info)
        column.addWidget(self.stage, 1)
        column.addWidget(self.transport)
        self._vertical = QSplitter(Qt.Orientation.Vertical)
        self._vertical.addWidget(upper)
        self.side = SidePanel(self.session)
        self._horizontal = QSplitter(Qt.Orientation.Horizontal)
        self.inspector_panel = InspectorPanel(self.session, self.presenter, self.engine, self.inspector, self.seams)
        self._horizontal.addWidget(self.inspector_panel)
        self._horizontal.addWidget(self._vertical)
        self._horizontal.addWidget(self.side)
        self._horizontal.setStretchFactor(1, 1)
        self.pages = central_pages(self, self._horizontal)
        self.keys = KeySheet(self)
        self.status_text = Label()
        self.statusBar().addPermanentWidget(self.status_text, 1)

    def _controllers(self) -> Context:
        parts = Parts(
            frame=WindowFrame(self),
            info=self.info,
            inspector=self.inspector_panel,
            keys=self.keys,
            charts=lambda: self.charts,
            second=self._second,
            second_made=lambda: self.second,
            around=(self.menuBar(), self.side, self.statusBar()),
            about=(self.transport,),
            names=(self.side, self.info),
            open_palette=self._open_palette,
        )
        return controllers(
            self.engine, self.presenter, self.seams, self.stage, lambda: self.charts, parts, Dialogs(self)
        )

    def _second(self) -> SecondWindow:
        if self.second is None:
            keys = list(self.menus.actions.values())
            self.second = SecondWindow(self, self.session, self.stage, self.stage.aids, keys)
            self.second.closed.connect(self.menus.refresh)
        return self.second

    def _open_palette(self) -> None:
        self.menus.refresh()
        palette = CommandPalette(self.menus.actions, self)
        palette.move(self.mapToGlobal(QPoint((self.width() - palette.width()) // 2, 60)))
        palette.open()

    def _connect(self) -> None:
        session, context, view = self.session, self.context, self.session.view
        panel, edits = self.side.takes, context.takes.edits
        panel.cancel_asked.connect(self.engine.cancel)
        panel.remove_asked.connect(edits.remove)
        panel.visible_asked.connect(edits.set_visible)
        panel.rename_asked.connect(edits.rename)
        panel.move_asked.connect(edits.move)
        panel.menu_asked.connect(self.menus.show_for_take)
        context.ladders.started.connect(self.side.group.follow)
        self.side.group.cancel_asked.connect(context.ladders.cancel)
        panel.files_dropped.connect(context.takes.import_paths)
        context.takes.rename_asked.connect(panel.rename)
        for signal in (context.files.projects.changed, session.clip_changed):
            signal.connect(self._retitle)
        session.settings_changed.connect(self._theme_changed)
        session.clip_changed.connect(self._clip_changed)
        watching, view = self.engine.watching, session.view
        for signal in (
            *(session.takes.changed, session.takes.take_changed, session.focus_changed, session.scores.changed),
            *(session.notes_changed, session.playback.state_changed, view.layouts.changed, view.layouts.moved),
            *(view.changed, view.inspection.changed, view.seam_loop.changed, self.seams.measured, watching.changed),
        ):
            signal.connect(self._mark_stale)
        session.message.connect(self.show_message)
        for signal in (session.seam_changed, session.settings_changed):
            signal.connect(self._refresh_all)
        for made in (self.presenter.ready, self.presenter.spare_ready):
            made.connect(self._picture_came, Qt.ConnectionType.QueuedConnection)
        self.stage.full_screen_asked.connect(context.screen.toggle_full_screen)
        self.stage.start.ask_asked.connect(context.files.ask_clip)
        self.stage.start.open_asked.connect(lambda path: context.files.open_paths([path]))
        self.inspector_panel.seek_asked.connect(self.player.seek)
        self.inspector_panel.place_asked.connect(self.stage.grid.look_at)
        self.inspector_panel.seams.loop_asked.connect(lambda: self.menus.trigger("seam_loop"))
        self.timeline.seek_asked.connect(self.player.seek)
        for button, name in (
            (self.transport.play, "play"),
            (self.transport.seams, "seam_mode"),
            (self.side.neural.encode, "encode"),
            (self.side.rival.add, "rival"),
            (self.side.ladder, "ladder"),
            *self.inspector_panel.buttons,
        ):
            self.menus.give(button, name)
        self.side.neural.device_chosen.connect(self.engine.set_device)
        application = QGuiApplication.instance()
        assert application is not None
        application.installEventFilter(self)

    def _start_timers(self) -> None:
        self._stale = False
        self._labels = QTimer(self)
        self._labels.setInterval(REFRESH_MS)
        self._labels.timeout.connect(self._refresh_labels)
        self._labels.start()
        self._hide_banner = single_shot(self, MESSAGE_MS, self.banner.hide)
        self._warm = single_shot(self, WARM_UP_DELAY_MS, self._after_show)
        self._autosave = QTimer(self)
        self._autosave.setInterval(AUTOSAVE_MS)
        self._autosave.timeout.connect(self.context.files.projects.autosave)
        self._autosave.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The buttons beside the menus take what room there is."""
        super().resizeEvent(event)
        self.look_bar.fit(self.menuBar(), self.width())

    def showEvent(self, event) -> None:
        """Charts and models are loaded once the window is on the screen."""
        super().showEvent(event)
        if self.charts is None:
            self._warm.start()

    def _after_show(self) -> None:
        from app.views.charts.charts import Charts

        charts = Charts(self.session)
        charts.seek_asked.connect(self.player.seek)
        self.charts = charts
        self._vertical.addWidget(charts)
        self._vertical.setStretchFactor(0, 3)
        self._vertical.setSizes([560, 280])
        if self.session.clip is not None:
            charts.fit()
        self.presenter.warm_up()
        self.engine.warm_up()
        self.menus.give(charts.export, "export_charts")
        self.context.files.offer_recovery()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """S held anywhere but in a text field shows the source; letting go shows what was there. Enter in a number
        field gives the keys back to the pictures."""
        if event.type() in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease) and isinstance(event, QKeyEvent):
            typing = not self.stage.isVisible() or isinstance(QApplication.focusWidget(), QLineEdit | QPlainTextEdit)
            held = event.key() == Qt.Key.Key_S and event.modifiers() == Qt.KeyboardModifier.NoModifier and not typing
            if held and self.isActiveWindow() and not event.isAutoRepeat() and self.session.clip is not None:
                self.context.view.hold_source(event.type() == QEvent.Type.KeyPress)
            elif (
                event.type() == QEvent.Type.KeyRelease
                and event.key() in _ENTER
                and isinstance(watched, QAbstractSpinBox)
            ):
                self.stage.setFocus()
        return super().eventFilter(watched, event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files are welcome."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped: a clip, a project, or streams as takes."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            self.context.files.open_paths(paths)
            event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Leave nothing behind: no process, no thread, no temporary file."""
        if not self._ending and not self.context.files.allows_close(self.close):
            event.ignore()
            return
        self._autosave.stop()
        self.session.update_settings(replace(self.session.settings, window=self.context.screen.place))
        if self.second is not None:
            self.second.hide()
            self.second.grid.keep_only(set())
        self.player.stop()
        self.blinker.stop()
        self.seam_player.stop()
        self.blind.stop()
        self._labels.stop()
        self._warm.stop()
        application = QGuiApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        self.session.playback.pause()
        self.presenter.close()
        self.stage.grid.keep_only(set())
        self.engine.shutdown()
        self.context.files.closed(keep=self._ending)
        super().closeEvent(event)

    def end(self) -> None:
        """The system asks the program to end: no questions, and what is open can be recovered at the next start."""
        if not self._ending:
            self._ending = True
            self._keep()
            self.close()
            QApplication.exit(0)

    def _keep(self) -> None:
        """Write the autosave once more, and wait for it, though not for a disk that no longer answers."""
        deadline, projects = QDeadlineTimer(KEEP_MS), self.context.files.projects
        # One may be under way, of what was open then.
        for _ in range(2):
            projects.autosave()
            while projects.keeping and not deadline.hasExpired():
                QApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents, 20)

    def show_message(self, text: str) -> None:
        """A sentence in the banner, for a while."""
        self.banner.setText(text)
        self.banner.show()
        self._hide_banner.start()

    def _retitle(self) -> None:
        clip, project = self.session.clip, self.context.files.projects.path
        if clip is not None and not self.context.blind.hides:
            of = "" if project is None else f" · {plain_title(project.name)}"
            self.setWindowTitle(f"{plain_title(clip.path.name)}{of}[*] – Seamscope")
        self._refresh_modified()

    def _refresh_modified(self) -> None:
        """Mark the title while there is something to save."""
        self.setWindowModified(self.context.files.projects.unsaved and not self.context.blind.hides)

    def _theme_changed(self) -> None:
        name = self.session.settings.theme
        if name != self._theme:
            self._theme = name
            application = QApplication.instance()
            assert isinstance(application, QApplication)
            application.setStyleSheet(theme.style(theme.use(name)))
            self.side.takes.refresh()

    def _clip_changed(self) -> None:
        self.banner.hide()
        self.stage.show_clip()
        self._refresh_all()

    def _picture_came(self, _frame: int) -> None:
        self.inspector.refresh()
        # Now its type is known, too.
        self.info.refresh()

    def _mark_stale(self) -> None:
        self._stale = True

    def _refresh_labels(self) -> None:
        if self._stale:
            self._stale = False
            self.stage.grid.refresh_labels()
            if self.second is not None:
                self.second.refresh_labels()
            self.menus.refresh()
            self.info.refresh()
            self._refresh_modified()
        self._refresh_status()

    def _refresh_all(self) -> None:
        self._stale = True
        self.transport.refresh()
        self._refresh_labels()

    def _refresh_status(self) -> None:
        cache = self.presenter.cache
        parts = [
            f"cache {cache.held_bytes / 2**20:.0f} of {cache.limit_bytes / 2**20:.0f} MiB",
            f"device {self.engine.device}"
            if self.engine.device
            else "getting the codec ready (at the first start for a minute or more)",
        ]
        if self.session.clip is not None:
            parts.insert(0, self.context.view.zoom_text)
        if self.session.playback.playing:
            parts.append(f"{self.player.fps:.1f} fps shown, {self.session.playback.skipped} skipped")
        self.status_text.setText(" · ".join(parts))
