"""Folders of one user in which Seamscope keeps things. $XDG_CONFIG_HOME, $XDG_STATE_HOME and $XDG_CACHE_HOME are obeyed
where they are absolute paths. No folder is made here."""

from pathlib import Path

import platformdirs

_NAME = "seamscope"


def settings_folder() -> Path:
    """What the user chose. On Linux ~/.config/seamscope."""
    return platformdirs.user_config_path(_NAME, appauthor=False)


def state_folder() -> Path:
    """What a run leaves for the next: autosaves, the log of errors. On Linux ~/.local/state/seamscope."""
    return platformdirs.user_state_path(_NAME, appauthor=False)


def cache_folder() -> Path:
    """What can be computed again. On Linux ~/.cache/seamscope."""
    return platformdirs.user_cache_path(_NAME, appauthor=False)
