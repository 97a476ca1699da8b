"""Exports under way and those that wait: for takes that are still being encoded, or for the work before them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QMenu, QProgressBar, QToolButton, QWidget

from app.jobs.job import Job, Lane, Outcome, Runner
from app.state.session import Session
from app.state.takes import Status, Take
from app.views.widgets import Label, plain_caption, plain_tip


class ExportProgress(QWidget):
    """A bar and a Cancel button while something is written; with several exports Cancel has a menu of them."""

    def __init__(self) -> None:
        super().__init__()
        self.text = Label()
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(120)
        self.cancel = QToolButton()
        self.cancel.setText("Cancel")
        self.cancel.setAccessibleName("Cancel the export")
        self.menu = QMenu(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 4, 0)
        for part in (self.text, self.bar, self.cancel):
            row.addWidget(part)
        self.hide()

    def show_share(self, fraction: float, text: str) -> None:
        """How far it is."""
        self.text.setText(text)
        self.bar.setValue(round(1000 * fraction))
        self.show()


@dataclass(slots=True, eq=False)
class Export:
    """One file (or folder) that is asked for."""

    lane: Lane
    work: Callable[..., Any]
    arguments: Callable[[bool], tuple[Any, ...]]
    """Given whether it waited for encodes; called when the work begins."""
    target: Path
    awaited: tuple[Take, ...]
    job: Job | None = None
    begun: bool = False
    share: float = 0.0


class ExportQueue:
    """Starts each export as soon as the takes it shows are encoded. One lane's work is done in the order asked for."""

    def __init__(
        self,
        session: Session,
        runner: Runner,
        in_use: Callable[[], tuple[Path, ...]],
        written: Callable[[Path], None],
    ) -> None:
        """`in_use`: files that no export may replace, asked for when one begins."""
        self._session, self._runner, self._in_use, self._written = session, runner, in_use, written
        self.progress = ExportProgress()
        self.progress.cancel.clicked.connect(self.cancel)
        self.exports: list[Export] = []
        """Those not ended, in the order they were asked for."""
        session.takes.take_changed.connect(self._advance)
        session.takes.changed.connect(self._advance)

    def add(
        self,
        lane: Lane,
        work: Callable[..., Any],
        arguments: Callable[[bool], tuple[Any, ...]],
        target: Path,
        takes: tuple[Take, ...] = (),
    ) -> None:
        """Have `work(context, *arguments(waited), files in use)` done once none of `takes` is being encoded."""
        running = tuple(take for take in takes if take.status is Status.RUNNING)
        export = Export(lane, work, arguments, target, running)
        self.exports.append(export)
        if not running:
            self._start(export)
        self._show()

    def cancel(self) -> None:
        """Give up the export that is shown: the one being written, else the first that waits."""
        if self.exports:
            self.give_up(self._shown)

    def give_up(self, export: Export) -> None:
        """Stop an export or take it off the queue; nothing of it is left."""
        if export.job is not None:
            self._runner.cancel(export.job)
        elif export in self.exports:
            self.exports.remove(export)
            self._show()

    @property
    def _shown(self) -> Export:
        return next((each for each in self.exports if each.begun), self.exports[0])

    def _advance(self, _changed: object = None) -> None:
        for export in [each for each in self.exports if each.job is None]:
            there = [take for take in export.awaited if self._session.takes.by_id(take.id) is take]
            if export.awaited and not there:
                self.exports.remove(export)
                self._session.message.emit(f"{export.target.name} was not written: the takes it waited for are gone.")
                self._show()
            elif all(take.status is not Status.RUNNING for take in there):
                self._start(export)
                self._show()

    def _start(self, export: Export) -> None:
        def progressed(share: float, _text: str) -> None:
            export.begun, export.share = True, share
            self._show()

        def done(outcome: Outcome, value: Any) -> None:
            if export in self.exports:
                self.exports.remove(export)
            self._show()
            if outcome is Outcome.FAILED:
                self._session.message.emit(str(value))
            elif outcome is Outcome.SUCCEEDED:
                self._written(export.target)

        arguments = (*export.arguments(bool(export.awaited)), self._in_use())
        export.job = self._runner.submit(
            export.lane, _begun, (export.work, arguments), on_progress=progressed, on_done=done
        )

    def _show(self) -> None:
        if not self.exports:
            self.progress.hide()
            return
        shown = self._shown
        others = [export for export in self.exports if export is not shown]
        more = f" · {len(others)} more waiting" if others else ""
        self.progress.show_share(shown.share, f"{self._said(shown)}{more}")
        self.progress.setToolTip(plain_tip("\n".join(self._said(export) for export in self.exports)))
        self._list(bool(others))

    def _said(self, export: Export) -> str:
        """ "Writing a.mp4", or what it waits for."""
        if export.begun:
            return f"Writing {export.target.name}"
        names = [take.name for take in export.awaited if take.status is Status.RUNNING]
        return f"{export.target.name} waits" + (f" for {', '.join(names)}" if names and export.job is None else "")

    def _list(self, several: bool) -> None:
        """Each export by itself in the menu of the button, while there are several."""
        button, menu = self.progress.cancel, self.progress.menu
        wanted = [plain_caption(f"Cancel {export.target.name}") for export in self.exports] if several else []
        if [action.text() for action in menu.actions()] == wanted:
            return
        menu.clear()
        for text, export in zip(wanted, self.exports, strict=False):
            menu.addAction(text, lambda chosen=export: self.give_up(chosen))
        # PySide's stub leaves out None, which takes the menu away.
        button.setMenu(menu if several else None)  # pyright: ignore[reportArgumentType]
        button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)


def _begun(context: Any, work: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """The work, after telling that it begins: until then it waits behind other work of its lane."""
    context.report(0.0, "")
    return work(context, *arguments)
