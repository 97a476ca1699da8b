"""The area where pictures are: asks for what is to be seen and swaps it in when it is rendered."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QStackedWidget

from app.jobs.inspecting import Inspector
from app.render.framing import whole
from app.render.geometry import Geometry
from app.render.presenter import FrameSet, Presenter
from app.state.scaling import Minify
from app.state.session import Session
from app.state.takes import Take
from app.views.pictures.aids import Aids
from app.views.pictures.pane_grid import PaneGrid
from app.views.pictures.start_page import StartPage
from app.views.widgets import scrolled, single_shot


class Stage(QStackedWidget):
    """Panes for the shown takes, or an invitation to open a clip."""

    full_screen_asked = Signal()
    set_shown = Signal(object)
    """A FrameSet was swapped in."""

    def __init__(self, session: Session, presenter: Presenter, inspector: Inspector) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._session, self._presenter = session, presenter
        self.shown_set: FrameSet | None = None
        self.mismatches = 0
        """Times two panes showed different frames; must stay 0."""
        self.start = StartPage(session)
        self.aids = Aids(session, presenter, inspector)
        self.grid = PaneGrid(session, self.aids)
        self.grid.full_screen_asked.connect(self.full_screen_asked)
        self._grids = [self.grid]
        self._reframe = single_shot(self, 0, self._follow_panes)
        self.follow(self.grid)
        self.addWidget(scrolled(self.start))
        self.addWidget(self.grid)
        view = session.view
        session.takes.changed.connect(self._takes_changed)
        session.takes.take_changed.connect(self._take_changed)
        for signal in (session.focus_changed, session.seam_changed, view.layouts.changed):
            signal.connect(self.refresh)
        for signal in (view.changed, view.layouts.moved, view.inspection.changed, inspector.changed):
            signal.connect(self.grid.repaint_pictures)
        view.changed.connect(self._reframe_soon)
        presenter.ready.connect(self._set_ready, Qt.ConnectionType.QueuedConnection)

    def follow(self, grid: PaneGrid) -> None:
        """Make images for these panes too, while they can be seen."""
        if grid not in self._grids:
            self._grids.append(grid)
        grid.reshaped.connect(self._reframe_soon)

    def _reframe_soon(self) -> None:
        self._reframe.start()

    def _follow_panes(self) -> None:
        """Zoom or room has changed, or panes come or go: say what images are needed."""
        arrangement = self._presenter.arrangement()
        wanted = {framing for grid in self._grids for framing in grid.framings(arrangement)}
        clip = self._session.clip
        if clip is not None and not any(framing.area[2:] == (clip.width, clip.height) for framing in wanted):
            # Under the part that is seen, for a drag to where nothing is rendered yet.
            widest = max((framing.size[0] for framing in wanted), default=clip.width)
            scale = min(1.0, widest / clip.width)
            wanted.add(whole((clip.width, clip.height), (clip.width * scale, clip.height * scale), Minify.AREA))
        self._presenter.set_framings(tuple(sorted(wanted, key=lambda each: (each.area, each.size, each.minify))))

    def minimumSizeHint(self) -> QSize:
        """However many panes there are, the window may be as small as the screen."""
        return QSize(240, 120)

    def place(self) -> Geometry | None:
        """Where the picture lies in the first pane that can be seen."""
        pane = next((pane for pane in self.grid.panes.values() if not pane.isHidden()), None)
        return None if pane is None else pane.canvas.place()

    def image(self) -> QImage:
        """The panes with their labels and aids, as they are on the screen, in device pixels."""
        return self.grab().toImage()

    def show_clip(self) -> None:
        """A clip has come: panes instead of the invitation, nothing of the old clip."""
        self.setCurrentWidget(self.grid)
        self.shown_set = None
        self._session.view.layouts.forget_takes()

    def refresh(self) -> None:
        """Ask for what is to be seen now. It comes at once when its images are rendered, else what is shown stays until
        they are."""
        self._follow_panes()
        self._presenter.invalidate()
        if self._session.clip is not None:
            self.show_frame(self._session.playback.frame)

    def show_frame(self, frame: int) -> bool:
        """Swap in the whole set of a frame; False while it is not rendered."""
        made = self._presenter.get(frame)
        if made is None or made.mode is not self._session.seam_mode:
            return False
        if made.arrangement != self._presenter.arrangement():
            return False
        self.shown_set = made
        self.grid.show_set(made)
        self.check_step()
        self.set_shown.emit(made)
        return True

    def check_step(self) -> bool:
        """False, and counted, when panes that can be seen show pictures of different frames."""
        in_step = self.grid.in_step()
        self.mismatches += not in_step
        return in_step

    def _takes_changed(self) -> None:
        self.grid.keep_only({take.id for take in self._session.takes})
        self.refresh()

    def _take_changed(self, take: Take) -> None:
        frame, mode, made = self._session.playback.frame, self._session.seam_mode, self.shown_set
        if take.id not in self._presenter.arrangement().takes:
            return
        missing = made is None or made.frame != frame or take.id not in made.shown
        # A picture that was missing has come: make the set again.
        if missing and take.ready(frame, mode):
            self._presenter.invalidate()

    def _set_ready(self, frame: int) -> None:
        if frame == self._session.playback.frame:
            self.show_frame(frame)
