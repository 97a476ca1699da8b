"""What a blind test is to be of: task, the take it is with, segment, zoom, observer, how it is looked at."""

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.controllers.blind.blind import Blind
from app.controllers.blind.request import FLICKER_HZ, ZOOMS, Request, segment_of, usual_frames
from app.state.blind.journal import Run, State
from app.state.blind.observers import entries, heading
from app.state.blind.setup import Viewing
from app.state.blind.tasks import Task
from app.state.recipes import codec_name
from app.views import theme
from app.views.blind.result_plot import drawable
from app.views.blind.tiles import tile_room
from app.views.panels.lambda_box import LambdaBox
from app.views.widgets import Label, scrolled
from codec import registry
from codec.media.picture import Transfer

_TASKS = {
    Task.PARITY: "Parity: at which rate is Seamscope's codec as good as a rival's take?",
    Task.TRANSPARENCY: "Transparency: below which rate can it be seen that it is coded?",
}
_NO_RIVAL = "no take yet: go back and press Add rival"
_TEXT_LIMIT = 200
_LISTED = 12
"""Earlier runs shown."""
_WIDTH = 620


class SetupPage(QWidget):
    """Asks, and shows how far the preparation is."""

    asked = Signal(object)
    """A Request."""
    left = Signal()

    def __init__(self, blind: Blind) -> None:
        super().__init__()
        self._blind, self._session = blind, blind.session
        self._clip: object = None
        self._build()
        self.start.clicked.connect(lambda: self.asked.emit(self.request()))
        self.stop.clicked.connect(blind.cancel)
        self.back.clicked.connect(self.left)
        for box in (self.first, self.count):
            box.valueChanged.connect(self._describe)
        for button in self.tasks.values():
            button.toggled.connect(self._describe)
        self.flicker.toggled.connect(self.flicker_hz.setEnabled)
        for field in (self.observer, self.distance, self.light, self.note):
            field.returnPressed.connect(self.start.click)

    # Parts

    def _build(self) -> None:
        self.tasks = {task: QRadioButton(text) for task, text in _TASKS.items()}
        self.tasks[Task.PARITY].setChecked(True)
        self.rival = QComboBox()
        self.rival.setAccessibleName("The take that parity is with")
        self.rival.setPlaceholderText(_NO_RIVAL)
        self.codec = Label()
        self.lowest, self.highest = LambdaBox(), LambdaBox()
        self.lowest.setAccessibleName("Smallest λ")
        self.highest.setAccessibleName("Largest λ")
        self.first, self.count = QSpinBox(), QSpinBox()
        self.first.setAccessibleName("First frame of the segment")
        self.count.setAccessibleName("Frames of the segment")
        self.segment = Label()
        self.segment.setWordWrap(True)
        self.zoom = QComboBox()
        self.zoom.setAccessibleName("Zoom")
        for zoom in ZOOMS:
            self.zoom.addItem(Viewing("", zoom=zoom).zoom_text.removesuffix(" zoom"), zoom)
        self.zoom.setCurrentIndex(ZOOMS.index(1.0))
        self.flicker = QCheckBox("Source and coded pictures take turns (a result of its own)")
        self.flicker_hz = QDoubleSpinBox()
        self.flicker_hz.setRange(*FLICKER_HZ)
        self.flicker_hz.setValue(4.0)
        self.flicker_hz.setSuffix(" Hz")
        self.flicker_hz.setEnabled(False)
        self.flicker_hz.setAccessibleName("So often a second they take turns")
        self.observer, self.distance, self.light, self.note = (QLineEdit() for _ in range(4))
        for field, name, hint in (
            (self.observer, "Observer", "name or number"),
            (self.distance, "Viewing distance", "such as 3 H: three times the height of the picture"),
            (self.light, "Light in the room", "such as dim, 20 lux"),
            (self.note, "Remark", ""),
        ):
            field.setMaxLength(_TEXT_LIMIT)
            field.setAccessibleName(name)
            field.setPlaceholderText(hint)
        self.start = QPushButton("Prepare the test")
        self.start.setObjectName("primary")
        self.stop = QPushButton("Stop preparing")
        self.back = QPushButton("Back to the pictures")
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.status = Label()
        self.status.setWordWrap(True)
        self.status.setAccessibleName("What is missing, or how far it is")
        self.earlier = Label()
        self.earlier.setWordWrap(True)
        self._lay_out()

    def _lay_out(self) -> None:
        title = Label("Blind test")
        title.setStyleSheet("font-size:20px")
        what = Label(
            "Pictures alone, no names: one observer, about five minutes. Rates follow the answers; what comes out is a "
            "bitrate with its 95 % interval."
        )
        what.setWordWrap(True)
        form = QFormLayout()
        form.addRow("Task", self.tasks[Task.PARITY])
        form.addRow("", self.tasks[Task.TRANSPARENCY])
        form.addRow("Parity with", self.rival)
        form.addRow("Codec", self.codec)
        form.addRow("λ from, to", _row(self.lowest, self.highest))
        form.addRow("Segment: first frame, frames", _row(self.first, self.count))
        form.addRow("", self.segment)
        form.addRow("Zoom", self.zoom)
        form.addRow("Flicker", _row(self.flicker, self.flicker_hz))
        form.addRow("Observer", self.observer)
        form.addRow("Viewing distance", self.distance)
        form.addRow("Light in the room", self.light)
        form.addRow("Remark", self.note)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setSpacing(10)
        column.addWidget(title)
        column.addWidget(what)
        column.addLayout(form)
        column.addWidget(_row(self.start, self.stop, self.back))
        column.addWidget(self.bar)
        column.addWidget(self.status)
        column.addWidget(self.earlier)
        column.addStretch(1)
        inner.setMaximumWidth(_WIDTH + 200)
        middle = QWidget()
        centred = QHBoxLayout(middle)
        centred.addStretch(1)
        centred.addWidget(inner, 4)
        centred.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(middle))

    # State

    def begin(self) -> None:
        """The page comes up: what must be typed has the keys."""
        self.observer.setFocus()

    def refresh(self) -> None:
        """Bring everything up to date; what was typed for this clip stays."""
        clip, session = self._session.clip, self._session
        if clip is None:
            return
        if clip is not self._clip:
            self._clip = clip
            playback = session.playback
            frames = usual_frames(clip, playback.in_point, playback.out_point)
            self.first.setRange(0, clip.frame_count - 1)
            self.count.setRange(1, clip.frame_count)
            self.first.setValue(frames.start)
            self.count.setValue(len(frames))
        self._refresh_codec()
        self._refresh_rivals()
        self._describe()
        progress, busy = self._blind.progress, self._blind.progress is not None
        self.start.setEnabled(not busy)
        self.stop.setVisible(busy)
        self.bar.setVisible(busy)
        if progress is not None:
            self.bar.setValue(round(1000 * progress[0]))
            self.status.setText(f"Preparing: {progress[1]}")
        else:
            self.status.setText(self._blind.problem)
        self.status.setStyleSheet("" if busy else f"color:{theme.ACCENT}; font-weight:600")
        self.earlier.setText(drawable(_earlier(session.blind.runs)))

    def _refresh_codec(self) -> None:
        recipe = self._session.draft.recipe
        codec = registry.named(recipe.neural)
        self.codec.setText(f"{codec_name(recipe.neural)}, with the options of the side panel")
        low, high = codec.settings.lambda_range
        if (self.lowest.minimum(), self.lowest.maximum()) != (low, high):
            for box, value in ((self.lowest, low), (self.highest, high)):
                box.setRange(low, high)
                box.setValue(value)

    def _refresh_rivals(self) -> None:
        takes = self._blind.rivals
        listed = [(take.id, take.label) for take in takes]
        if listed != [(self.rival.itemData(n), self.rival.itemText(n)) for n in range(self.rival.count())]:
            chosen = self.rival.currentData()
            self.rival.clear()
            for number, text in listed:
                self.rival.addItem(text, number)
            wanted = chosen if chosen is not None else next((t.id for t in takes if t.recipe and t.recipe.codec), None)
            self.rival.setCurrentIndex(max(0 if listed else -1, self.rival.findData(wanted)))
        self.rival.setEnabled(bool(listed) and self.tasks[Task.PARITY].isChecked())

    def _describe(self) -> None:
        clip = self._session.clip
        if clip is None:
            return
        frames = self._frames()
        if frames.stop > clip.frame_count:
            self.segment.setText(f"The clip has {clip.frame_count} frames.")
            return
        segment = segment_of(clip, frames)
        self.segment.setText(f"{segment.seconds:.2f} s, {segment.boundaries} GoP boundaries. {segment.note}".rstrip())
        self.rival.setEnabled(self.rival.count() > 0 and self.tasks[Task.PARITY].isChecked())

    def _frames(self) -> range:
        return range(self.first.value(), self.first.value() + self.count.value())

    def request(self) -> Request:
        """As it stands."""
        task = next(task for task, button in self.tasks.items() if button.isChecked())
        window, ratio = self.window(), self.devicePixelRatioF()
        viewing = Viewing(
            self.observer.text().strip(),
            self.distance.text().strip(),
            self.light.text().strip(),
            self.note.text().strip(),
            _screen_text(self, self._session.tone_transfer),
            self.zoom.currentData(),
            flicker_hz=self.flicker_hz.value() if self.flicker.isChecked() else 0.0,
        )
        return Request(
            task,
            replace(self._session.draft.recipe, kbps=None),
            (self.lowest.value(), self.highest.value()),
            self._frames(),
            viewing,
            tile_room(task, window.width(), window.height(), ratio),
            self.rival.currentData() if task is Task.PARITY else None,
        )


