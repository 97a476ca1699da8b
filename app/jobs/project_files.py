"""Project files and the takes' files beside them: written whole or not at all, read with suspicion. No Qt.

The encodes of `NAME.seamscope` lie in the folder `NAME.takes` beside it, each under a name made of its own hash, so
that saving again copies nothing twice.
"""

import os
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from app.jobs import imported
from app.jobs.copying import copy_whole
from app.jobs.hashing import content_of
from app.jobs.ownership import OwnedFolder, is_left_behind
from app.state.imports import FileFacts
from app.state.project import FileRecord, Project, ProjectError, TakeRecord, file_record, parse, read_text, to_text
from app.state.takes import Kind
from codec.context import WorkContext
from codec.errors import SeamscopeError
from codec.folders import state_folder
from codec.media import place
from codec.media.clip import Clip, open_clip
from codec.output import check_output, same_file, write_text

_NAME_LENGTH = 24
_OURS = re.compile(rf"[0-9a-f]{{{_NAME_LENGTH}}}\.(gop|mkv)")
AUTOSAVE_NAME = "autosave.seamscope"


@dataclass(frozen=True, slots=True)
class TakeFiles:
    """Where a take's files are now, and whether the project keeps copies of them."""

    main: Path | None
    disjoint: Path | None
    copied: bool
    """True for what was encoded here, False for imported files, which stay where they are."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A project whose files are not hashed yet: what the window hands over for saving."""

    project: Project
    clip: Path
    files: tuple[TakeFiles, ...]
    """One for each take of the project."""


@dataclass(frozen=True, slots=True)
class FoundTake:
    """A take's record with what its files hold now."""

    record: TakeRecord
    main: FileFacts | None
    disjoint: FileFacts | None
    problem: str
    """Empty, or why a file is not there."""


@dataclass(frozen=True, slots=True)
class FoundProject:
    """A project read back, its clip open."""

    project: Project
    clip: Clip
    takes: tuple[FoundTake, ...]
    warnings: tuple[str, ...]


def takes_folder(project: Path) -> Path:
    """Where a project's encodes lie."""
    return project.with_name(f"{project.stem}.takes")


def write_project(context: WorkContext, draft: Draft, target: Path, inputs: tuple[Path, ...] = ()) -> Project:
    """Copy the takes' files, then write the project, whole or not at all. `inputs`: further files in use.

    Raises OutputError, ProjectError.
    """
    folder = takes_folder(target)
    place.output_file(target, ProjectError, "project")
    place.output_folder(folder, ProjectError)
    used = (draft.clip, *(path for f in draft.files for path in (f.main, f.disjoint) if path is not None), *inputs)
    check_output(target, used)
    try:
        clip = file_record(draft.clip, target.parent, content_of(draft.clip, context))
        takes = []
        for record, files in zip(draft.project.takes, draft.files, strict=True):
            context.check()
            main, disjoint = (
                _kept(path, folder, target, files.copied, context) for path in (files.main, files.disjoint)
            )
            takes.append(replace(record, file=main, disjoint_file=disjoint))
        project = replace(draft.project, clip=clip, takes=tuple(takes))
        write_text(target, to_text(project, target), used)
    except OSError as error:
        raise ProjectError(f"{target}: the project cannot be written ({error.strerror or error}).") from error
    _remove_unused(folder, project, used)
    return project


def _kept(path: Path | None, folder: Path, target: Path, copied: bool, context: WorkContext) -> FileRecord | None:
    if path is None:
        return None
    content = content_of(path, context)
    if not copied:
        return file_record(path, target.parent, content)
    copy = folder / f"{content.partition(':')[2][:_NAME_LENGTH]}{path.suffix}"
    # What lies under the name may have been damaged since.
    if not copy.exists() or content_of(copy, context) != content:
        folder.mkdir(parents=True, exist_ok=True)
        copy_whole(path, copy, context)
    return file_record(copy, target.parent, content)


def _remove_unused(folder: Path, project: Project, in_use: tuple[Path, ...]) -> None:
    """Drop copies that no take refers to any more; files that were not put there by saving, or are in use, are left
    alone."""
    used = {
        Path(record.absolute).name
        for take in project.takes
        for record in (take.file, take.disjoint_file)
        if record is not None
    }
    with suppress(OSError):
        for file in folder.iterdir() if folder.is_dir() else ():
            ours = _OURS.fullmatch(file.name) and file.name not in used
            if ours and not any(same_file(file, path) for path in in_use):
                file.unlink()


