"""A project file: which clip, which takes, how it was being looked at, what was noted. JSON, version 2, values only.

    {"seamscope": 2, "clip": {...}, "range": {...}, "takes": [...], "view": {...}, "notes": "..."}

Files are named twice, relative to the project and absolute, so that a folder can be moved as a whole, and by a hash of
their bytes, so that another file under the same name is noticed. Nothing of a project file is trusted: size, counts,
lengths and ranges are bounded before a value is used.
"""

import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from app.state.recipes import FIRST_CODEC, Options
from app.state.session import NOTES_LIMIT
from app.state.takes import KBPS_RANGE, NAME_LIMIT, NUDGE_LIMIT, TAKE_LIMIT, Kind
from codec import registry
from codec.api import OptionValue
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


class ProjectError(SeamscopeError):
    """A project file is missing, damaged, foreign or newer than this program; or cannot be written."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file by name and content."""

    relative: str
    """From the project's folder, with forward slashes; empty when there is no way there."""
    absolute: str
    content: str
    """`algorithm:hex` as made by `app.jobs.hashing`; empty when it was not known."""

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
    asked: str = ""
    name: str = ""
    visible: bool = True
    nudge: int = 0
    lmbda: float | None = None
    codec: RivalCodec | None = None
    """Of a rival's recipe."""
    quality: float | None = None
    matched_to: int | None = None
    """Place among the records of the neural take whose bitrate a rival follows."""
    kbps: float | None = None
    """The bitrate a rival was asked for."""
    preset: str = ""
    neural: str = registry.DEFAULT
    """Id of a neural take's codec, which need not be installed."""
    options: Options = ()
    """Of a neural take's recipe."""
    recipe: bool = False
    """It was encoded here and can be encoded again."""
    stated_kbps: float | None = None
    by_time: bool = False
    """An imported file of another frame rate: its frames are paired by time."""
    command: str = ""
    note: str = ""
    file: FileRecord | None = None
    disjoint_file: FileRecord | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """What is saved. Frame numbers count within the clip's range [start, stop) of its file."""

    clip: FileRecord
    start: int = 0
    stop: int = 1
    deinterlace: bool = False
    """The clip's pictures are deinterlaced on the way in."""
    frame: int = 0
    in_point: int = 0
    out_point: int = 0
    loop: bool = True
    speed: float = 1.0
    seam_mode: SeamMode = SeamMode.BLENDED
    theta: float = 0.5
    gop_marks: bool = True
    rate_lock: bool = False
    source_visible: bool = True
    view: Mapping[str, object] = field(default_factory=dict)
    notes: str = ""
    takes: tuple[TakeRecord, ...] = ()


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
    raw = asdict(project)
    raw["seam_mode"] = project.seam_mode.value
    for take, record in zip(raw["takes"], project.takes, strict=True):
        take["kind"] = record.kind.name
        take["options"] = dict(record.options)
        take["codec"] = None if record.codec is None else record.codec.value
    raw["view"] = dict(project.view)
    # As JSON gives it back: lists for tuples.
    raw = json.loads(json.dumps({"seamscope": VERSION, **raw}))
    try:
        if _project(_Fields(raw)) != project:
            raise _DamagedError("a value does not come back as it is")
        text = json.dumps(raw, indent=1, ensure_ascii=False, allow_nan=False)
        if len(text.encode("utf-8", "surrogatepass")) > FILE_LIMIT_BYTES:
            raise _DamagedError(f"it is larger than {FILE_LIMIT_BYTES // 2**20} MiB")
    except (_DamagedError, ValueError) as error:
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
    version = raw["seamscope"]
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ProjectError(f"{path}: the project's version number is damaged.")
    if version > VERSION:
        raise ProjectError(f"{path}: the project is of version {version}; this program reads up to {VERSION}.")
    try:
        return _project(_Fields(raw))
    except _DamagedError as error:
        raise ProjectError(f"{path}: the project is damaged ({error}).") from error


class _DamagedError(Exception):
    """A field is missing, of the wrong type or out of range."""


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of a project")


