"""Files of this run's takes: encodes, and the pictures decoded of them."""

import itertools
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from app.jobs.imported import ImportedSource
from app.jobs.workspace import Workspace
from app.state.session import Session
from app.state.takes import Take
from codec.gop import Structure
from codec.media.clip import Clip
from codec.media.picture import Colour
from codec.media.spool import SpoolSpec
from codec.pipeline.spooled import SpooledTake, spool_slots
from codec.rivals import RivalSource


class Sized(Protocol):
    """Something with pictures of one size."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def frame_count(self) -> int: ...


class TakeStore:
    """A folder of its own, gone when the run ends."""

    def __init__(self) -> None:
        self._workspace = Workspace()
        self._numbers = itertools.count(1)
        self.folder = self._workspace.path
        """Where encodes and decoded pictures lie."""
        self.temporary = self._workspace.temporary
        """For what work needs for a while."""

    def new_number(self) -> int:
        """A number no file in the folder has yet."""
        return next(self._numbers)

    def spool(self, number: int, structure: Structure, colour: Colour, like: Sized) -> SpoolSpec:
        """Where the pictures of a stream of `like`'s size and length go."""
        path = self.folder / f"neural-{number}-{structure.value}.yuv"
        return SpoolSpec(path, like.width, like.height, colour, spool_slots(like.frame_count, structure))

    def held_bytes(self, take: Take) -> int:
        """Bytes of the files in `folder` that belong to a take."""
        files = [stream.file for stream in (take.encoded, take.disjoint) if stream is not None]
        if isinstance(take.source, SpooledTake):
            files += [take.source.spec.overlap.path, take.source.spec.disjoint.path]
        held = 0
        for file in files:
            if file is not None and file.is_relative_to(self.folder):
                with suppress(OSError):
                    held += file.stat().st_size
        return held

    def give_back(self, take: Take) -> None:
        """Close a take's pictures and remove its files. Imported files stay."""
        source = take.source
        # The picture thread may still be reading: it gets an error, which it shows as a missing picture.
        if isinstance(source, SpooledTake):
            source.close(remove=True)
        elif isinstance(source, RivalSource | ImportedSource | Clip):
            source.close()
        for stream in (take.encoded, take.disjoint):
            if stream is not None and stream.file is not None and stream.file.is_relative_to(self.folder):
                stream.file.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove everything."""
        self._workspace.close()


class FilesInUse:
    """What no output may replace."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._also: list[Callable[[], Iterable[Path]]] = []

    def add(self, tell: Callable[[], Iterable[Path]]) -> None:
        """Ask this for further files, each time."""
        self._also.append(tell)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The clip, the files of all takes, what others hold; each once."""
        clip = () if self._session.clip is None else (self._session.clip.path,)
        takes = (path for take in self._session.takes for path in take.files)
        return tuple(dict.fromkeys((*clip, *takes, *(path for tell in self._also for path in tell()))))
