"""The panel beside the pictures for looking closely: seams, worst frames, scopes, a training run. Hidden until asked
for."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QTabWidget

from app.controllers.scopes import Scopes
from app.controllers.seams import Seams
from app.jobs.engine import Engine
from app.jobs.inspecting import Inspector
from app.render.presenter import Presenter
from app.state.session import Session
from app.views.panels.scopes_panel import ScopesPanel
from app.views.panels.seam_panel import SeamPanel
from app.views.panels.watch_panel import WatchPanel
from app.views.panels.worst_panel import WorstPanel


class InspectorPanel(QTabWidget):
    """Tabs by name: "scopes", "worst", "seams", "watch"."""

    seek_asked = Signal(int)
    place_asked = Signal(object)
    """A Region to look at."""

    def __init__(
        self, session: Session, presenter: Presenter, engine: Engine, inspector: Inspector, seams: Seams
    ) -> None:
        super().__init__()
        self.scopes = ScopesPanel(session, presenter, Scopes(session, engine.runner, presenter.cached_picture))
        self.worst = WorstPanel(session, inspector)
        self.seams = SeamPanel(session, seams)
        self.watch = WatchPanel(engine.watching)
        self._tabs = {"seams": self.seams, "worst": self.worst, "scopes": self.scopes, "watch": self.watch}
        titles = ("Seams", "Worst", "Scopes", "Training")
        for title, part in zip(titles, self._tabs.values(), strict=True):
            self.addTab(part, title)
        self.seams.seek_asked.connect(self.seek_asked)
        self.worst.seek_asked.connect(self.seek_asked)
        self.worst.place_asked.connect(self.place_asked)
        self.setMinimumWidth(250)
        self.setAccessibleName("Inspector")
        self.hide()

    @property
    def buttons(self) -> tuple[tuple[QPushButton, str], ...]:
        """The tabs' buttons, each with the action that it is for."""
        worst, seams, watch = (self.worst.save, "save_worst"), (self.seams.measure, "measure_seams"), self.watch
        return worst, seams, (watch.choose, "watch"), (watch.stop, "stop_watching")

    def toggle(self, name: str) -> None:
        """Show a tab, or hide the panel when that tab is shown already."""
        tab = self._tabs[name]
        if self.shows(name):
            self.hide()
        else:
            self.setCurrentWidget(tab)
            self.show()

    def shows(self, name: str) -> bool:
        """The panel is there with this tab in front."""
        return not self.isHidden() and self.currentWidget() is self._tabs[name]
