"""What is remembered between sessions, in one JSON file of the user's configuration folder."""

import json
import math
import os
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from codec.api import DEVICES, PRECISIONS
from codec.hybrid.settings import DEFAULT_KEY_INTERVAL, LAMBDA_RANGE, MAX_KEY_INTERVAL
from codec.output import write_text

RECENT_LIMIT = 10
DEFAULT_CACHE_BYTES = 2**31
THEMES = ("dark", "light")
CACHE_LIMIT_BYTES = 2**40
"""Largest cache that can be asked for."""
DEFAULT_LAMBDA = 0.32
PLACE_LIMIT = 1000
"""Longest text that tells where the window stands."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Values of the last session."""

    recent: tuple[str, ...] = ()
    """Paths of clips and projects, newest first."""
    cache_bytes: int = 0
    """Memory for decoded pictures; 0: a quarter of the machine's, at most DEFAULT_CACHE_BYTES."""
    device: str = "auto"
    lmbda: float = DEFAULT_LAMBDA
    key_interval: int = DEFAULT_KEY_INTERVAL
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

    def with_recent(self, path: Path) -> "Settings":
        """`path` moved to the front of the recent clips."""
        name = str(path)
        return replace(self, recent=(name, *(r for r in self.recent if r != name))[:RECENT_LIMIT])


def settings_file() -> Path:
    """Where settings lie: $XDG_CONFIG_HOME/seamscope/settings.json, else ~/.config/..."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "seamscope" / "settings.json"


def load_settings(path: Path) -> Settings:
    """Read settings; a missing file gives defaults, a damaged one too and is put aside as `.damaged`."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        known = {field.name for field in fields(Settings)}
        values = {key: value for key, value in raw.items() if key in known}
        values["recent"] = tuple(str(item) for item in values.get("recent", ()))[:RECENT_LIMIT]
        return _within_range(Settings(**values))
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError, TypeError, AttributeError, OverflowError):
        try:
            path.replace(path.with_suffix(".damaged"))
        except OSError:
            return Settings()
        return Settings()


def _within_range(loaded: Settings) -> Settings:
    """Values of the right types, those outside their ranges replaced. Raises ValueError, TypeError."""
    low, high = LAMBDA_RANGE
    lmbda = float(loaded.lmbda)
    return replace(
        loaded,
        cache_bytes=min(CACHE_LIMIT_BYTES, max(0, int(loaded.cache_bytes))),
        theme=loaded.theme if loaded.theme in THEMES else "dark",
        device=loaded.device if loaded.device in DEVICES else "auto",
        precision=loaded.precision if loaded.precision in PRECISIONS else "auto",
        lmbda=min(high, max(low, lmbda)) if math.isfinite(lmbda) else DEFAULT_LAMBDA,
        window=loaded.window if isinstance(loaded.window, str) and len(loaded.window) <= PLACE_LIMIT else "",
        key_interval=min(MAX_KEY_INTERVAL, max(1, int(loaded.key_interval))),
    )


def save_settings(path: Path, settings: Settings) -> None:
    """Write settings whole or not at all; an unwritable folder is no error (nothing is lost but comfort)."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(asdict(settings), indent=1))
    except OSError:
        return
