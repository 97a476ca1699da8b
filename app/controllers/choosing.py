"""A take is chosen as the clip's operating point; the operating points of a folder of projects become a table."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from app.controllers.person import Person
from app.jobs.engine import Engine
from app.jobs.job import Lane, Outcome
from app.jobs.points import PointTable, collect_points, write_points
from app.state.choice import Choice, choice_of
from app.state.history import Change
from app.state.takes import Take

_KINDS = "Table (*.csv);;JSON (*.json)"
_SUFFIXES = (".csv", ".json")


class Choosing:
    """Operating points, with their undo."""

    def __init__(self, engine: Engine, person: Person) -> None:
        self._engine, self._session, self._person = engine, engine.session, person

    def ask(self, take: Take) -> None:
        """Ask who chooses the take and why, then mark it."""
        if (take.rate or take.encoded.rate) is None:
            self._session.message.emit(f"{take.name}: wait until its bitrate is measured before choosing it.")
            return
        before = self._session.choice
        drop = self.drop if before is not None and before.take == take.id else None
        why = before.why if before is not None and drop is not None else ""
        who = self._session.settings.who
        self._person.ask_choice(take.name, (who, why), lambda w, y: self.choose(take, w, y), drop)

    def choose(self, take: Take, who: str, why: str) -> None:
        """Mark a take as the operating point of the clip."""
        choice = choice_of(take, who, why)
        self._session.update_settings(replace(self._session.settings, who=choice.who))
        self._change(choice, f"Choose {take.name}")

    def drop(self) -> None:
        """No take is the operating point any more."""
        self._change(None, "Choose no take")

    def _change(self, after: Choice | None, text: str) -> None:
        session, before = self._session, self._session.choice
        session.set_choice(after)
        session.history.push(Change(text, lambda: session.set_choice(before), lambda: session.set_choice(after)))

    def ask_table(self) -> None:
        """Ask for a folder of projects and show what was chosen in them."""
        folder = self._person.ask_folder("Folder of projects")
        if folder is not None:
            self._engine.runner.submit(Lane.MEDIA, collect_points, (folder,), on_done=self._collected)

    def _collected(self, outcome: Outcome, value: Any) -> None:
        if outcome is Outcome.FAILED:
            self._session.message.emit(str(value))
        elif outcome is Outcome.SUCCEEDED:
            table: PointTable = value
            self._person.show_points(table, lambda: self._ask_target(table))

    def _ask_target(self, table: PointTable) -> None:
        proposed = Path("operating-points.csv")
        target = self._person.ask_target("Export operating points", proposed, _KINDS, _SUFFIXES)
        if target is not None:
            self._engine.in_background(write_points, (table, target, self._engine.files_in_use))
