"""Configurations of runs: TOML tables as dataclasses."""

from dataclasses import fields
from pathlib import Path
from typing import Any

from codec.errors import SettingError


def from_table(kind: type[Any], table: dict[str, Any], path: Path) -> Any:
    """A dataclass of a TOML table, lists as tuples. Raises SettingError for a key it does not have."""
    known = {field.name for field in fields(kind)}
    for key in table:
        if key not in known:
            raise SettingError(f"{path}: unknown key {key!r}.")
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in table.items()})