class _Fields:
    """Typed, bounded access to a JSON object."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self._raw = raw

    def text(self, name: str, limit: int = TEXT_LIMIT) -> str:
        value = self._raw.get(name, "")
        if not isinstance(value, str) or len(value) > limit or "\0" in value:
            raise _DamagedError(f"{name} is not a text of up to {limit} characters")
        try:
            # Bytes of a file's name that are no UTF-8 pass as Python keeps them; other halves of characters do not.
            value.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            raise _DamagedError(f"{name} holds half a character") from None
        return value

    def flag(self, name: str, otherwise: bool) -> bool:
        value = self._raw.get(name, otherwise)
        if not isinstance(value, bool):
            raise _DamagedError(f"{name} is not true or false")
        return value

    def number(self, name: str, low: float, high: float, otherwise: float | None = None) -> float | None:
        value = self._raw.get(name)
        if value is None:
            return otherwise
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise _DamagedError(f"{name} is not a number from {low:g} to {high:g}")
        return float(value)

    def integer(self, name: str, low: int, high: int, otherwise: int = 0) -> int:
        value = self._raw.get(name, otherwise)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise _DamagedError(f"{name} is not a whole number from {low} to {high}")
        return value

    def place(self, name: str) -> int | None:
        return None if self._raw.get(name) is None else self.integer(name, 0, TAKE_LIMIT - 1)

    def one_of(self, name: str, table: Mapping[str, Any], otherwise: Any) -> Any:
        value = self._raw.get(name)
        if value is None:
            return otherwise
        if not isinstance(value, str) or value not in table:
            raise _DamagedError(f"{name} is not one of {', '.join(table)}")
        return table[value]

    def inner(self, name: str) -> "_Fields | None":
        value = self._raw.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise _DamagedError(f"{name} is not an object")
        return _Fields(value)

    def file(self, name: str) -> FileRecord | None:
        found = self.inner(name)
        if found is None:
            return None
        record = FileRecord(found.text("relative"), found.text("absolute"), found.text("content"))
        if not record.absolute and not record.relative:
            raise _DamagedError(f"{name} names no file")
        return record

    def simple_values(self, name: str) -> dict[str, object]:
        """An object of at most 100 plain values or short lists of numbers; its reader checks them one by one."""
        found = self.inner(name)
        if found is None:
            return {}
        values = {key[:100]: value for key, value in list(found._raw.items())[:100]}
        return {key: value for key, value in values.items() if _is_simple(value)}

    def options(self, name: str) -> Options:
        """Whole numbers, short texts, yes and no by name; the codec they are for checks them."""
        found = self.inner(name)
        values: dict[str, OptionValue] = {} if found is None else found._raw
        if len(values) > OPTION_LIMIT or not all(_is_option(key, value) for key, value in values.items()):
            raise _DamagedError(f"{name} is not up to {OPTION_LIMIT} named whole numbers, texts, yes or no")
        return tuple(values.items())

    def only_key_interval(self) -> Options:
        """The options of a take of version 1."""
        known = self._raw.get("key_interval") is not None
        return (("key_interval", self.integer("key_interval", 1, FRAME_LIMIT)),) if known else ()

    def objects(self, name: str, limit: int) -> "list[_Fields]":
        value = self._raw.get(name, [])
        if not isinstance(value, list) or len(value) > limit or not all(isinstance(item, dict) for item in value):
            raise _DamagedError(f"{name} is not a list of up to {limit} objects")
        return [_Fields(item) for item in value]


def _is_simple(value: object) -> bool:
    if isinstance(value, list):
        return len(value) <= 8 and all(isinstance(item, int | float) and math.isfinite(item) for item in value)
    return value is None or isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= 200)


def _is_option(name: str, value: object) -> bool:
    if isinstance(value, str):
        return len(name) <= 200 and len(value) <= 200
    return len(name) <= 200 and isinstance(value, int) and abs(value) < 2**53


def _project(raw: _Fields) -> Project:
    clip = raw.file("clip")
    if clip is None:
        raise _DamagedError("it names no clip")
    start = raw.integer("start", 0, FRAME_LIMIT)
    return Project(
        clip=clip,
        start=start,
        stop=raw.integer("stop", start + 1, FRAME_LIMIT, start + 1),
        deinterlace=raw.flag("deinterlace", False),
        frame=raw.integer("frame", 0, FRAME_LIMIT),
        in_point=raw.integer("in_point", 0, FRAME_LIMIT),
        out_point=raw.integer("out_point", 0, FRAME_LIMIT),
        loop=raw.flag("loop", True),
        speed=raw.number("speed", 0.01, 100.0, 1.0) or 1.0,
        seam_mode=raw.one_of("seam_mode", {mode.value: mode for mode in SeamMode}, SeamMode.BLENDED),
        theta=raw.number("theta", 0.0, 1.0, 0.5) or 0.0,
        gop_marks=raw.flag("gop_marks", True),
        rate_lock=raw.flag("rate_lock", False),
        source_visible=raw.flag("source_visible", True),
        view=raw.simple_values("view"),
        notes=raw.text("notes", NOTES_LIMIT),
        takes=tuple(_take(item) for item in raw.objects("takes", TAKE_LIMIT)),
    )


def _take(raw: _Fields) -> TakeRecord:
    kind = raw.one_of("kind", {kind.name: kind for kind in Kind if kind is not Kind.SOURCE}, None)
    if kind is None:
        raise _DamagedError("a take has no kind")
    return TakeRecord(
        kind=kind,
        asked=raw.text("asked"),
        name=raw.text("name", NAME_LIMIT),
        visible=raw.flag("visible", True),
        nudge=raw.integer("nudge", -NUDGE_LIMIT, NUDGE_LIMIT),
        lmbda=raw.number("lmbda", 1e-6, 1e6),
        codec=raw.one_of("codec", {codec.value: codec for codec in RivalCodec}, None),
        quality=raw.number("quality", -1000.0, 1000.0),
        matched_to=raw.place("matched_to"),
        kbps=raw.number("kbps", *KBPS_RANGE),
        preset=raw.text("preset", 40),
        neural=raw.text("neural", CODEC_LENGTH) or FIRST_CODEC,
        options=raw.options("options") or raw.only_key_interval(),
        recipe=raw.flag("recipe", False),
        stated_kbps=raw.number("stated_kbps", *KBPS_RANGE),
        by_time=raw.flag("by_time", False),
        command=raw.text("command", COMMAND_LIMIT),
        note=raw.text("note"),
        file=raw.file("file"),
        disjoint_file=raw.file("disjoint_file"),
    )
