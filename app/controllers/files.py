"""Clips and projects are opened, saved, kept for a crash and recovered."""

from collections.abc import Callable, Sequence
from pathlib import Path

from app.controllers.export_queue import ExportQueue
from app.controllers.leaving import QUIT, Leaving
from app.controllers.person import Person
from app.controllers.takes import Takes
from app.jobs.engine import Engine
from app.state.project import SUFFIX
from codec.output import short_name

PROJECT_KIND = f"Seamscope project (*{SUFFIX})"


class Files:
    """What is open, and where it is saved."""

    def __init__(self, engine: Engine, takes: Takes, queue: ExportQueue, person: Person) -> None:
        self._engine, self._session, self._takes, self._person = engine, engine.session, takes, person
        self.projects = engine.projects
        self.leaving = Leaving(self.projects, queue, person, self.save_project)

    def offer_recovery(self) -> None:
        """Ask whether to go on with what a crashed run left behind, if there is something."""
        file = self.projects.left_behind()
        if file is not None:
            self._person.ask_recovery(
                lambda: self.leaving.then("go on with what was open then", lambda: self.projects.recover(file)),
                lambda: self.projects.forget_left_behind(file),
            )

    def ask_clip(self) -> None:
        """Ask for a clip and open it."""
        recent = self._session.settings.recent
        folder = Path(recent[0]).parent if recent else Path.home()
        self._person.ask_clip(folder, lambda path: self.open_paths([path]))

    def open_paths(self, paths: Sequence[Path]) -> None:
        """What was dropped or chosen: a project, streams as takes, or a clip."""
        project = next((path for path in paths if path.suffix == SUFFIX), None)
        streams = [path for path in paths if path.suffix.lower() == ".gop"]
        others = [path for path in paths if path != project and path not in streams]
        if project is not None:
            self.leaving.then(f"open {project.name}", lambda: self.projects.open(project))
        elif others:
            takes = [*streams, *others[1:]]
            self.leaving.then(
                f"open {others[0].name}",
                lambda: self._engine.open(others[0], then=lambda: self._takes.import_paths(takes)),
            )
        else:
            self._takes.import_paths(streams)

    def ask_open_project(self) -> None:
        """Ask for a project file and open it."""
        path = self._person.ask_project(self._folder())
        if path is not None:
            self.open_paths([path])

    def save_project(self, then: Callable[[], None] | None = None) -> None:
        """Save where the project is; ask where, the first time. `then` is called when it is saved."""
        if self.projects.path is None:
            self.ask_save_project(then)
        else:
            self.projects.save(self.projects.path, then)

    def ask_save_project(self, then: Callable[[], None] | None = None) -> None:
        """Ask for a name and save the project there; `then` is called when it is saved."""
        clip = self._session.clip
        if clip is None:
            return
        proposed = self._folder() / short_name(clip.path.stem.replace("%", ""), SUFFIX)
        target = self._person.ask_target("Save project", proposed, PROJECT_KIND, (SUFFIX,))
        if target is not None:
            self.projects.save(target, then)

    def _folder(self) -> Path:
        clip, path = self._session.clip, self.projects.path
        return Path.home() if clip is None else (path or clip.path).parent

    def allows_close(self, close: Callable[[], object]) -> bool:
        """False while something would be lost: the user is asked then, and `close` called when that was answered."""
        return self.leaving.agreed(QUIT, close)

    def closed(self, *, keep: bool) -> None:
        """The window has closed, all work has ended: what was kept for a crash goes, unless it is to `keep`."""
        if not keep:
            self.projects.close()
