"""Saving and opening projects, autosave and recovery. The session is the truth; a project is a picture of it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from psygnal import Signal

from app.jobs import project_files
from app.jobs.engine import Engine
from app.jobs.importing import Imports
from app.jobs.job import Job, Lane, Outcome
from app.jobs.project_files import Draft, FoundProject, TakeFiles
from app.jobs.restoring import Restoring
from app.state.project import SUFFIX, FileRecord, Project, TakeRecord
from app.state.takes import Kind, Take
from codec.stream.settings import DEFAULT_KEY_INTERVAL

_NO_FILE = FileRecord("", "", "")


class Projects:
    """The project of a session. What goes wrong is told by `Session.message`."""

    changed = Signal()
    """Another project file, or saved."""
    recovered = Signal(object)
    """The path of an autosave that is open now."""

    def __init__(self, engine: Engine, imports: Imports) -> None:
        self.engine, self.session = engine, engine.session
        self.path: Path | None = None
        """The project file, None while there is none."""
        self._restoring = Restoring(engine, imports)
        self._saved: Draft | None = None
        self._kept: Draft | None = None
        self._keeping = False
        self._autosave = project_files.autosave_file(project_files.autosave_root())
        self._follows = False
        """The clip that comes now belongs to a project being opened."""
        self.session.clip_changed.connect(self._clip_changed)

    @property
    def unsaved(self) -> bool:
        """True when the session differs from what was last saved or opened. Where playback stands does not count."""
        draft = self.draft()
        return draft is not None and (self._saved is None or _settled(draft) != _settled(self._saved))

    def draft(self) -> Draft | None:
        """The session as a project whose files are still to be hashed; None without a clip."""
        session, clip = self.session, self.session.clip
        if clip is None:
            return None
        takes = [take for take in session.takes if take.kind is not Kind.SOURCE]
        places = {take.id: place for place, take in enumerate(takes)}
        playback = session.playback
        source = next(iter(session.takes))
        project = Project(
            clip=_NO_FILE,
            start=clip.start,
            stop=clip.start + clip.frame_count,
            frame=playback.frame,
            in_point=playback.in_point,
            out_point=playback.out_point,
            loop=playback.loop,
            speed=playback.speed,
            seam_mode=session.seam_mode,
            theta=session.theta,
            gop_marks=session.gop_marks,
            rate_lock=session.rate_lock,
            source_visible=source.visible,
            view=session.view.as_values(),
            notes=session.notes,
            takes=tuple(_record(take, places) for take in takes),
        )
        return Draft(project, clip.path, tuple(_files(take) for take in takes))

    def save(self, target: Path) -> None:
        """Write the project (a job); afterwards it is this session's project."""
        draft = self.draft()
        if draft is None:
            self.session.message.emit("There is nothing to save: open a clip first.")
            return
        if target.suffix != SUFFIX:
            target = target.with_name(target.name + SUFFIX)

        def done(outcome: Outcome, value: Any) -> None:
            if outcome is Outcome.SUCCEEDED:
                self.path, self._saved = target, draft
                self.session.update_settings(self.session.settings.with_recent(target.absolute()))
                self.changed.emit()
            elif outcome is Outcome.FAILED:
                self.session.message.emit(str(value))

        self.engine.runner.submit(Lane.MEDIA, project_files.write_project, (draft, target), on_done=done)

    def open(self, path: Path, *, recovery: bool = False) -> None:
        """Open a project (a job); what is shown stays until it is there. A newer request wins."""
        self.engine.give_up_opening()
        cell: list[Job] = []

        def done(outcome: Outcome, value: Any) -> None:
            stale = bool(cell) and cell[0].cancelled.is_set()
            if outcome is Outcome.SUCCEEDED and stale:
                value.clip.close()
            elif outcome is Outcome.SUCCEEDED:
                self._show(value, path, recovery)
            elif outcome is Outcome.FAILED and not stale:
                self.session.message.emit(str(value))

        work = project_files.read_project
        cell.append(self.engine.runner.submit(Lane.MEDIA, work, (path, self.engine.folder), on_done=done))
        self.engine.opening = cell[0]

    def _show(self, found: FoundProject, path: Path, recovery: bool) -> None:
        self._follows = True
        self.engine.show(found.clip)
        self._follows = False
        self._restoring.apply(found)
        self.path = None if recovery else path
        # A recovered session is saved nowhere yet.
        self._saved = None if recovery else self.draft()
        if recovery:
            self.recovered.emit(path)
        else:
            self.session.update_settings(self.session.settings.with_recent(path.absolute()))
        for warning in found.warnings:
            self.session.message.emit(warning)
        self.changed.emit()

    def _clip_changed(self) -> None:
        if not self._follows:
            self.path, self._saved = None, None
            self.changed.emit()

    @property
    def keeping(self) -> bool:
        """True while an autosave is being written."""
        return self._keeping

    def autosave(self) -> None:
        """Keep the session as it is for the case of a crash (a job); nothing when it was kept so before."""
        draft = self.draft()
        worth = draft is not None and (draft.project.takes or draft.project.notes)
        if draft is None or not worth or self._keeping or draft == self._kept:
            return
        self._keeping = True

        def done(outcome: Outcome, value: Any) -> None:
            self._keeping = False
            # What cannot be kept now is tried again: told once a draft, not every half minute.
            self._kept = draft
            if outcome is Outcome.FAILED:
                self.session.message.emit(str(value))

        self.engine.runner.submit(Lane.MEDIA, project_files.autosave, (draft, self._autosave), on_done=done)

    def left_behind(self) -> Path | None:
        """The newest autosave of a run that crashed."""
        found = project_files.left_behind(project_files.autosave_root())
        return found[0] if found else None

    def recover(self, file: Path) -> None:
        """Open what a crashed run left behind."""
        self.open(file, recovery=True)

    def forget_left_behind(self, file: Path) -> None:
        """Remove what a crashed run left behind: it was recovered and kept anew, or is not wanted."""
        self.engine.in_background(_drop, (file,))

    def close(self) -> None:
        """The window closes in good order: nothing is left to recover."""
        project_files.drop_autosave(self._autosave)


