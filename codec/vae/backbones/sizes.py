"""Sizes of a backbone: what a weights file says of it, within bounds."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Sizes:
    """Base of a backbone's sizes: whole numbers, and tuples of them."""

    def to_text(self) -> str:
        """As JSON, for a weights file's metadata."""
        return json.dumps(asdict(self))

    @classmethod
    def of_text(cls, text: str) -> Self:
        """Read what `to_text` wrote. Raises ValueError for anything else."""
        try:
            found = json.loads(text[:_MOST_TEXT])
        except RecursionError as error:
            raise ValueError("the backbone's sizes are nested too deep") from error
        if not isinstance(found, dict):
            raise ValueError("the backbone's sizes are no table")
        return cls.of_table(found)

    @classmethod
    def of_table(cls, table: dict[str, Any]) -> Self:
        """Of a table of whole numbers and lists of them; what is not named has its default. Raises ValueError."""
        known = {each.name: each.type for each in fields(cls)}
        for key, value in table.items():
            if key not in known:
                raise ValueError(f"a backbone {cls.__name__} has no size {key!r}")
            parts = value if isinstance(value, list | tuple) else [value]
            if not all(isinstance(part, int) and not isinstance(part, bool) for part in parts):
                raise ValueError(f"the size {key} must be a whole number, not {value!r}")
            if isinstance(value, list | tuple) != (known[key] is not int):
                raise ValueError(f"the size {key} cannot be {value!r}")
        return cls(**{key: tuple(value) if isinstance(value, list) else value for key, value in table.items()})


_MOST_TEXT = 4096


def check_range(what: str, value: int, low: int, high: int, *, step: int = 1) -> None:
    """Raises ValueError where a size is outside low .. high or no multiple of `step`."""
    if not low <= value <= high or value % step:
        multiple = f" and a multiple of {step}" if step > 1 else ""
        raise ValueError(f"the backbone's {what} must lie between {low} and {high}{multiple}, not {value}")
