"""The operating points of a folder of projects, as a table and as a file."""

import json
from dataclasses import dataclass
from pathlib import Path

from app.state.project import SUFFIX, ProjectError, parse, read_text
from codec.context import WorkContext
from codec.errors import MediaError, SettingError
from codec.media import place
from codec.output import WholeFile
from codec.texts import JSON_ERRORS, csv_text

TITLES = ("project", "clip", "take", "codec", "asked", "kbps", "bpp", "who", "when", "why", "command")
PROJECT_LIMIT = 2000
"""Projects of a folder that are read."""


@dataclass(frozen=True, slots=True)
class PointTable:
    """A row a project that has an operating point, as TITLES; and what could not be read, a sentence each."""

    rows: tuple[tuple[str | float, ...], ...]
    problems: tuple[str, ...]
    without: int
    """Projects in which nothing was chosen."""


def collect_points(context: WorkContext, folder: Path) -> PointTable:
    """Of all projects in a folder. Raises MediaError when it cannot be read or has none, Cancelled."""
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix == SUFFIX)
    except OSError as error:
        raise MediaError(f"{folder}: the folder cannot be read ({error.strerror or error}).") from error
    if not found:
        raise MediaError(f"{folder}: there are no Seamscope projects here.")
    if len(found) > PROJECT_LIMIT:
        raise MediaError(f"{folder}: there are {len(found)} projects here; at most {PROJECT_LIMIT} are read.")
    rows, problems, without = [], [], 0
    for number, path in enumerate(found):
        context.check()
        context.report(number / len(found), path.name)
        try:
            project = parse(read_text(path), path)
        except ProjectError as error:
            problems.append(str(error))
            continue
        choice = project.choice
        if choice is None:
            without += 1
            continue
        clip = Path(project.clip.absolute or project.clip.relative).name
        rate = choice.kbps, choice.bpp
        said = choice.who, choice.when, choice.why, choice.command
        rows.append((path.stem, clip, choice.name, choice.codec, choice.asked, *rate, *said))
    return PointTable(tuple(rows), tuple(problems), without)


def write_points(context: object, table: PointTable, target: Path, inputs: tuple[Path, ...] = ()) -> Path:
    """Write the table as CSV or JSON by the target's suffix, whole or not at all. `inputs`: files in use. Raises
    OutputError, SettingError, MediaError."""
    del context
    if target.suffix.lower() == ".csv":
        text = csv_text([list(TITLES), *(list(row) for row in table.rows)])
    elif target.suffix.lower() == ".json":
        entries = [dict(zip(TITLES, row, strict=True)) for row in table.rows]
        text = json.dumps(entries, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    else:
        raise SettingError(f"{target}: operating points are written as .csv or .json.")
    place.output_file(target, what="table")
    try:
        with WholeFile(target, inputs) as part:
            part.write_bytes(text.encode("utf-8", JSON_ERRORS))
    except OSError as error:
        raise MediaError(f"{target}: the table cannot be written ({error.strerror or error}).") from error
    return target
