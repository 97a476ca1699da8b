"""The one door for actions that start work: opening, encoding, measuring, editing, saving. Each subject has an object
of its own, which is given what it uses."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.jobs import tasks
from app.jobs.decoding import OtherDecoder, StreamDecodes
from app.jobs.editing import Edits
from app.jobs.encodes import Encodes
from app.jobs.importing import Imports
from app.jobs.job import Job, Lane, Outcome, Runner
from app.jobs.neural import NeuralEncodes
from app.jobs.opening import Opening
from app.jobs.projects import Projects
from app.jobs.restoring import Restoring
from app.jobs.rivals import Rivals
from app.jobs.scoring import Scoring
from app.jobs.store import FilesInUse, TakeStore
from app.jobs.take_jobs import TakeJobs
from app.jobs.tools import Tools
from app.jobs.watching import Watching
from app.jobs.works import Works
from app.state.recipes import Options, Recipe
from app.state.session import Session
from app.state.takes import Kind, Take
from codec import registry
from codec.rivals import RivalCodec


class Engine:
    """Starts jobs for a session and enters what they bring. No call waits for work, none raises for a user's error:
    what goes wrong is told by `Session.message` and the take's `error`."""

    def __init__(self, session: Session, runner: Runner) -> None:
        self.session, self.runner = session, runner
        self.device = ""
        """Where the networks run; empty until they are loaded."""
        self._warming: Job | None = None
        self.store = TakeStore()
        runner.put_temporary_in(self.store.temporary)
        self.in_use = FilesInUse(session)
        self.jobs = TakeJobs(session, runner)
        self.scoring = Scoring(session, runner)
        tools = Tools(session, runner, self.store, self.jobs, self.scoring)
        self.neural = NeuralEncodes(tools)
        self.encodes = Encodes(tools, self.neural, Rivals(tools))
        self.works = Works(session, self.scoring, stop=self.encodes.cancel, release=self.encodes.release)
        self.in_use.add(lambda: self.works.files)
        self.opening = Opening(session, runner, self.works)
        self.watching = Watching(tools, self.encodes)
        self.edits = Edits(tools, self.encodes, self.works, self.in_use)
        self.imports = Imports(tools, self.neural)
        decodes = StreamDecodes(tools, self.neural)
        self.other_decoder = OtherDecoder(tools, decodes, self.imports)
        restoring = Restoring(tools, decodes, self.imports)
        self.projects = Projects(session, runner, self.opening, restoring, self.in_use, self.store.folder)

    # Models

    def warm_up(self) -> None:
        """Load the models in the background."""
        self._warm_codec()
        self.runner.submit(Lane.METRICS, tasks.warm_metrics, on_done=self._told)

    def set_device(self, device: str) -> None:
        """Where the next encodes run."""
        self.session.update_settings(replace(self.session.settings, device=device))
        self._warm_codec()

    def _warm_codec(self, *, background: bool = False) -> None:
        settings = self.session.settings
        self._warming = self.runner.submit(
            Lane.CODEC,
            tasks.warm_up,
            (settings.device, settings.precision),
            background=background,
            on_done=self._warmed,
        )

    def _let_pass(self, recipe: Recipe) -> None:
        """A codec that has its loops compiled, which takes a minute at the first start, does not hold up another."""
        warming = self._warming
        if recipe.codec is None and recipe.neural != registry.DEFAULT and warming is not None and not warming.finished:
            self.runner.cancel(warming)
            self._warm_codec(background=True)

    def _warmed(self, outcome: Outcome, value: Any) -> None:
        if outcome is Outcome.SUCCEEDED:
            self.device = str(value)
            self.session.settings_changed.emit()
        self._told(outcome, value)

    def _told(self, outcome: Outcome, value: Any) -> None:
        if outcome is Outcome.FAILED:
            self.session.message.emit(str(value))

    # Clips and takes

    def open(
        self,
        path: Path,
        start: int = 0,
        stop: int | None = None,
        *,
        deinterlace: bool = False,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Open a clip; the one shown stays until the new one is there, `then` is called. A newer request wins."""
        self.opening.open(path, start, stop, deinterlace, then)

    def encode(self, recipe: Recipe, *, replacing: bool = False) -> Take | None:
        """A new take by a recipe, `replacing` one that goes; None, and a message, when it cannot be begun."""
        self._let_pass(recipe)
        return self.encodes.encode(recipe, replacing=replacing)

    def encode_neural(self, lmbda: float, neural: str = registry.DEFAULT, options: Options = ()) -> Take | None:
        """A new take of a neural codec at λ."""
        return self.encode(Recipe(None, lmbda, neural=neural, options=options))

    def encode_rival(
        self, codec: RivalCodec, quality: float | None = None, *, same_as: Take | None = None
    ) -> Take | None:
        """A rival take, at a CRF/QP, or (None) at the measured bitrate that `same_as` shows, by default that of the
        newest finished neural take."""
        return self.encode(Recipe(codec, quality=quality, matched_to=None if same_as is None else same_as.id))

    def cancel(self, take: Take) -> None:
        """Stop the take's encodes; what is decoded of it stays on the screen."""
        self.encodes.cancel(take)

    def cancel_all(self) -> None:
        """Stop every encode, and what is being opened."""
        self.opening.give_up()
        for take in self.session.takes:
            self.cancel(take)

    def remove(self, take: Take) -> None:
        """Stop a take, take it off the list and give back its files, for good. The source stays."""
        if take.kind is not Kind.SOURCE:
            self.session.takes.remove(take)
            self.encodes.discard(take)

    # Files

    @property
    def files_in_use(self) -> tuple[Path, ...]:
        """What no output may replace."""
        return self.in_use.paths

    def save_stream(self, take: Take, target: Path) -> None:
        """Copy a take's stream, of the seam mode shown if there is one, to where the user wants it; whole or not."""
        file = take.file or take.encoded.file
        if file is not None:
            self.in_background(tasks.copy_file, (file, target, self.files_in_use))

    def in_background(self, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        """Small file work of an action (saving pictures); a failure becomes a message."""
        self.runner.submit(Lane.MEDIA, work, arguments, on_done=self._told)

    def shutdown(self) -> None:
        """End all work, give back files, remove what was temporary."""
        self.neural.close()
        self.watching.stop()
        self.runner.shutdown()
        self.session.history.clear()
        for take in self.session.takes:
            self.encodes.release(take)
        self.store.close()
