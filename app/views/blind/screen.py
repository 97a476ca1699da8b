"""The blind test in the window: its pages stand where pictures stand else, and during a run everything else goes."""

from pathlib import Path

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QWidget

from app.actions.spec import Context
from app.controllers.person import Person
from app.views.blind.result_page import ResultPage
from app.views.blind.scores_sheet import ScoresSheet
from app.views.blind.setup_page import SetupPage
from app.views.blind.trial_page import NAME, TrialPage


def central_pages(window: QMainWindow, home: QWidget) -> QStackedWidget:
    """Pages in the middle of a window, of which `home` is the first."""
    pages = QStackedWidget()
    pages.addWidget(home)
    window.setCentralWidget(pages)
    return pages


class BlindScreen:
    """Three pages of a window's stack: set-up, trials, result."""

    def __init__(self, window: QMainWindow, pages: QStackedWidget, context: Context, person: Person) -> None:
        """`pages` has the pictures' page already."""
        blind = context.blind
        self._window, self._pages, self._blind, self._view, self._person = window, pages, blind, context.view, person
        self._home = pages.currentWidget()
        self._put_away: list[QWidget] = []
        self._title = ""
        self._modified = False
        self.setup, self.trial, self.result = SetupPage(blind), TrialPage(blind), ResultPage(blind)
        for page in (self.setup, self.trial, self.result):
            pages.addWidget(page)
        self.setup.asked.connect(blind.prepare)
        self.setup.left.connect(blind.close)
        self.result.left.connect(blind.close)
        self.result.again_asked.connect(blind.again)
        self.result.copy_asked.connect(person.copy_text)
        self.result.save_asked.connect(self._save)
        self.result.verdict_asked.connect(context.verdicts.ask)
        blind.changed.connect(self.refresh)
        self.scores = ScoresSheet(window, context.session.voting)
        context.votes.shown.connect(self.scores.show_scores)

    def refresh(self) -> None:
        """Show the page that it is time for."""
        blind, page = self._blind, self._home or self.setup
        if blind.is_open:
            page = self.setup
            latest = blind.latest
            if blind.hides:
                page = self.trial
            elif latest is not None:
                self.result.show_run(latest)
                page = self.result
            if page is self.setup:
                self.setup.refresh()
        self._hide_all_else(blind.hides)
        if self._pages.currentWidget() is not page:
            self._pages.setCurrentWidget(page)
            if page is self.setup:
                self.setup.begin()
            if page is self._home:
                self._window.setFocus()
        self.trial.show_run(blind.run if blind.hides else None)

    def stop(self) -> None:
        """The window closes."""
        self._blind.changed.disconnect(self.refresh)
        self.trial.stop()
        self._blind.shutdown()

    def _hide_all_else(self, hidden: bool) -> None:
        """Menus, status and further windows name takes and files."""
        if hidden and not self._title:
            window = self._window
            self._title, self._modified = window.windowTitle(), window.isWindowModified()
            window.setWindowTitle(NAME)
            window.setWindowModified(False)
            others = [child for child in window.findChildren(QWidget) if child.isWindow() and child.isVisible()]
            self._put_away = [part for part in (window.menuBar(), window.statusBar()) if part.isVisible()]
            for part in (*self._put_away, *others):
                part.hide()
        elif not hidden and self._title:
            self._window.setWindowTitle(self._title)
            self._window.setWindowModified(self._modified)
            self._title = ""
            for part in self._put_away:
                part.show()
            self._put_away = []

    def _save(self, image: QImage, name: str) -> None:
        target = self._person.ask_target("Save the picture", Path(f"{name}.png"), "PNG picture (*.png)", (".png",))
        if target is not None:
            self._view.save(image, target)
