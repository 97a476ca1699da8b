"""One table of everything a user can do; menus, keys, the key sheet and the tests grow from it."""

from pathlib import Path

from app.actions import desk, inspecting, looking, playing, seams, takes, voting
from app.actions.spec import ActionSpec, Context, controllers

__all__ = ["ACTIONS", "ActionSpec", "Context", "by_id", "controllers", "open_recent"]

ACTIONS: tuple[ActionSpec, ...] = (
    *takes.ACTIONS,
    *desk.FILE_ACTIONS,
    *desk.ACTIONS,
    *playing.ACTIONS,
    *looking.LAYOUT_ACTIONS,
    *inspecting.ACTIONS,
    *inspecting.COMPONENT_ACTIONS,
    *seams.ACTIONS,
    *voting.ACTIONS,
    *looking.ACTIONS,
    *desk.HELP_ACTIONS,
)


def open_recent(context: Context, path: str) -> None:
    """Open a clip or project from the list of recent ones."""
    context.files.open_paths([Path(path)])


def by_id(name: str) -> ActionSpec:
    """The action with an id. Raises KeyError."""
    for spec in ACTIONS:
        if spec.id == name:
            return spec
    raise KeyError(name)
