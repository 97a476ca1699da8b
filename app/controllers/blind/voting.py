"""Votes of a window: pairs in a drawn order, names hidden meanwhile, every vote on the disk."""

from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom
from typing import Any

from psygnal import Signal

from app.controllers.screen import Screen
from app.jobs.blind import votes
from app.jobs.blind.votes import Ballot
from app.jobs.engine import Engine
from app.jobs.hashing import content_of
from app.jobs.job import Lane, Outcome
from app.jobs.projects import Projects
from app.state.takes import Kind, Status, Take
from app.state.voting import next_pair


class Votes:
    """What actions call."""

    shown = Signal()
    """The scores are asked for, and known."""

    def __init__(self, engine: Engine, screen: Screen, projects: Projects) -> None:
        self._engine, self._session, self._screen, self._projects = engine, engine.session, screen, projects
        self._state = engine.session.voting
        self._random = SystemRandom()
        self._session.clip_changed.connect(self.end)
        self._session.takes.changed.connect(self._takes_changed)

    @property
    def candidates(self) -> list[Take]:
        """Takes that are voted on: the finished ones with a pane."""
        shown = (take for take in self._session.takes.shown if take.kind is not Kind.SOURCE)
        return [take for take in shown if take.status is Status.READY]

    def toggle(self) -> None:
        """Begin, or end and show the scores."""
        if self._state.active:
            cast = self._state.cast
            self.end()
            if cast:
                self.show_scores()
            return
        if len(self.candidates) < 2:
            self._session.message.emit("Votes need two finished takes with a pane, beside the source.")
            return
        self._plain_look()
        self._screen.hide_names()
        self._next(None)
        # Pairs that were judged before this session come later.
        self._read(lambda: None)

    def end(self) -> None:
        """Names come back."""
        if self._state.active:
            self._state.show(None)
            self._screen.show_names()

    def vote(self, share: float) -> None:
        """The left one's share: 1 it is better, 0 the right one is, 0.5 no difference."""
        pair, clip = self._state.pair, self._session.clip
        if pair is None or clip is None:
            return
        left, right = (self._session.takes.by_id(number) for number in pair)
        if left is None or right is None:
            return
        zoom = "fit" if self._session.view.zoom is None else f"{self._session.view.zoom:g}:1"
        values = (
            self._folder, clip.path.name, left.name, right.name, share,
            datetime.now(UTC).isoformat(timespec="milliseconds"), self._session.playback.frame, zoom,
            (left.command, right.command),
        )  # fmt: skip
        self._state.cast += 1
        self._engine.runner.submit(Lane.MEDIA, _add, (clip.path, values), on_done=self._known)
        self._next(pair)

    def show_scores(self) -> None:
        """The scores of the takes over the clips of this folder."""
        self._read(self.shown.emit)

    def _plain_look(self) -> None:
        """Pictures without what tells names over them."""
        view, session = self._session.view, self._session
        session.set_focus(None)
        if view.layouts.differing:
            view.layouts.toggle_difference()
        view.layouts.set_blinking(False)
        if view.inspection.values_shown:
            view.inspection.toggle_values()
        if view.inspection.overlay is not None:
            view.inspection.toggle_overlay(view.inspection.overlay)
        view.inspection.set_region(None, (0, 0))

    def _next(self, before: tuple[int, int] | None) -> None:
        takes = [(take.id, take.name) for take in self.candidates]
        pair = next_pair(takes, self._state.votes, before, self._random)
        if pair is None:
            self._screen.show_names()
        self._state.show(pair)

    def _read(self, then: Any) -> None:
        def ended(outcome: Outcome, value: Any) -> None:
            self._known(outcome, value)
            if outcome is Outcome.SUCCEEDED:
                then()

        self._engine.runner.submit(Lane.MEDIA, votes.read, (self._folder,), on_done=ended)

    def _known(self, outcome: Outcome, value: Any) -> None:
        if outcome is Outcome.SUCCEEDED:
            self._state.set_votes(*value)
        elif outcome is Outcome.FAILED:
            self._session.message.emit(str(value))

    @property
    def _folder(self) -> str:
        clip, project = self._session.clip, self._projects.path
        path = project or (None if clip is None else clip.path) or Path()
        return str(path.absolute().parent)

    def _takes_changed(self) -> None:
        pair = self._state.pair
        if pair is not None and any(self._session.takes.by_id(number) is None for number in pair):
            self.end()


def _add(context: Any, path: Path, values: tuple[Any, ...]) -> Any:
    folder, clip, *rest = values
    return votes.add(context, Ballot(folder, clip, content_of(path, context), *rest))
