"""The seam inspector: how seams are shown, θ, the ping-pong, a scan line over time, the seam ratio."""

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QRadioButton,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.controllers.seams import Seams
from app.state.session import SEAM_CYCLE, Session
from app.state.takes import Kind, Status, Take
from app.views.pictures.slice_view import SliceView
from app.views.widgets import Label, plain_tip, single_shot
from codec.gop import SeamMode, Structure
from codec.metrics.seams import SeamRatio

CUT_DELAY_MS = 120
_THETA_STEPS = 100
_CHAINED = (
    "A chained GoP begins with the very picture the one before ended with: blended and hard cut differ only where a "
    "key GoP begins"
)
_NONE_SHARED = "{}: its GoPs share no frame; it looks the same in every seam mode."
_ALL_KEYS = "Every GoP is a key GoP: blended and hard cut differ at every boundary."
_TITLES = {
    SeamMode.BLENDED: "Blended",
    SeamMode.WIDE: "Wide",
    SeamMode.HARD_CUT: "Hard cut",
    SeamMode.DISJOINT: "Disjoint",
}
_TIPS = {
    SeamMode.BLENDED: "The frame that two GoPs share is a mean of both, as in the paper",
    SeamMode.WIDE: "Blended, and what stands still changes from GoP to GoP over all of their frames",
    SeamMode.HARD_CUT: "The shared frame is the earlier GoP's",
    SeamMode.DISJOINT: "GoPs that share no frame: another stream",
}


