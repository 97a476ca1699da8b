"""What an action is, and what it works on."""

from collections.abc import Callable
from dataclasses import dataclass, field

from app.controllers.exports import Exports
from app.controllers.files import Files
from app.controllers.screen import Screen
from app.controllers.takes import Takes
from app.controllers.view import View
from app.jobs.engine import Engine
from app.state.session import Session


@dataclass(frozen=True, slots=True)
class Context:
    """What an action works on."""

    session: Session
    engine: Engine
    files: Files
    takes: Takes
    exports: Exports
    view: View
    screen: Screen
    now_s: Callable[[], float]
    """The playback's clock."""


def always(context: Context) -> bool:
    """Enabled without a clip too."""
    del context
    return True


def has_clip(context: Context) -> bool:
    """Enabled once a clip is open."""
    return context.session.clip is not None


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action. `keys` in Qt's portable text; `menu` is the menu's title; the first key is shown."""

    id: str
    text: str
    keys: tuple[str, ...]
    menu: str
    run: Callable[[Context], object]
    enabled_when: Callable[[Context], bool] = field(default=has_clip)
    checked_when: Callable[[Context], bool] | None = None
