"""Votes on disk: one file of JSON lines, only ever added to, beside the journals of blind tests.

{"type": "vote", "version": 1, "folder": "/clips", "clip": "city.mkv", "content": "sha256:…", "left": "Hybrid λ 0.16",
 "right": "HEVC (x265) CRF 30", "share": 1.0, "at": "…", "frame": 12, "zoom": "1:1", "commands": ["…", "…"]}
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.jobs.blind import journals
from app.state.blind.preferences import Score, Vote, scores
from codec.context import WorkContext

VERSION = 1
LIMIT_BYTES = 64 * 2**20
"""A longer file is not read."""
_TEXT_LIMIT = 4096


@dataclass(frozen=True, slots=True)
class Ballot:
    """One vote with what was looked at."""

    folder: str
    """Of the project, or of the clip where there is no project: votes of one folder belong together."""
    clip: str
    content: str
    left: str
    right: str
    share: float
    """Of the left one: 1, 0, or 0.5 for no difference."""
    at: str
    frame: int
    zoom: str
    commands: tuple[str, str]


def votes_file() -> Path:
    """Where votes are written."""
    return journals.journals_folder() / "votes.jsonl"


def add(context: WorkContext, ballot: Ballot) -> tuple[tuple[Vote, ...], tuple[Score, ...]]:
    """Write a vote down; when it returns it is on the disk. Returns what `read` does. Raises BlindError."""
    values = {"type": "vote", "version": VERSION, **{name: getattr(ballot, name) for name in Ballot.__slots__}}
    line = json.dumps(values, ensure_ascii=False, allow_nan=False) + "\n"
    path = votes_file()
    if path.exists():
        # What a crash cut off must not swallow this one.
        journals.append(context, path, line if _ends_whole(path) else "\n" + line)
    else:
        journals.begin(context, path, line)
    return read(context, ballot.folder)


def read(context: WorkContext, folder: str) -> tuple[tuple[Vote, ...], tuple[Score, ...]]:
    """The votes of a folder's clips, and the takes' scores. Lines that are none are passed over."""
    path = votes_file()
    found = []
    try:
        if path.stat().st_size <= LIMIT_BYTES:
            for line in path.read_text("utf-8", "replace").splitlines():
                context.check()
                vote = _vote(line, folder)
                if vote is not None:
                    found.append(vote)
    except OSError:
        pass
    return tuple(found), scores(found)


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(0, 2)
        if file.tell() == 0:
            return True
        file.seek(-1, 2)
        return file.read(1) == b"\n"


def _vote(line: str, folder: str) -> Vote | None:
    try:
        record: Any = json.loads(line)
        if not isinstance(record, dict) or (record["type"], record["version"]) != ("vote", VERSION):
            return None
        texts = [record[name] for name in ("folder", "content", "left", "right")]
        share = record["share"]
    except (ValueError, KeyError, RecursionError):
        return None
    named = all(isinstance(text, str) and len(text) <= _TEXT_LIMIT for text in texts)
    valid = isinstance(share, int | float) and math.isfinite(share) and 0 <= share <= 1
    if not named or not valid or texts[0] != folder:
        return None
    return Vote(texts[2], texts[3], float(share), texts[1])