def read_project(context: WorkContext, path: Path, workspace: Path) -> FoundProject:
    """Read a project, open its clip, look at its takes' files; encodes are copied into `workspace`, so that the project
    and the running program do not share files. Raises ProjectError, MediaError, SettingError."""
    project = parse(read_text(path), path)
    found_at = project.clip.find(path.parent)
    if not found_at.exists() and "%" not in found_at.name:
        raise ProjectError(f"{path}: the project's clip {found_at} is not there; put it back or beside the project.")
    clip = open_clip(found_at, start=project.start, stop=project.stop, deinterlace=project.deinterlace, context=context)
    try:
        clip.picture(0)
        warnings = []
        if project.clip.content and content_of(found_at, context) != project.clip.content:
            warnings.append(f"{found_at}: the clip has changed since the project was saved.")
        takes = tuple(
            _found(record, path, workspace / f"restored-{os.getpid()}-{number}", context)
            for number, record in enumerate(project.takes)
        )
    except BaseException:
        clip.close()
        raise
    return FoundProject(project, clip, takes, tuple(warnings))


def _found(record: TakeRecord, project: Path, copy: Path, context: WorkContext) -> FoundTake:
    facts: list[FileFacts | None] = []
    problems: list[str] = []
    for number, file in enumerate((record.file, record.disjoint_file)):
        context.check()
        try:
            beside = copy.with_name(f"{copy.name}-{number}")
            facts.append(None if file is None else _facts(file, record, project, beside, context))
        except (SeamscopeError, OSError) as error:
            facts.append(None)
            problems.append(str(error))
    if record.file is None:
        problems.append("It was not finished when the project was saved.")
    return FoundTake(record, facts[0], facts[1], " ".join(problems))


def _facts(file: FileRecord, record: TakeRecord, project: Path, copy: Path, context: WorkContext) -> FileFacts:
    found_at = file.find(project.parent)
    if file.content and content_of(found_at, context) != file.content:
        raise ProjectError(f"{found_at}: the file has changed since the project was saved.")
    if not record.recipe:
        return imported.inspect(context, found_at)
    if record.kind is Kind.NEURAL and found_at.suffix != imported.STREAM_SUFFIX:
        raise ProjectError(f"{found_at}: this is not a stream.")
    # Before anything is copied: what is no take would fill the disk for nothing.
    facts = imported.inspect(context, found_at)
    copy = _free(copy.with_name(f"{copy.name}{found_at.suffix}"))
    copy_whole(found_at, copy, context)
    return replace(facts, path=copy)


def _free(path: Path) -> Path:
    """The path, or one like it under which nothing lies yet."""
    found, number = path, 0
    while found.exists():
        number += 1
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return found


def autosave_root() -> Path:
    """Where every run keeps its project, each in a folder of its own."""
    return state_folder() / "autosave"


class Autosave:
    """This process's own autosave, in a folder of its own."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._owned: OwnedFolder | None = None

    def write(self, context: WorkContext, draft: Draft) -> Project:
        """Write it, making its folder. Raises ProjectError."""
        try:
            if self._owned is None:
                self._root.mkdir(parents=True, exist_ok=True)
                self._owned = OwnedFolder(self._root, "run-")
        except OSError as error:
            raise ProjectError(f"{self._root}: the project cannot be kept ({error.strerror or error}).") from error
        return write_project(context, draft, self._owned.path / AUTOSAVE_NAME)

    def drop(self) -> None:
        """Remove it with its takes."""
        if self._owned is not None:
            shutil.rmtree(self._owned.path, ignore_errors=True)
            self._owned.release()
            self._owned = None


def left_behind(root: Path) -> list[Path]:
    """Autosaves of runs that are no more, newest first."""
    found = []
    with suppress(OSError):
        for file in root.glob(f"*/{AUTOSAVE_NAME}"):
            if is_left_behind(file.parent):
                found.append(file)
        found.sort(key=lambda file: file.stat().st_mtime, reverse=True)
    return found


def drop_left_behind(file: Path) -> None:
    """Remove an autosave that was left behind, with its takes."""
    if file.name == AUTOSAVE_NAME:
        shutil.rmtree(file.parent, ignore_errors=True)
