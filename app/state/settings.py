"""What is remembered between sessions, in one JSON file of the user's configuration folder."""

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.state.recipes import FIRST_CODEC, Options, known_options
from app.state.stored import DamagedError, plain, typed
from app.state.takes import plain_name
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
    who: str = ""
    """Who chose a take last, as they call themselves."""
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
        return _within_range(typed(_as_today(raw), Settings))
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError, RecursionError, DamagedError):
        try:
            path.replace(path.with_suffix(".damaged"))
        except OSError:
            return Settings()
        return Settings()


def _within_range(loaded: Settings) -> Settings:
    """Values outside their ranges replaced."""
    return replace(
        loaded,
        recent=loaded.recent[:RECENT_LIMIT],
        cache_bytes=min(CACHE_LIMIT_BYTES, max(0, loaded.cache_bytes)),
        theme=loaded.theme if loaded.theme in THEMES else "dark",
        device=loaded.device if loaded.device in DEVICES else "auto",
        precision=loaded.precision if loaded.precision in PRECISIONS else "auto",
        window=loaded.window if len(loaded.window) <= PLACE_LIMIT else "",
        who=plain_name(loaded.who),
        choices=dict(list(loaded.choices.items())[:CHOICE_LIMIT]),
    )


def _as_today(raw: Any) -> dict[str, Any]:
    """Settings of any version as those of this one; null stands for what is left out. Raises DamagedError."""
    found = {name: value for name, value in typed(raw, dict[str, Any], "all").items() if value is not None}
    if not found.get("choices") and "lmbda" in found:
        # Written when there was one codec.
        named = {"key_interval": found["key_interval"]} if "key_interval" in found else {}
        found["choices"] = {FIRST_CODEC: {"lmbda": found["lmbda"], "options": named}}
    # One of these that is no text is forgotten by itself.
    for name in ("codec", "device", "precision", "theme", "window"):
        if not isinstance(found.get(name), str):
            found.pop(name, None)
    choices = typed(found.get("choices", {}), dict[str, dict[str, Any]], "choices")
    found["choices"] = {codec: {**choice, "options": _pairs(choice)} for codec, choice in choices.items()}
    return found


def _pairs(choice: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """An object of options as `Options` has them, without values that no option has."""
    options = typed(choice.get("options", {}), dict[str, Any], "options")
    return [(name, value) for name, value in list(options.items())[:CHOICE_LIMIT] if isinstance(value, int | str)]


def save_settings(path: Path, settings: Settings) -> None:
    """Write settings whole or not at all; an unwritable folder is no error (nothing is lost but comfort)."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        values = plain(settings)
        for name, choice in settings.choices.items():
            values["choices"][name]["options"] = dict(choice.options)
        write_text(path, json.dumps(values, indent=1))
    except OSError:
        return
