"""Saving and opening projects, autosave and recovery. The session is the truth; a project is a picture of it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal
from weakref import WeakKeyDictionary

from psygnal import Signal

from app.jobs import project_files
from app.jobs.job import Lane, Outcome, Runner
from app.jobs.opening import Opening
from app.jobs.project_files import Draft, FoundProject, TakeFiles
from app.jobs.restoring import Restoring
from app.jobs.store import FilesInUse
from app.state.choice import Choice
from app.state.project import COMMAND_LIMIT, SUFFIX, TEXT_LIMIT, ChoiceRecord, FileRecord, Project, TakeRecord
from app.state.session import Session
from app.state.takes import NAME_LIMIT, TAKE_LIMIT, Kind, Status, Take
from codec.media.clip import Clip

_NO_FILE = FileRecord("", "", "")


class Projects:
    """The project of a session. What goes wrong is told by `Session.message`."""

    changed = Signal()
    """Another project file, or saved."""
    recovered = Signal(object)
    """The path of an autosave that is open now."""

    def __init__(
        self, session: Session, runner: Runner, opening: Opening, restoring: Restoring, in_use: FilesInUse, folder: Path
    ) -> None:
        """`folder`: where the takes of an open project have their files."""
        self.session, self._runner, self._opening, self._restoring = session, runner, opening, restoring
        self._in_use, self._folder = in_use, folder
        self.path: Path | None = None
        """The project file, None while there is none."""
        self._saved: Draft | None = None
        self._kept: Draft | None = None
        self._keeping = False
        self._autosave = project_files.Autosave(project_files.autosave_root())
        self._recovered: list[Path] = []
        """Autosaves of other runs that are open now and are not kept in this run's own yet."""
        self._clip: Clip | None = None
        self._places: WeakKeyDictionary[Clip, tuple[Path | None, Draft | None]] = WeakKeyDictionary()
        """Projects of clips that are put away and may come back: their files, and as they were saved."""
        self.session.clip_changed.connect(self._clip_changed)
        in_use.add(lambda: () if self.path is None else (self.path,))

    @property
    def unsaved(self) -> bool:
        """True when the session differs from what was last saved or opened; of what was never saved, when it has takes
        or notes. Where playback stands does not count."""
        draft = self.draft()
        if draft is None:
            return False
        if self._saved is None:
            return _is_worth_keeping(draft)
        return _settled(draft) != _settled(self._saved)

    @property
    def unfinished(self) -> list[Take]:
        """Takes whose encode would be lost if the session ended now."""
        takes = self.session.takes
        return [t for t in takes if t.status is Status.RUNNING and t.recipe is not None and t.encoded.file is None]

    def draft(self) -> Draft | None:
        """The session as a project whose files are still to be hashed; None without a clip."""
        session, clip = self.session, self.session.clip
        if clip is None:
            return None
        takes = [take for take in session.takes if take.kind is not Kind.SOURCE and not take.watched]
        places = {take.id: place for place, take in enumerate(takes)}
        playback = session.playback
        source = next(iter(session.takes))
        project = Project(
            clip=_NO_FILE,
            start=clip.start,
            stop=clip.start + clip.frame_count,
            deinterlace=clip.info.deinterlaced,
            frame=playback.frame,
            in_point=playback.in_point,
            out_point=playback.out_point,
            loop=playback.loop,
            speed=playback.speed,
            seam_mode=session.seam_mode,
            theta=session.theta,
            gop_marks=session.gop_marks,
            rate_lock=session.rate_lock,
            choice=_choice(session.choice, places),
            source_visible=source.visible,
            view=session.view.as_values(),
            notes=session.notes,
            takes=tuple(_record(take, places) for take in takes),
        )
        return Draft(project, clip.path, tuple(_files(take) for take in takes))

    def save(self, target: Path, then: Callable[[], None] | None = None) -> None:
        """Write the project (a job); afterwards it is this session's project, and `then` is called."""
        draft = self.draft()
        if draft is None:
            self.session.message.emit("There is nothing to save: open a clip first.")
            return
        if target.suffix != SUFFIX:
            target = target.with_name(target.name + SUFFIX)

        clip = self.session.clip

        def done(outcome: Outcome, value: Any) -> None:
            if outcome is Outcome.SUCCEEDED and self.session.clip is clip:
                self.path, self._saved = target, draft
                self.session.update_settings(self.session.settings.with_recent(target.absolute()))
                self.changed.emit()
                if then is not None:
                    then()
            elif outcome is Outcome.FAILED:
                self.session.message.emit(str(value))

        # Only the project itself may be replaced.
        others = tuple(path for path in self._in_use.paths if path != self.path)
        self._runner.submit(Lane.MEDIA, project_files.write_project, (draft, target, others), on_done=done)

    def open(self, path: Path, *, recovery: bool = False) -> None:
        """Open a project (a job); what is shown stays until it is there. A newer request wins."""

        def done(stale: bool, outcome: Outcome, value: Any) -> None:
            if outcome is Outcome.SUCCEEDED and stale:
                value.clip.close()
            elif outcome is Outcome.SUCCEEDED:
                self._show(value, path, recovery)
            elif outcome is Outcome.FAILED and not stale:
                self.session.message.emit(str(value))

        self._opening.submit(project_files.read_project, (path, self._folder), done)

    def _show(self, found: FoundProject, path: Path, recovery: bool) -> None:
        self._opening.show(found.clip)
        self._restoring.apply(found)
        self.path = None if recovery else path
        # A recovered session is saved nowhere yet.
        self._saved = None if recovery else self.draft()
        if recovery:
            self._recovered.append(path)
            self.autosave()
            self.recovered.emit(path)
        else:
            self.session.update_settings(self.session.settings.with_recent(path.absolute()))
        for warning in found.warnings:
            self.session.message.emit(warning)
        self.changed.emit()

    def _clip_changed(self) -> None:
        if self._clip is not None:
            self._places[self._clip] = self.path, self._saved
        self._clip = self.session.clip
        self.path, self._saved = (None, None) if self._clip is None else self._places.pop(self._clip, (None, None))
        self.changed.emit()

    @property
    def keeping(self) -> bool:
        """True while an autosave is being written."""
        return self._keeping

    def autosave(self) -> None:
        """Keep the session as it is for the case of a crash (a job); nothing when it was kept so before."""
        draft = self.draft()
        if draft is None or not _is_worth_keeping(draft) or self._keeping or draft == self._kept:
            return
        self._keeping = True
        kept_with_it = tuple(self._recovered)

        def done(outcome: Outcome, value: Any) -> None:
            self._keeping = False
            # What cannot be kept now is tried again: told once a draft, not every half minute.
            self._kept = draft
            if outcome is Outcome.FAILED:
                self.session.message.emit(str(value))
            elif outcome is Outcome.SUCCEEDED:
                for file in kept_with_it:
                    self._recovered.remove(file)
                    self.forget_left_behind(file)

        self._runner.submit(Lane.MEDIA, self._autosave.write, (draft,), on_done=done)

    def left_behind(self) -> Path | None:
        """The newest autosave of a run that crashed."""
        found = project_files.left_behind(project_files.autosave_root())
        return found[0] if found else None

    def recover(self, file: Path) -> None:
        """Open what a crashed run left behind."""
        self.open(file, recovery=True)

    def forget_left_behind(self, file: Path) -> None:
        """Remove what a crashed run left behind: it was kept anew, or is not wanted."""
        self._runner.submit(Lane.MEDIA, _drop, (file,))

    def close(self) -> None:
        """The window has closed in good order, all work has ended: nothing is left to recover."""
        self._autosave.drop()
        for file in self._recovered:
            project_files.drop_left_behind(file)


