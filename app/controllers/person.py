"""What the person at the screen can be asked and told. The window answers with dialogs, a test as it likes."""

from collections.abc import Callable, Sequence
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PySide6.QtGui import QImage

from app.jobs.points import PointTable
from app.state.draft import Draft
from app.state.imports import ImportDecision, ImportQuestion
from app.state.ladder import LadderPlan
from app.state.settings import Settings
from codec.media.picture import Timing

if TYPE_CHECKING:
    from app.exports.video import VideoChoice


class Answer(Enum):
    """To the question whether to save first."""

    SAVE = auto()
    DISCARD = auto()
    STAY = auto()


class Question(Protocol):
    """A question that is open."""

    def take_back(self) -> None:
        """It goes, and is not answered any more."""
        ...


class Person(Protocol):
    """Methods with a callback return at once and call it with the answer; no call means: given up. The others wait."""

    def ask_clip(self, folder: Path, chosen: Callable[[Path], None]) -> None: ...
    def ask_take_file(self, folder: Path, chosen: Callable[[Path], None]) -> None: ...
    def ask_project(self, folder: Path) -> Path | None: ...
    def ask_folder(self, title: str, folder: Path | None = None) -> Path | None: ...
    def ask_target(self, title: str, proposed: Path, kinds: str, suffixes: Sequence[str]) -> Path | None:
        """Where to write, with one of `suffixes`; an existing file only where the person agreed to replace it."""
        ...

    def ask_import(
        self, question: ImportQuestion, clip: Timing, decided: Callable[[ImportQuestion, ImportDecision], None]
    ) -> None: ...
    def ask_choice(
        self, take: str, said: tuple[str, str], chosen: Callable[[str, str], None], drop: Callable[[], None] | None
    ) -> None:
        """Who chooses a take, and why; `said`: what stands there at first. `drop`: of one that is chosen already."""
        ...

    def show_points(self, table: PointTable, export: Callable[[], None]) -> None:
        """Operating points, and a way to export them."""
        ...

    def ask_ladder(self, draft: Draft, room: int, chosen: Callable[[LadderPlan], object]) -> None: ...
    def ask_video(self, takes: int, frames: str, chosen: "Callable[[VideoChoice], None]") -> None: ...
    def ask_settings(self, settings: Settings, chosen: Callable[[Settings], None]) -> None: ...
    def ask_recovery(self, go_on: Callable[[], None], discard: Callable[[], None]) -> None:
        """Whether to go on with what a crashed run left behind."""
        ...

    def ask_to_save(self, text: str, can_save: bool, answered: Callable[[Answer], None]) -> Question:
        """Whether to save first; not a third choice where nothing can be saved."""
        ...

    def tell(self, text: str) -> None:
        """A line that goes by itself."""
        ...

    def copy_text(self, text: str) -> None: ...
    def copy_image(self, image: QImage) -> None: ...
