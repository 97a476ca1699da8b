"""Takes come, are encoded again, imported and handed out."""

from collections.abc import Sequence
from pathlib import Path

from psygnal import Signal

from app.controllers.person import Person
from app.jobs import tasks
from app.jobs.engine import Engine
from app.state.imports import ImportDecision, ImportQuestion
from app.state.recipes import Recipe
from app.state.takes import Take
from codec.output import short_name
from codec.texts import visible


class Takes:
    """What is done to takes, with its undo."""

    rename_asked = Signal(object)
    """A Take whose name is to be typed."""

    def __init__(self, engine: Engine, person: Person) -> None:
        self._engine, self._session, self._person = engine, engine.session, person
        self.edits, self.imports = engine.edits, engine.imports
        self.imports.asked.connect(self._ask_about)
        engine.other_decoder.shown.connect(self._added)

    def encode(self, recipe: Recipe) -> Take | None:
        """A new take; None, and a message, when it cannot be begun."""
        return self.edits.added(self._engine.encode(recipe))

    def encode_neural(self) -> Take | None:
        """A new take by the neural draft."""
        return self.encode(self._session.draft.recipe)

    def add_rival(self) -> Take | None:
        """A new take by the rival draft."""
        return self.encode(self._session.draft.rival.recipe)

    def encode_again(self, take: Take) -> None:
        """Encode a take anew with its own settings."""
        self.edits.encode_again(take)

    def encode_anew(self, take: Take) -> None:
        """Encode a neural take anew by the neural draft, in its place."""
        self.edits.encode_again(take, self._session.draft.recipe)

    def show_by_other_decoder(self, take: Take) -> None:
        """A take of the same streams, shown by the other decoder of their codec."""
        self._engine.other_decoder.show(take)

    def _added(self, take: Take) -> None:
        self.edits.added(take)

    def rename(self, take: Take) -> None:
        """Let the take's name be typed."""
        self.rename_asked.emit(take)

    def ask_import(self) -> None:
        """Ask for a file and look at it."""
        clip = self._session.clip
        self._person.ask_take_file(Path.home() if clip is None else clip.path.parent, self.imports.look_at)

    def import_paths(self, paths: Sequence[Path]) -> None:
        """Look at files that are to become takes."""
        for path in paths:
            self.imports.look_at(path)

    def _ask_about(self, question: ImportQuestion) -> None:
        clip = self._session.clip
        if question.facts.is_stream and not question.mismatches:
            # Everything there is to know stands in the stream.
            self._accept(question, ImportDecision())
        elif clip is not None:
            self._person.ask_import(question, clip.timing, self._accept)

    def _accept(self, question: ImportQuestion, decision: ImportDecision) -> None:
        self.edits.added(self.imports.accept(question, decision))

    def ask_watch(self) -> bool:
        """Ask for a training run's folder and watch it; False when that was given up."""
        watching = self._engine.watching
        before = None if watching.folder is None else watching.folder.parent
        folder = self._person.ask_folder("Watch a training run: its folder, as given to seamscope train --out", before)
        if folder is not None:
            watching.start(folder)
        return folder is not None

    def stop_watching(self) -> None:
        """Watch the training run no more."""
        self._engine.watching.stop()

    def ask_export(self, take: Take) -> None:
        """Ask for a name and copy the take's file there."""
        file = take.file or take.encoded.file
        if file is None:
            return
        plain = "".join(c if c.isalnum() or c in "-_." else "_" for c in take.name).strip("_")
        proposed, suffixes = Path(short_name(plain, file.suffix)), (file.suffix.lower(),)
        target = self._person.ask_target(f"Export {visible(take.name)}", proposed, f"*{file.suffix}", suffixes)
        if target is not None:
            self._engine.in_background(tasks.copy_file, (file, target, self._engine.files_in_use))

    def ask_save_stream(self) -> None:
        """Ask for a name and copy the newest neural stream there."""
        take, kinds = self._session.takes.newest_neural, "Seamscope stream (*.gop)"
        target = self._person.ask_target("Save Seamscope stream", Path("stream.gop"), kinds, (".gop",))
        if target is not None and take is not None:
            self._engine.save_stream(take, target)

    def copy_commands(self) -> None:
        """All takes' commands to the clipboard, a line each."""
        self._person.copy_text("\n".join(take.command for take in self._session.takes if take.command))