def _drop(context: object, file: Path) -> None:
    del context
    project_files.drop_left_behind(file)


def _is_worth_keeping(draft: Draft) -> bool:
    return bool(draft.project.takes or draft.project.notes)


def _settled(draft: Draft) -> tuple[object, ...]:
    """The draft without where playback stands and how pictures are looked at."""
    project = draft.project
    return (
        project.start, project.stop, project.in_point, project.out_point, project.seam_mode, project.theta,
        project.rate_lock, project.source_visible, project.notes, project.choice,
        tuple(replace(t, note="") for t in project.takes), draft.clip, draft.files,
    )  # fmt: skip


def _choice(choice: Choice | None, places: dict[int, int]) -> ChoiceRecord | None:
    if choice is None:
        return None
    return ChoiceRecord(
        choice.name[:TEXT_LIMIT], choice.codec[:NAME_LIMIT], choice.kbps, choice.bpp, choice.asked[:TEXT_LIMIT],
        choice.command[:COMMAND_LIMIT], choice.who, choice.when, choice.why, places.get(choice.take),
    )  # fmt: skip


def _record(take: Take, places: dict[int, int]) -> TakeRecord:
    recipe = take.recipe
    return TakeRecord(
        kind=take.kind,
        asked=take.asked[:TEXT_LIMIT],
        name=take.given_name,
        visible=take.visible,
        look=take.look % TAKE_LIMIT,
        nudge=take.nudge,
        lmbda=take.lmbda,
        codec=None if recipe is None else recipe.codec,
        quality=None if recipe is None else recipe.quality,
        matched_to=None if recipe is None or recipe.matched_to is None else places.get(recipe.matched_to),
        kbps=None if recipe is None else recipe.kbps,
        preset="" if recipe is None else recipe.preset,
        neural=take.neural,
        options={} if recipe is None else dict(recipe.options),
        recipe=recipe is not None,
        stated_kbps=None if take.origin is None else take.origin.stated_kbps,
        by_time=take.origin is not None and take.origin.by_time,
        decoder=_asked_decoder(take),
        command=take.encoded.command[:COMMAND_LIMIT],
        note=take.note[:TEXT_LIMIT],
    )


def _asked_decoder(take: Take) -> Literal["", "fast", "full"]:
    return "fast" if take.asked_decoder == "fast" else "full" if take.asked_decoder == "full" else ""


def _files(take: Take) -> TakeFiles:
    if take.origin is not None:
        return TakeFiles(take.origin.path, None, copied=False)
    disjoint = None if take.disjoint is None else take.disjoint.file
    return TakeFiles(take.encoded.file, disjoint, copied=True)
