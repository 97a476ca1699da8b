"""A project file: which clip, which takes, how it was being looked at, what was noted. JSON, version 2, values only.

    {"seamscope": 2, "clip": {...}, "start": 0, "stop": 90, "takes": [...], "view": {...}, "notes": "..."}

Files are named twice, relative to the project and absolute, so that a folder can be moved as a whole, and by a hash of
their bytes, so that another file under the same name is noticed. Nothing of a project file is trusted: size, counts,
lengths and ranges are bounded before a value is used. The bounds stand in the types of the classes below.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta

from app.state.choice import WHY_LIMIT
from app.state.recipes import FIRST_CODEC
from app.state.session import NOTES_LIMIT
from app.state.stored import DamagedError, plain, typed
from app.state.takes import KBPS_RANGE, NAME_LIMIT, NUDGE_LIMIT, TAKE_LIMIT, Kind
from codec.errors import SeamscopeError
from codec.gop import SeamMode
from codec.media import place
from codec.rivals.settings import RivalCodec

VERSION = 2
"""Version 1 knew one neural codec, and of its options `key_interval`."""
SUFFIX = ".seamscope"
FILE_LIMIT_BYTES = 4 * 2**20
"""A larger file is no project file."""
TEXT_LIMIT = 8192
COMMAND_LIMIT = 4 * TEXT_LIMIT
FRAME_LIMIT = 2**31
CODEC_LENGTH = 32
"""Of a codec's id."""
OPTION_LIMIT = 50
"""Options of one recipe."""
OPTION_LENGTH = 200
"""Of an option's name, and of a text it may be."""
INT_LIMIT = 2**53
"""Whole numbers that have no bounds of their own are smaller: JSON's readers agree on these."""