def _row(*parts: QWidget) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for part in parts:
        layout.addWidget(part)
    layout.addStretch(1)
    return row


def _screen_text(widget: QWidget, tone: Transfer) -> str:
    """`tone`: what is tone-mapped; SDR where nothing is."""
    screen = widget.screen() or QGuiApplication.primaryScreen()
    size, ratio = screen.size(), screen.devicePixelRatio()
    pixels = f"{round(size.width() * ratio)}x{round(size.height() * ratio)}"
    across = screen.physicalSize()
    large = f"{across.width():.0f}x{across.height():.0f} mm, " if not across.isEmpty() else ""
    light = "SDR" if tone is Transfer.SDR else f"{tone.value} tone-mapped to SDR"
    return f"{screen.name()}, {pixels} pixels at scale {ratio:g}, {large}{screen.refreshRate():.4g} Hz, {light}"


def _earlier(runs: tuple[Run, ...]) -> str:
    """Runs of the clip: results of those that are complete, of the others that they are there."""
    if not runs:
        return ""
    lines = ["Earlier tests of this clip:"]
    for run in reversed(runs[-_LISTED:]):
        when, who = run.setup.began[:16].replace("T", " "), run.setup.viewing.observer
        if run.state is State.COMPLETE:
            doubt = " · unreliable" if run.result().unreliable else ""
            lines.append(f"{when} · {who} · {run.sentence()}{doubt}")
        else:
            lines.append(f"{when} · {who} · {run.setup.task.value} · {run.state.value}, {len(run.answered)} answers")
    alike = [run for run in runs if run.setup.question == runs[-1].setup.question]
    found = entries(alike)
    if found:
        lines.append(heading(found))
    return "\n".join(lines)