def _drop(context: object, file: Path) -> None:
    del context
    project_files.drop_autosave(file)


def _settled(draft: Draft) -> tuple[object, ...]:
    """The draft without where playback stands and how pictures are looked at."""
    project = draft.project
    return (
        project.start, project.stop, project.in_point, project.out_point, project.seam_mode, project.theta,
        project.rate_lock, project.source_visible, project.notes, tuple(replace(t, note="") for t in project.takes),
        draft.clip, draft.files,
    )  # fmt: skip


def _record(take: Take, places: dict[int, int]) -> TakeRecord:
    recipe = take.recipe
    return TakeRecord(
        kind=take.kind,
        asked=take.asked,
        name=take.given_name,
        visible=take.visible,
        nudge=take.nudge,
        lmbda=take.lmbda,
        codec=None if recipe is None else recipe.codec,
        quality=None if recipe is None else recipe.quality,
        matched_to=None if recipe is None or recipe.matched_to is None else places.get(recipe.matched_to),
        kbps=None if recipe is None else recipe.kbps,
        preset="" if recipe is None else recipe.preset,
        key_interval=DEFAULT_KEY_INTERVAL if recipe is None else recipe.key_interval,
        recipe=recipe is not None,
        stated_kbps=None if take.origin is None else take.origin.stated_kbps,
        by_time=take.origin is not None and take.origin.by_time,
        command=take.encoded.command,
        note=take.note,
    )


def _files(take: Take) -> TakeFiles:
    if take.origin is not None:
        return TakeFiles(take.origin.path, None, copied=False)
    disjoint = None if take.disjoint is None else take.disjoint.file
    return TakeFiles(take.encoded.file, disjoint, copied=True)