_WHOLE = r"\A[^\0\ud800-\udc7f\udd00-\udfff]*\Z"
"""Bytes of a file's name that are no UTF-8 pass as Python keeps them; other halves of characters do not."""
Version = Annotated[int, Meta(ge=1, le=1_000_000)]
Text = Annotated[str, Meta(max_length=TEXT_LIMIT, pattern=_WHOLE)]
Name = Annotated[str, Meta(max_length=NAME_LIMIT, pattern=_WHOLE)]
Notes = Annotated[str, Meta(max_length=NOTES_LIMIT, pattern=_WHOLE)]
Command = Annotated[str, Meta(max_length=COMMAND_LIMIT, pattern=_WHOLE)]
Preset = Annotated[str, Meta(max_length=40, pattern=_WHOLE)]
Codec = Annotated[str, Meta(max_length=CODEC_LENGTH, pattern=_WHOLE)]
Frame = Annotated[int, Meta(ge=0, le=FRAME_LIMIT)]
Nudge = Annotated[int, Meta(ge=-NUDGE_LIMIT, le=NUDGE_LIMIT)]
TakePlace = Annotated[int, Meta(ge=0, le=TAKE_LIMIT - 1)]
KeyInterval = Annotated[int, Meta(ge=1, le=FRAME_LIMIT)]
Lambda = Annotated[float, Meta(ge=1e-6, le=1e6)]
Quality = Annotated[float, Meta(ge=-1000.0, le=1000.0)]
Kbps = Annotated[float, Meta(ge=KBPS_RANGE[0], le=KBPS_RANGE[1])]
Speed = Annotated[float, Meta(ge=0.01, le=100.0)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
OptionName = Annotated[str, Meta(max_length=OPTION_LENGTH)]
Option = bool | Annotated[int, Meta(gt=-INT_LIMIT, lt=INT_LIMIT)] | OptionName
Options = Annotated[dict[OptionName, Option], Meta(max_length=OPTION_LIMIT)]


class ProjectError(SeamscopeError):
    """A project file is missing, damaged, foreign or newer than this program; or cannot be written."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file by name and content."""

    relative: Text = ""
    """From the project's folder, with forward slashes; empty when there is no way there."""
    absolute: Text = ""
    content: Text = ""
    """`algorithm:hex` as `app.jobs.hashing` writes it; empty when it was not known."""

    def find(self, folder: Path) -> Path:
        """Where it is now: beside the project if it is there, else where it was."""
        if self.relative:
            beside = folder.absolute() / self.relative
            # Without "..": the project's folder may go (an autosave's does) while the file stays. Only where a link
            # makes that another file is the path followed instead.
            for path in (Path(os.path.normpath(beside)), beside.resolve()):
                # A pattern such as name_%04d.png is no file itself.
                if path.exists() or ("%" in path.name and path.parent.is_dir()):
                    return path
        return Path(self.absolute)


@dataclass(frozen=True, slots=True)
class TakeRecord:
    """One take, its files aside."""

    kind: Kind
    asked: Text = ""
    name: Name = ""
    visible: bool = True
    nudge: Nudge = 0
    lmbda: Lambda | None = None
    codec: RivalCodec | None = None
    """Of a rival's recipe."""
    quality: Quality | None = None
    matched_to: TakePlace | None = None
    """Place among the records of the neural take whose bitrate a rival follows."""
    kbps: Kbps | None = None
    """The bitrate a rival was asked for."""
    preset: Preset = ""
    neural: Codec = FIRST_CODEC
    """Id of a neural take's codec, which need not be installed."""
    options: Options = field(default_factory=dict)
    """Of a neural take's recipe; the codec they are for checks them."""
    recipe: bool = False
    """It was encoded here and can be encoded again."""
    stated_kbps: Kbps | None = None
    by_time: bool = False
    """An imported file of another frame rate: its frames are paired by time."""
    decoder: Literal["", "fast", "full"] = ""
    """Which was asked to show a stream whatever made it."""
    command: Command = ""
    note: Text = ""
    file: FileRecord | None = None
    disjoint_file: FileRecord | None = None
    look: TakePlace | None = None
    """Its colour and dash; of an older project the next that is free."""


@dataclass(frozen=True, slots=True)
class ChoiceRecord:
    """The operating point of the clip, as `app.state.choice.Choice` has it."""

    name: Text
    codec: Name
    kbps: Kbps
    bpp: Kbps
    asked: Text = ""
    command: Command = ""
    who: Name = ""
    when: Preset = ""
    why: Annotated[str, Meta(max_length=WHY_LIMIT, pattern=_WHOLE)] = ""
    take: TakePlace | None = None
    """Place among the records; none when the take is gone."""


@dataclass(frozen=True, slots=True)
class Project:
    """What is saved. Frame numbers count within the clip's range [start, stop) of its file."""

    clip: FileRecord
    start: Frame = 0
    stop: Frame = 1
    deinterlace: bool = False
    """The clip's pictures are deinterlaced on the way in."""
    frame: Frame = 0
    in_point: Frame = 0
    out_point: Frame = 0
    loop: bool = True
    speed: Speed = 1.0
    seam_mode: SeamMode = SeamMode.BLENDED
    theta: Share = 0.5
    gop_marks: bool = True
    rate_lock: bool = False
    source_visible: bool = True
    view: Mapping[str, object] = field(default_factory=dict)
    """Plain values and short lists of numbers; whoever reads them checks them one by one."""
    notes: Notes = ""
    takes: Annotated[tuple[TakeRecord, ...], Meta(max_length=TAKE_LIMIT)] = ()
    choice: ChoiceRecord | None = None


def file_record(path: Path, folder: Path, content: str) -> FileRecord:
    """A file as seen from a project in `folder`."""
    absolute = path.absolute()
    try:
        relative = Path(os.path.relpath(absolute, folder.absolute())).as_posix()
    except ValueError:
        # Another drive.
        relative = ""
    return FileRecord(relative, str(absolute), content)


def to_text(project: Project, path: Path | None = None) -> str:
    """The project as JSON text, which `parse` reads back to the same: its bounds hold on both sides. `path` is named in
    errors. Raises ProjectError for what could not be read back."""
    # As JSON gives it back: lists for tuples.
    raw = json.loads(json.dumps({"seamscope": VERSION, **plain(project)}))
    try:
        if _project(raw) != project:
            raise DamagedError("a value does not come back as it is")
        text = json.dumps(raw, indent=1, ensure_ascii=False, allow_nan=False)
        if len(text.encode("utf-8", "surrogatepass")) > FILE_LIMIT_BYTES:
            raise DamagedError(f"it is larger than {FILE_LIMIT_BYTES // 2**20} MiB")
    except (DamagedError, ValueError) as error:
        raise ProjectError(f"{'' if path is None else f'{path}: '}the project cannot be saved ({error}).") from error
    return text


def read_text(path: Path) -> str:
    """A project file's text, at most FILE_LIMIT_BYTES. Raises ProjectError."""
    place.regular_file(path, ProjectError, "project file")
    try:
        with path.open("rb") as file:
            data = file.read(FILE_LIMIT_BYTES + 1)
    except FileNotFoundError as error:
        raise ProjectError(f"{path}: there is no such project file.") from error
    except OSError as error:
        raise ProjectError(f"{path}: the project cannot be read ({error.strerror or error}).") from error
    if len(data) > FILE_LIMIT_BYTES:
        raise ProjectError(f"{path}: this is too large for a project file.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ProjectError(f"{path}: this is not a project file.") from error


def parse(text: str, path: Path) -> Project:
    """The project of a text; `path` is named in errors. Raises ProjectError."""
    try:
        raw = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ProjectError(f"{path}: this is not a project file, or it is damaged.") from error
    if not isinstance(raw, dict) or "seamscope" not in raw:
        raise ProjectError(f"{path}: this is not a project file.")
    try:
        version = typed(raw["seamscope"], Version)
    except DamagedError as error:
        raise ProjectError(f"{path}: the project's version number is damaged.") from error
    if version > VERSION:
        raise ProjectError(f"{path}: the project is of version {version}; this program reads up to {VERSION}.")
    try:
        return _project(raw)
    except DamagedError as error:
        raise ProjectError(f"{path}: the project is damaged ({error}).") from error


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of a project")


def _project(raw: Mapping[str, Any]) -> Project:
    """Raises DamagedError."""
    found = {"view": {}, **_known(raw)}
    if isinstance(found["view"], dict):
        found["view"] = _simple_values(found["view"])
    if isinstance(found.get("takes"), list):
        found["takes"] = [_as_today(take) if isinstance(take, dict) else take for take in found["takes"]]
    start = found.get("start", 0)
    if isinstance(start, int):
        found.setdefault("stop", start + 1)
    project = typed(found, Project)
    if project.stop <= project.start:
        raise DamagedError(f"stop is not a whole number from {project.start + 1} to {FRAME_LIMIT}")
    for name, file in (("clip", project.clip), *((n, f) for take in project.takes for n, f in _files(take))):
        if not file.absolute and not file.relative:
            raise DamagedError(f"{name} names no file")
    if any(take.kind is Kind.SOURCE for take in project.takes):
        raise DamagedError(f"kind is not one of {', '.join(kind.value for kind in Kind if kind is not Kind.SOURCE)}")
    return project


def _files(take: TakeRecord) -> list[tuple[str, FileRecord]]:
    named = (("file", take.file), ("disjoint_file", take.disjoint_file))
    return [(name, file) for name, file in named if file is not None]


def _known(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Null stands for what is left out."""
    return {name: value for name, value in raw.items() if value is not None}


def _as_today(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A take of any version as one of this. Raises DamagedError."""
    take = _known(raw)
    if not take.get("neural"):
        take.pop("neural", None)
    if not take.get("options") and "key_interval" in take:
        take["options"] = {"key_interval": typed(take["key_interval"], KeyInterval, "key_interval")}
    return take


def _simple_values(raw: Mapping[str, object]) -> dict[str, object]:
    """At most 100 of them."""
    return {key[:100]: value for key, value in list(raw.items())[:100] if _is_simple(value)}


def _is_simple(value: object) -> bool:
    if isinstance(value, list):
        return len(value) <= 8 and all(isinstance(item, int | float) and abs(item) < INT_LIMIT for item in value)
    if isinstance(value, int):
        return abs(value) < INT_LIMIT
    return value is None or isinstance(value, float) or (isinstance(value, str) and len(value) <= OPTION_LENGTH)
