"""A run as lines of JSON: the set-up first, then every answer as it came, at last why it ended.

    {"type": "setup", "version": 1, ...}
    {"type": "level", "level": 12, "lmbda": 0.11, "kbps": 410.2, "bytes": 261504}
    {"type": "answer", "number": 7, "kind": "scored", "level": 12, "place": 1, "answer": 0, ...}
    {"type": "undo", "number": 7}
    {"type": "break", "number": 8}
    {"type": "end", "why": "precise"}

Lines are only ever added. A line that was cut off by a crash is left out. The result is no part of the file: it is
computed of the answers, and only of a run whose stop rule fired.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from functools import lru_cache
from itertools import pairwise
from typing import Any

from app.state.blind.procedure import RANGE_LIMIT, Plan, Procedure
from app.state.blind.result import Result, result_of
from app.state.blind.setup import Coding, Rival, Segment, Setup, Viewing
from app.state.blind.tasks import NOT_SURE, Answered, Kind, Stimulus, Task, Trial

VERSION = 1
LIMIT_BYTES = 4 * 2**20
"""A longer file is no journal."""
LEVEL_LIMIT = 64
TEXT_LIMIT = 4096
ABORTED = "aborted"


class JournalError(ValueError):
    """A journal is damaged, foreign or newer than this program."""


class State(Enum):
    """How far a run came."""

    COMPLETE = "complete"
    ABORTED = "aborted"
    """The observer ended it."""
    INTERRUPTED = "interrupted"
    """It has no end: the program was killed, or it goes on right now."""


@dataclass(frozen=True, slots=True)
class LevelRecord:
    """A level that was encoded."""

    level: int
    lmbda: float
    kbps: float
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Run:
    """What a journal holds."""

    setup: Setup
    answered: tuple[Answered, ...]
    levels: tuple[LevelRecord, ...] = ()
    ended: str = ""
    """Of the last record; empty without one."""
    breaks: int = 0
    name: str = field(default="", compare=False)
    """The file's."""

    @property
    def state(self) -> State:
        """A run counts as complete only when its answers say so."""
        if self.ended == ABORTED:
            return State.ABORTED
        return State.COMPLETE if self.ended and self._result is not None else State.INTERRUPTED

    @property
    def _result(self) -> Result | None:
        return _result_of(self.setup.plan, self.answered)

    def procedure(self) -> Procedure:
        """The run as it stood after its last answer. Raises JournalError for answers that its seed did not ask for."""
        try:
            return Procedure.replay(self.setup.plan, self.answered)
        except ValueError as error:
            raise JournalError(str(error)) from error

    def result(self) -> Result:
        """Raises JournalError for a run that is not complete: nobody may look earlier."""
        found = self._result
        if self.state is not State.COMPLETE or found is None:
            raise JournalError(f"The run is {self.state.value}: it has no result.")
        return found

    def sentence(self) -> str:
        """The result in a sentence. Raises JournalError as `result` does."""
        return self.result().sentence(self.setup.subject, self.setup.viewing.shown)


@lru_cache(maxsize=1024)
def _result_of(plan: Plan, answered: tuple[Answered, ...]) -> Result | None:
    """None before the stop rule fires, and for answers that the seed did not ask for. It takes some 30 ms."""
    try:
        made = Procedure.replay(plan, answered)
    except ValueError:
        return None
    return None if made.stop is None else result_of(made)


def setup_record(setup: Setup) -> str:
    """The first line."""
    return _line("setup", {"version": VERSION, **asdict(setup), "task": setup.task.value})


def level_record(record: LevelRecord) -> str:
    """A level was encoded."""
    return _line("level", asdict(record))


def answer_record(answered: Answered, at: str) -> str:
    """An answer; `at`: time of day, ISO 8601."""
    trial = answered.trial
    values = {
        "number": trial.number, "kind": trial.kind.value, "stimulus": trial.stimulus.value, "level": trial.level,
        "place": trial.place, "x": answered.x, "answer": answered.answer, "seconds": answered.seconds,
        "elapsed_s": answered.elapsed_s, "at": at,
    }  # fmt: skip
    return _line("answer", values)


def undo_record(number: int) -> str:
    """The last answer is taken back."""
    return _line("undo", {"number": number})


def break_record(number: int) -> str:
    """The observer rests before this trial, which is shown anew afterwards."""
    return _line("break", {"number": number})


def end_record(why: str) -> str:
    """Nothing comes after it. `why`: a Stop's value, or ABORTED."""
    return _line("end", {"why": why})


