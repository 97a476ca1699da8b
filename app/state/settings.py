"""What is remembered between sessions, in one JSON file of the user's configuration folder."""

import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from app.state.recipes import FIRST_CODEC, Options, known_options
from codec import registry
from codec.api import DEVICES, PRECISIONS, CodecSettings
from codec.folders import settings_folder
from codec.output import write_text

RECENT_LIMIT = 10
DEFAULT_CACHE_BYTES = 2**31
THEMES = ("dark", "light")
CACHE_LIMIT_BYTES = 2**40
"""Largest cache that can be asked for."""
PLACE_LIMIT = 1000
"""Longest text that tells where the window stands."""
CHOICE_LIMIT = 100
"""Codecs, and options of one of them, that are remembered."""


@dataclass(frozen=True, slots=True)
class CodecChoice:
    """λ and options that a codec was last asked for."""

    lmbda: float
    options: Options = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """Values of the last session."""

    recent: tuple[str, ...] = ()
    """Paths of clips and projects, newest first."""
    cache_bytes: int = 0
    """Memory for decoded pictures; 0: a quarter of the machine's, at most DEFAULT_CACHE_BYTES."""
    device: str = "auto"
    codec: str = registry.DEFAULT
    """Id of the neural codec used last; it need not be installed any more."""
    choices: Mapping[str, CodecChoice] = field(default_factory=dict)
    """By codec's id, as they were remembered; `choice` makes them fit."""
    theme: str = "dark"
    """One of THEMES."""
    precision: str = "auto"
    """Of the neural codec's networks, one of PRECISIONS."""
    window: str = ""
    """Place and size of the window, as the window puts them."""

    @property
    def cache_limit_bytes(self) -> int:
        """The limit in force."""
        if self.cache_bytes > 0:
            return self.cache_bytes
        try:
            memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        except (ValueError, OSError, AttributeError):
            memory = 4 * DEFAULT_CACHE_BYTES
        return min(DEFAULT_CACHE_BYTES, memory // 4)

    def choice(self, codec: str = "") -> CodecChoice:
        """What a codec ("": the one used last) was last asked for, within its ranges; else how it begins."""
        found = registry.codecs().get(codec or self.codec)
        settings = CodecSettings if found is None else found.settings
        kept = self.choices.get(codec or self.codec, CodecChoice(settings.lambda_start))
        low, high = settings.lambda_range
        lmbda = min(high, max(low, kept.lmbda)) if math.isfinite(kept.lmbda) else settings.lambda_start
        return CodecChoice(lmbda, known_options(codec or self.codec, dict(kept.options)))

    def with_choice(self, codec: str, choice: CodecChoice) -> "Settings":
        """`codec` is the one used last, and was asked for this."""
        return replace(self, codec=codec, choices={**self.choices, codec: choice})

    def with_recent(self, path: Path) -> "Settings":
        """`path` moved to the front of the recent clips."""
        name = str(path)
        return replace(self, recent=(name, *(r for r in self.recent if r != name))[:RECENT_LIMIT])


def settings_file() -> Path:
    """Where settings lie."""
    return settings_folder() / "settings.json"


def load_settings(path: Path) -> Settings:
    """Read settings; a missing file gives defaults, a damaged one too and is put aside as `.damaged`."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        known = {field.name for field in fields(Settings)}
        values = {key: value for key, value in raw.items() if key in known}
        values["recent"] = tuple(str(item) for item in values.get("recent", ()))[:RECENT_LIMIT]
        values["choices"] = _choices(raw)
        return _within_range(Settings(**values))
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError, TypeError, AttributeError, KeyError, OverflowError):
        try:
            path.replace(path.with_suffix(".damaged"))
        except OSError:
            return Settings()
        return Settings()


def _within_range(loaded: Settings) -> Settings:
    """Values of the right types, those outside their ranges replaced. Raises ValueError, TypeError."""
    return replace(
        loaded,
        cache_bytes=min(CACHE_LIMIT_BYTES, max(0, int(loaded.cache_bytes))),
        theme=loaded.theme if loaded.theme in THEMES else "dark",
        device=loaded.device if loaded.device in DEVICES else "auto",
        precision=loaded.precision if loaded.precision in PRECISIONS else "auto",
        codec=loaded.codec if isinstance(loaded.codec, str) else registry.DEFAULT,
        window=loaded.window if isinstance(loaded.window, str) and len(loaded.window) <= PLACE_LIMIT else "",
    )


def _choices(raw: Mapping[str, Any]) -> dict[str, CodecChoice]:
    """What was remembered of each codec. Raises ValueError, TypeError, AttributeError for what makes no sense."""
    found = raw.get("choices", {})
    if not found and "lmbda" in raw:
        # Written when there was one codec.
        named = {"key_interval": raw["key_interval"]} if "key_interval" in raw else {}
        found = {FIRST_CODEC: {"lmbda": raw["lmbda"], "options": named}}
    made = {}
    for codec, values in list(found.items())[:CHOICE_LIMIT]:
        options = list(dict(values.get("options", {})).items())[:CHOICE_LIMIT]
        simple = tuple((name, value) for name, value in options if isinstance(value, int | str))
        made[codec] = CodecChoice(float(values["lmbda"]), simple)
    return made


def save_settings(path: Path, settings: Settings) -> None:
    """Write settings whole or not at all; an unwritable folder is no error (nothing is lost but comfort)."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        values = asdict(settings)
        for name, choice in settings.choices.items():
            values["choices"][name]["options"] = dict(choice.options)
        write_text(path, json.dumps(values, indent=1))
    except OSError:
        return
