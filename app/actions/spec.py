"""What an action is, and what it works on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from app.jobs.engine import Engine
from app.state.session import Session

if TYPE_CHECKING:
    from app.actions.desk import Desk


class Screen(Protocol):
    """What actions need of the window, besides state and engine."""

    @property
    def desk(self) -> "Desk": ...
    def now_s(self) -> float: ...
    def ask_clip(self) -> None: ...
    def encode_neural(self) -> None: ...
    def add_rival(self) -> None: ...
    def save_frames(self) -> None: ...
    def ask_save_stream(self) -> None: ...
    def toggle_charts(self) -> None: ...
    def toggle_info(self) -> None: ...
    def toggle_panel(self, name: str) -> None: ...
    def panel_shown(self, name: str) -> bool: ...
    def toggle_full_screen(self) -> None: ...
    def leave_full_screen(self) -> None: ...
    def toggle_presentation(self) -> None: ...
    def toggle_keys(self) -> None: ...
    def copy_command(self) -> None: ...
    def blink(self) -> None: ...
    def charts_shown(self) -> bool: ...
    def info_shown(self) -> bool: ...
    def close_window(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Context:
    """What an action works on."""

    session: Session
    engine: Engine
    screen: Screen


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
    run: Callable[[Context], None]
    enabled_when: Callable[[Context], bool] = field(default=has_clip)
    checked_when: Callable[[Context], bool] | None = None