def read_run(text: str, name: str = "") -> Run:
    """A journal's run. Raises JournalError."""
    if len(text) > LIMIT_BYTES:
        raise JournalError("The file is too long for a journal.")
    records = list(_records(text))
    if not records or records[0].get("type") != "setup":
        raise JournalError("The file does not begin with the set-up of a blind test.")
    try:
        setup = _setup(records[0])
        answered: list[Answered] = []
        levels, breaks, ended = [], 0, ""
        for record in records[1:]:
            kind = record.get("type")
            if ended:
                raise JournalError("There are records after the end.")
            if kind == "answer":
                answered.append(_answered(record))
            elif kind == "undo" and answered and _whole(record["number"], 0, 10_000) == answered[-1].trial.number:
                answered.pop()
            elif kind == "level":
                levels.append(_level(record))
            elif kind == "break":
                breaks += 1
            elif kind == "end":
                ended = _text(record["why"])
            else:
                raise JournalError(f"There is no record {str(kind)[:40]!r} in a journal.")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = str(error) if isinstance(error, JournalError) else "a value is missing or is not what it must be"
        raise JournalError(f"The journal is damaged: {reason}.") from error
    return Run(setup, tuple(answered), tuple(levels), ended, breaks, name)


def _line(kind: str, values: Mapping[str, Any]) -> str:
    return json.dumps({"type": kind, **values}, ensure_ascii=False, allow_nan=False) + "\n"


def _records(text: str) -> Iterable[dict[str, Any]]:
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if number == len(lines) - 1:
            # What is not ended by a newline was not written whole.
            return
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise JournalError(f"Line {number + 1} is no record.") from error
        if not isinstance(record, dict):
            raise JournalError(f"Line {number + 1} is no record.")
        yield record


def _setup(record: Mapping[str, Any]) -> Setup:
    if record["version"] != VERSION:
        raise JournalError(f"its version is {record['version']!r}, this program reads {VERSION}")
    levels = tuple(_number(x, -20.0, 40.0) for x in record["levels"][: LEVEL_LIMIT + 1])
    rising = all(low < high for low, high in pairwise(levels))
    if not 2 <= len(levels) <= LEVEL_LIMIT or not rising or levels[-1] - levels[0] > RANGE_LIMIT + 0.01:
        raise JournalError("its levels are none of a blind test")
    segment, coding, viewing, rival = (record[part] for part in ("segment", "coding", "viewing", "rival"))
    task = Task(record["task"])
    if (rival is None) != (task is Task.TRANSPARENCY):
        raise JournalError("only a parity run is against a rival")
    return Setup(
        task,
        _whole(record["seed"], 0, 2**63 - 1),
        levels,
        _text(record["program"]),
        _text(record["began"]),
        _text(record["clip"]),
        _text(record["content"]),
        Segment(
            _whole(segment["start"], 0, 2**31),
            _whole(segment["stop"], 0, 2**31),
            _number(segment["seconds"], 0.0, 1e6),
            _whole(segment["boundaries"], 0, 2**31),
        ),
        _coding(coding),
        _viewing(viewing),
        None if rival is None else _rival(rival),
    )


def _coding(record: Mapping[str, Any]) -> Coding:
    return Coding(
        _text(record["codec"]),
        _text(record["name"]),
        _text(record["model"]),
        _text(record["options"]),
        _text(record["seams"]),
        _text(record["command"]),
        tuple((_number(a, 0.0, 1e9), _number(b, 0.0, 1e9)) for a, b in record["points"][:LEVEL_LIMIT]),
    )


def _viewing(record: Mapping[str, Any]) -> Viewing:
    return Viewing(
        _text(record["observer"]),
        _text(record["distance"]),
        _text(record["light"]),
        _text(record["note"]),
        _text(record["screen"]),
        _number(record["zoom"], 1 / 64, 64.0),
        _crop(record["crop"]),
        _number(record["flicker_hz"], 0.0, 1000.0),
    )


def _rival(record: Mapping[str, Any]) -> Rival:
    return Rival(
        _text(record["name"]), _number(record["kbps"], 1e-6, 1e9), _text(record["command"]), _text(record["basis"])
    )


def _crop(value: Any) -> tuple[int, int, int, int]:
    left, top, width, height = (_whole(side, 0, 2**20) for side in value)
    return left, top, width, height


def _answered(record: Mapping[str, Any]) -> Answered:
    trial = Trial(
        _whole(record["number"], 0, 10_000),
        Kind(record["kind"]),
        Stimulus(record["stimulus"]),
        _whole(record["level"], 0, LEVEL_LIMIT),
        _whole(record["place"], 0, 3),
    )
    answer = record["answer"]
    return Answered(
        trial,
        _number(record["x"], -20.0, 40.0),
        NOT_SURE if answer == NOT_SURE else _whole(answer, 0, 3),
        _number(record["seconds"], 0.0, 1e9),
        _number(record["elapsed_s"], 0.0, 1e9),
    )


def _level(record: Mapping[str, Any]) -> LevelRecord:
    return LevelRecord(
        _whole(record["level"], 0, LEVEL_LIMIT),
        _number(record["lmbda"], 0.0, 1e9),
        _number(record["kbps"], 1e-6, 1e9),
        _whole(record["size_bytes"], 0, 2**50),
    )


def _number(value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise JournalError("a number is missing")
    if not (math.isfinite(value) and low <= value <= high):
        raise JournalError(f"{value!r} is out of range")
    return float(value)


def _whole(value: Any, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise JournalError("a number is out of range")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise JournalError("a text is missing")
    return value[:TEXT_LIMIT]