class SeamPanel(QWidget):
    """Shows and changes the session's seams, and what is measured of them."""

    seek_asked = Signal(int)
    loop_asked = Signal()

    def __init__(self, session: Session, seams: Seams) -> None:
        super().__init__()
        self._session, self._seams = session, seams
        self._build()
        self._cut_later = single_shot(self, CUT_DELAY_MS, seams.cut)
        seams.sliced.connect(self.slice.set_slices)
        seams.measured.connect(self._measured)
        session.seam_changed.connect(self._seams_changed)
        session.clip_changed.connect(self._clip_changed)
        session.takes.changed.connect(self._takes_changed)
        session.takes.take_changed.connect(self._take_changed)
        session.focus_changed.connect(self.refresh)
        session.selection_changed.connect(self.refresh)
        session.view.inspection.changed.connect(self._line_changed)
        session.playback.frame_changed.connect(self._frame_changed)
        session.view.seam_loop.changed.connect(self.refresh)
        self.refresh()

    def _build(self) -> None:
        self.modes = QButtonGroup(self)
        row = QHBoxLayout()
        for number, mode in enumerate(SEAM_CYCLE):
            button = QRadioButton(_TITLES[mode])
            button.setAccessibleName(f"Seams {mode.value}")
            button.setToolTip(plain_tip(_TIPS[mode]))
            self.modes.addButton(button, number)
            row.addWidget(button)
        self.modes.idClicked.connect(lambda number: self._session.set_seam_mode(SEAM_CYCLE[number]))
        self.chained = Label()
        self.chained.setWordWrap(True)
        self.theta = QSlider(Qt.Orientation.Horizontal)
        self.theta.setRange(0, _THETA_STEPS)
        self.theta.setAccessibleName("θ, weight of the earlier GoP in a blended frame")
        self.theta.setToolTip("θ: weight of the earlier GoP's picture in a frame that two GoPs share, 0 to 1")
        self.theta.valueChanged.connect(lambda step: self._session.set_theta(step / _THETA_STEPS))
        self.theta_text = Label()
        self.theta_text.setMinimumWidth(36)
        self.loop = QPushButton("Ping-pong around the seam")
        self.loop.setCheckable(True)
        self.loop.setToolTip("Four frames to either side of the nearest boundary, to and fro (J)")
        self.loop.clicked.connect(self._loop_pressed)
        self.line = QSpinBox()
        self.line.setSpecialValueText("off")
        self.line.setRange(-1, -1)
        self.line.setAccessibleName("Scan line of the slice, picture row")
        self.line.setToolTip("Picture row that is followed over time; Shift+Y takes the one under the mouse")
        self.line.valueChanged.connect(self._line_typed)
        self.measure = QPushButton("Measure seam ratio")
        self.measure.setToolTip("How much more the error changes at seams than inside GoPs; 1: no seam shows (Ctrl+J)")
        self.result = Label()
        self.result.setWordWrap(True)
        self.slice = SliceView(self._session)
        self.slice.seek_asked.connect(self.seek_asked)
        theta = QHBoxLayout()
        theta.addWidget(self.theta, 1)
        theta.addWidget(self.theta_text)
        form = QFormLayout()
        form.addRow(row)
        form.addRow(self.chained)
        form.addRow("θ", theta)
        form.addRow(self.loop)
        form.addRow("Scan line", self.line)
        form.addRow(self.measure)
        form.addRow(self.result)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addLayout(form)
        layout.addWidget(self.slice, 1)

    def refresh(self) -> None:
        """Bring everything up to date."""
        session, inspection = self._session, self._session.view.inspection
        self.modes.button(SEAM_CYCLE.index(session.seam_mode)).setChecked(True)
        with QSignalBlocker(self.theta), QSignalBlocker(self.line):
            self.theta.setValue(round(session.theta * _THETA_STEPS))
            self.line.setMaximum(-1 if session.clip is None else session.clip.height - 1)
            self.line.setValue(-1 if inspection.scan_line is None else inspection.scan_line)
        self.theta.setEnabled(session.seam_mode.is_blended)
        self.chained.setVisible(session.seam_mode is not SeamMode.DISJOINT)
        self.chained.setText(self._chaining())
        self.theta_text.setText(f"{session.theta:.2f}")
        loop = session.view.seam_loop
        self.loop.setChecked(loop.boundary is not None)
        self.loop.setEnabled(bool(session.boundaries))
        at = "" if loop.boundary is None else f" at frame {loop.boundary}, {loop.fps:g} frames a second"
        self.loop.setText(f"Ping-pong around the seam{at}")

    def showEvent(self, event) -> None:
        """Up to date as soon as it is seen."""
        super().showEvent(event)
        self.refresh()
        self._ask_cut()

    def _loop_pressed(self) -> None:
        self.loop_asked.emit()

    def _line_typed(self, row: int) -> None:
        clip = self._session.clip
        if clip is not None:
            self._session.view.inspection.set_scan_line(None if row < 0 else row, clip.height)

    def _line_changed(self) -> None:
        wanted = self._session.view.inspection.scan_line
        if (-1 if wanted is None else wanted) != self.line.value() or wanted is None:
            self.refresh()
        self._ask_cut()

    def _seams_changed(self) -> None:
        self.refresh()
        self._ask_cut()

    def _takes_changed(self) -> None:
        self.refresh()
        self._ask_cut()

    def _take_changed(self, _take: Take) -> None:
        if self.isVisible():
            self.refresh()

    def _clip_changed(self) -> None:
        self.refresh()

    def _measured(self) -> None:
        self.result.setText(self._seams.text)
        self.refresh()

    @property
    def ratios(self) -> dict[SeamMode, SeamRatio]:
        """Of the take measured last."""
        return self._seams.ratios

    def _frame_changed(self, frame: int) -> None:
        made = next(iter(self.slice.slices.values()), None)
        if made is not None and not made.first <= frame < made.first + len(made.rows):
            self._ask_cut()

    def _ask_cut(self) -> None:
        if self.isVisible():
            self._cut_later.start()

    def _chaining(self) -> str:
        """What chaining means for seams, and which GoPs of the take at hand are keys: as its stream says, before it
        is whole as it was asked for."""
        take = self._seams.at_hand([t for t in self._session.takes if t.kind is Kind.NEURAL])
        keys = "" if take is None else take.encoded.keys
        if take is not None and take.status is Status.RUNNING:
            asked = {} if take.recipe is None else dict(take.recipe.options)
            interval = asked.get("key_interval", 0)
            keys = {0: "", 1: "every"}.get(interval, f"one of {interval}") if isinstance(interval, int) else ""
        if take is None or not keys:
            return f"{_CHAINED}."
        if take.only_structure is Structure.DISJOINT:
            return _NONE_SHARED.format(take.name)
        return _ALL_KEYS if keys == "every" else f"{_CHAINED}: {keys} GoPs in {take.name}."
