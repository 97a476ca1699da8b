"""The window: panes, side panel, charts, transport; it shows state, turns events into actions, and keeps time."""

import time
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.actions.registry import Context, by_id
from app.exports import frames as frame_export
from app.jobs.engine import Engine
from app.jobs.runner import JobRunner
from app.render.presenter import FrameSet, Presenter
from app.state.session import Session
from app.state.takes import Take
from app.views.controls import SidePanel
from app.views.menus import Menus, key_sheet
from app.views.pane import Pane
from app.views.timeline import Timeline

REFRESH_MS = 250
WARM_UP_DELAY_MS = 200
MESSAGE_MS = 12_000


class MainWindow(QMainWindow):
    """One session in one window."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.runner = JobRunner()
        self.engine = Engine(session, self.runner)
        self.presenter = Presenter(session)
        self.panes: dict[int, Pane] = {}
        self.shown_set: FrameSet | None = None
        self.mismatches = 0
        """Times two panes showed different frames; must stay 0."""
        self._last_focus: tuple[int | None, int | None] = (None, None)
        self._shown_times: list[float] = []
        self.charts: QWidget | None = None
        self.setWindowTitle("Seamscope")
        self.setAcceptDrops(True)
        self.resize(1360, 860)
        self._build()
        self.menus = Menus(self, Context(session, self.engine, self))
        self._connect()
        self._refresh_all()

    def _build(self) -> None:
        self._pane_area = QWidget()
        self._pane_grid = QGridLayout(self._pane_area)
        self._pane_grid.setContentsMargins(0, 0, 0, 0)
        self._pane_grid.setSpacing(2)
        self._empty = QLabel("Drop a clip here, or press Ctrl+O")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setStyleSheet("font-size:20px;color:#9aa0a8")
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._pane_area)
        self.banner = QLabel()
        self.banner.setWordWrap(True)
        self.banner.setStyleSheet("background:#7a2e2e;color:#ffffff;padding:6px 10px")
        self.banner.setAccessibleName("Message")
        self.banner.hide()
        self.info = QLabel()
        self.info.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.info.setWordWrap(True)
        self.info.setStyleSheet("padding:8px")
        self.info.hide()
        upper = QWidget()
        column = QVBoxLayout(upper)
        column.setContentsMargins(4, 4, 4, 4)
        column.addWidget(self.banner)
        column.addWidget(self.info)
        column.addWidget(self._stack, 1)
        column.addLayout(self._build_transport())
        self._vertical = QSplitter(Qt.Orientation.Vertical)
        self._vertical.addWidget(upper)
        self.side = SidePanel(self.session)
        self._horizontal = QSplitter(Qt.Orientation.Horizontal)
        self._horizontal.addWidget(self._vertical)
        self._horizontal.addWidget(self.side)
        self._horizontal.setStretchFactor(0, 1)
        self.setCentralWidget(self._horizontal)
        self.keys = QLabel(self)
        self.keys.setStyleSheet("background:#101216;border:1px solid #555;padding:16px")
        self.keys.hide()
        self.status_text = QLabel()
        self.statusBar().addPermanentWidget(self.status_text, 1)

    def _build_transport(self) -> QHBoxLayout:
        self.timeline = Timeline(self.session)
        self.position = QLabel()
        self.position.setMinimumWidth(210)
        self.play_button = QPushButton("Play")
        self.play_button.setAccessibleName("Play or pause")
        self.seam_button = QPushButton()
        self.seam_button.setToolTip("How GoP boundaries are shown (Shift+G)")
        self.seam_button.setAccessibleName("Seam mode")
        transport = QHBoxLayout()
        transport.addWidget(self.play_button)
        transport.addWidget(self.timeline, 1)
        transport.addWidget(self.position)
        transport.addWidget(self.seam_button)
        return transport

    def _connect(self) -> None:
        session = self.session
        session.clip_changed.connect(self._clip_changed)
        session.takes.changed.connect(self._rebuild_panes)
        session.takes.take_changed.connect(self._take_changed)
        session.focus_changed.connect(self._rebuild_panes)
        session.seam_changed.connect(self._seam_changed)
        session.playback.frame_changed.connect(self._frame_changed)
        session.playback.state_changed.connect(self._playback_changed)
        session.view.changed.connect(self._repaint)
        session.scores.changed.connect(self._mark_labels)
        session.message.connect(self.show_message)
        session.settings_changed.connect(self._refresh_all)
        self.presenter.ready.connect(self._set_ready, Qt.ConnectionType.QueuedConnection)
        self.timeline.seek_asked.connect(self._seek)
        self.play_button.clicked.connect(lambda: self._trigger("play"))
        self.seam_button.clicked.connect(lambda: self._trigger("seam_mode"))
        self.side.neural.encode.clicked.connect(lambda: self._trigger("encode"))
        self.side.neural.device_chosen.connect(self.engine.set_device)
        self.side.rival.add.clicked.connect(lambda: self._trigger("rival"))
        self.side.takes.cancel_asked.connect(self.engine.cancel)
        self.side.takes.remove_asked.connect(self.engine.remove)
        self._tick = QTimer(self)
        self._tick.setTimerType(Qt.TimerType.PreciseTimer)
        self._tick.setSingleShot(True)
        self._tick.timeout.connect(self._play_on)
        self._labels = QTimer(self)
        self._labels.setInterval(REFRESH_MS)
        self._labels.timeout.connect(self._refresh_labels)
        self._labels.start()
        self._labels_stale = False
        self._hide_banner = QTimer(self)
        self._hide_banner.setSingleShot(True)
        self._hide_banner.timeout.connect(self.banner.hide)
        self._warm = QTimer(self)
        self._warm.setSingleShot(True)
        self._warm.timeout.connect(self._after_show)
        application = QGuiApplication.instance()
        assert application is not None
        application.installEventFilter(self)

    def showEvent(self, event) -> None:
        """Charts and models are loaded once the window is on the screen."""
        super().showEvent(event)
        if self.charts is None:
            self._warm.start(WARM_UP_DELAY_MS)

    def _after_show(self) -> None:
        from app.views.charts import Charts

        charts = Charts(self.session)
        charts.seek_asked.connect(self._seek)
        self.charts = charts
        self._vertical.addWidget(charts)
        self._vertical.setStretchFactor(0, 3)
        self._vertical.setSizes([560, 280])
        if self.session.clip is not None:
            charts.fit()
        self.engine.warm_up()

    # Screen, for the actions

    def now_s(self) -> float:
        """The playback's clock."""
        return time.monotonic()

    def ask_clip(self) -> None:
        """Open dialog."""
        recent = self.session.settings.recent
        folder = str(Path(recent[0]).parent) if recent else str(Path.home())
        kinds = "Video (*.mp4 *.mkv *.webm *.mov *.avi *.mpg *.y4m);;Images (*.png *.jpg);;All files (*)"
        name, _ = QFileDialog.getOpenFileName(self, "Open clip", folder, kinds)
        if name:
            self.engine.open(Path(name))

    def encode_neural(self) -> None:
        """Encode at the λ of the controls."""
        self.engine.encode_neural(self.side.neural.lmbda)

    def add_rival(self) -> None:
        """Encode with the rival of the controls."""
        self.engine.encode_rival(*self.side.rival.chosen)

    def save_frames(self) -> None:
        """Ask for a folder and write the picture of every shown take."""
        folder = QFileDialog.getExistingDirectory(self, "Folder for the frames")
        if folder:
            self.save_frames_to(Path(folder))

    def save_frames_to(self, folder: Path) -> None:
        """Write the picture of every shown take as PNG, named by take and frame."""
        frame, mode = self.session.playback.frame, self.session.seam_mode
        takes = tuple(take for take in self.session.shown if take.ready(frame, mode))
        self.engine.in_background(frame_export.save, (takes, frame, mode, folder))

    def ask_save_stream(self) -> None:
        """Ask for a name and copy the newest neural stream there."""
        take = self.engine.newest_neural
        name, _ = QFileDialog.getSaveFileName(self, "Save neural stream", "stream.gop", "Seamscope stream (*.gop)")
        if name and take is not None:
            self.engine.save_stream(take, Path(name))

    def toggle_charts(self) -> None:
        """Show or hide the charts."""
        if self.charts is not None:
            self.charts.setVisible(not self.charts.isVisible())

    def charts_shown(self) -> bool:
        """True while the charts are there."""
        return self.charts is not None and not self.charts.isHidden()

    def toggle_info(self) -> None:
        """Show or hide facts about clip and takes."""
        self.info.setVisible(self.info.isHidden())
        self._refresh_info()

    def info_shown(self) -> bool:
        """True while the information is there."""
        return not self.info.isHidden()

    def toggle_full_screen(self) -> None:
        """Pictures alone on the whole screen, or back."""
        full = not self.isFullScreen()
        for part in (self.menuBar(), self.side, self.statusBar()):
            part.setVisible(not full)
        if self.charts is not None:
            self.charts.setVisible(not full)
        if full:
            self.showFullScreen()
        else:
            self.showNormal()

    def leave_full_screen(self) -> None:
        """Back to the window; also puts the key sheet away."""
        self.keys.hide()
        if self.isFullScreen():
            self.toggle_full_screen()

    def toggle_keys(self) -> None:
        """The key sheet over everything."""
        if self.keys.isVisible():
            self.keys.hide()
            return
        self.keys.setText(key_sheet())
        self.keys.adjustSize()
        self.keys.move(max(0, (self.width() - self.keys.width()) // 2), 40)
        self.keys.show()
        self.keys.raise_()

    def copy_command(self) -> None:
        """All takes' commands to the clipboard, a line each."""
        commands = [take.command for take in self.session.takes if take.command]
        QGuiApplication.clipboard().setText("\n".join(commands))

    def blink(self) -> None:
        """Swap between the last two ways of looking (a take alone, another, or all panes)."""
        current, before = self._last_focus
        if current == before:
            takes = list(self.session.takes)
            before = takes[-1].id if current != takes[-1].id else takes[0].id
        self.session.set_focus(None if before is None else self.session.takes.by_id(before))

    def close_window(self) -> None:
        """Quit."""
        self.close()

    # Events

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """S held anywhere but in a text field shows the source; letting go shows what was there."""
        if event.type() in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease) and isinstance(event, QKeyEvent):
            held = event.key() == Qt.Key.Key_S and event.modifiers() == Qt.KeyboardModifier.NoModifier
            if held and self.isActiveWindow() and not event.isAutoRepeat() and self.session.clip is not None:
                self._hold_source(event.type() == QEvent.Type.KeyPress)
        return super().eventFilter(watched, event)

    def _hold_source(self, down: bool) -> None:
        source = next(iter(self.session.takes))
        if down and self.session.focus != source.id:
            self._before_hold = self.session.focus
            self.session.set_focus(source)
        elif not down and self.session.focus == source.id and hasattr(self, "_before_hold"):
            focus = self._before_hold
            del self._before_hold
            self.session.set_focus(None if focus is None else self.session.takes.by_id(focus))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files are welcome."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the first file dropped."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            self.engine.open(paths[0])
            event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Leave nothing behind: no process, no thread, no temporary file."""
        self._tick.stop()
        self._labels.stop()
        self._warm.stop()
        application = QGuiApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        self.session.playback.pause()
        self.presenter.close()
        self.engine.shutdown()
        super().closeEvent(event)

    def show_message(self, text: str) -> None:
        """A sentence in the banner, for a while."""
        self.banner.setText(text)
        self.banner.show()
        self._hide_banner.start(MESSAGE_MS)

    # State to screen

    def _trigger(self, name: str) -> None:
        action = self.menus.actions[by_id(name).id]
        if action.isEnabled():
            action.trigger()

    def _seek(self, frame: int) -> None:
        if self.session.clip is not None:
            self.session.playback.seek(frame, self.now_s())

    def _clip_changed(self) -> None:
        self.banner.hide()
        assert self.session.clip is not None
        self.setWindowTitle(f"{self.session.clip.path.name} – Seamscope")
        self._stack.setCurrentWidget(self._pane_area)
        self.shown_set = None
        self._rebuild_panes()
        self._refresh_all()

    def _rebuild_panes(self) -> None:
        shown = self.session.shown
        if self.session.focus != self._last_focus[0]:
            self._last_focus = (self.session.focus, self._last_focus[0])
        for number in [n for n in self.panes if all(take.id != n for take in self.session.takes)]:
            pane = self.panes.pop(number)
            self._pane_grid.removeWidget(pane)
            pane.deleteLater()
        columns = len(shown) if len(shown) <= 3 else -(-len(shown) // 2)
        for pane in self.panes.values():
            self._pane_grid.removeWidget(pane)
            pane.hide()
        for place, take in enumerate(shown):
            pane = self.panes.get(take.id)
            if pane is None:
                pane = self.panes[take.id] = Pane(self.session, take)
                pane.canvas.full_screen_asked.connect(self.toggle_full_screen)
            self._pane_grid.addWidget(pane, place // columns, place % columns)
            pane.show()
            pane.refresh_label()
        self.presenter.invalidate()
        self._menus_later()

    def _take_changed(self, take: Take) -> None:
        self._labels_stale = True
        frame, mode, made = self.session.playback.frame, self.session.seam_mode, self.shown_set
        missing = made is None or made.frame != frame or made.images.get(take.id) is None
        # A picture that was missing has come: make the set again.
        if take in self.session.shown and missing and take.ready(frame, mode):
            self.presenter.invalidate()
        self._menus_later()

    def _seam_changed(self) -> None:
        self.presenter.invalidate()
        self._refresh_all()

    def _frame_changed(self, frame: int) -> None:
        self.presenter.request()
        self._show(frame)
        self._refresh_position()

    def _playback_changed(self) -> None:
        self.play_button.setText("Pause" if self.session.playback.playing else "Play")
        self.presenter.request()
        if self.session.playback.playing and not self._tick.isActive():
            self._tick.start(0)
        self._refresh_position()
        self._menus_later()

    def _set_ready(self, frame: int) -> None:
        if frame == self.session.playback.frame:
            self._show(frame)

    def _show(self, frame: int) -> bool:
        """Swap in the whole set of a frame; False while it is not made."""
        made = self.presenter.get(frame)
        if made is None or made.mode is not self.session.seam_mode:
            return False
        self.shown_set = made
        for number, image in made.images.items():
            pane = self.panes.get(number)
            if pane is not None:
                pane.show_picture(image, frame, made.errors.get(number, ""))
        frames = {pane.canvas.frame for number, pane in self.panes.items() if number in made.images}
        self.mismatches += len(frames) > 1
        return True

    def _play_on(self) -> None:
        """One tick of playback: show the due frame if its set is made, else let the clock wait."""
        playback, now = self.session.playback, self.now_s()
        if not playback.playing:
            return
        due = playback.due(now)
        if due != playback.frame:
            if self.presenter.get(due) is not None:
                self._shown_times = [*self._shown_times[-60:], now]
                playback.shown(due, now)
            else:
                following = self._next_made(due)
                if following is not None:
                    playback.shown(following, now)
                self.presenter.prepare(due)
        elif not playback.loop and due == playback.out_point:
            playback.shown(due, now)
        wait = playback.next_due_s(now) if playback.playing else 0
        self._tick.start(max(1, min(20, int(1000 * wait))))

    def _next_made(self, due: int) -> int | None:
        """The latest frame between the one shown and `due` whose set is there."""
        shown = self.session.playback.frame
        return next((f for f in range(due - 1, shown, -1) if self.presenter.get(f) is not None), None)

    def _repaint(self) -> None:
        for pane in self.panes.values():
            pane.canvas.update()

    def _mark_labels(self) -> None:
        self._labels_stale = True

    def _menus_later(self) -> None:
        self._labels_stale = True

    def _refresh_labels(self) -> None:
        if self._labels_stale:
            self._labels_stale = False
            for pane in self.panes.values():
                pane.refresh_label()
            self.menus.refresh()
            self._refresh_info()
        self._refresh_status()

    def _refresh_all(self) -> None:
        self.seam_button.setText(f"Seams: {self.session.seam_mode.value}")
        self._labels_stale = True
        self._refresh_position()
        self._refresh_labels()

    def _refresh_position(self) -> None:
        playback = self.session.playback
        if self.session.clip is None:
            self.position.setText("")
            return
        seconds = playback.time_of(playback.frame)
        speed = "" if playback.speed == 1 else f" · {playback.speed:g}×"
        self.position.setText(f"frame {playback.frame} / {playback.frame_count - 1} · {seconds:.3f} s{speed}")

    def _refresh_status(self) -> None:
        cache = self.presenter.cache
        times = self._shown_times
        fps = (len(times) - 1) / (times[-1] - times[0]) if len(times) > 2 and times[-1] > times[0] else 0.0
        parts = [
            f"cache {cache.held_bytes / 2**20:.0f} of {cache.limit_bytes / 2**20:.0f} MiB",
            f"device {self.engine.device}",
        ]
        if self.session.playback.playing:
            parts.append(f"{fps:.1f} fps shown, {self.session.playback.skipped} skipped")
        self.status_text.setText(" · ".join(parts))

    def _refresh_info(self) -> None:
        clip = self.session.clip
        if self.info.isHidden() or clip is None:
            return
        info = clip.info
        lines = [
            f"<b>{info.path}</b>: {info.container}, {info.codec}, {info.pixel_format}, {info.width}x{info.height}, "
            f"sample aspect {info.sample_aspect}, {clip.frame_count} frames, {float(info.timing.frame_rate):.4g} fps, "
            f"{info.timing.duration_s:.3f} s, {info.colour.matrix.value} "
            f"{'full' if info.colour.full_range else 'limited'} range",
            *info.notes,
            *(
                f"<b>{take.label}</b>: <code>{take.command}</code> {take.note}"
                for take in self.session.takes
                if take.command
            ),
        ]
        self.info.setText("<br>".join(lines))
