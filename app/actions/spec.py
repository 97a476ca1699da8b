"""What an action is, and what it works on."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from app.controllers.blind.blind import Blind
from app.controllers.blind.voting import Votes
from app.controllers.choosing import Choosing
from app.controllers.exports import ChartLook, Exports
from app.controllers.files import Files
from app.controllers.ladders import Ladders
from app.controllers.person import Person
from app.controllers.screen import Parts, Screen
from app.controllers.seams import Seams
from app.controllers.takes import Takes
from app.controllers.verdicts import Verdicts
from app.controllers.view import Panes, View
from app.jobs.engine import Engine
from app.render.presenter import Presenter
from app.state.session import Session


@dataclass(frozen=True, slots=True)
class Context:
    """What an action works on."""

    session: Session
    engine: Engine
    files: Files
    takes: Takes
    ladders: Ladders
    choosing: Choosing
    exports: Exports
    verdicts: Verdicts
    view: View
    screen: Screen
    seams: Seams
    blind: Blind
    votes: Votes

    @staticmethod
    def now_s() -> float:
        """The playback's clock."""
        return time.monotonic()


def controllers(
    engine: Engine,
    presenter: Presenter,
    seams: Seams,
    panes: Panes,
    charts: Callable[[], ChartLook | None],
    parts: Parts,
    person: Person,
) -> Context:
    """The controllers of one window, each given its parts."""
    takes, view = Takes(engine, person), View(engine, panes, person)
    ladders, choosing = Ladders(engine, person), Choosing(engine, person)
    exports = Exports(engine, view, charts, person)
    files = Files(engine, takes, exports.queue, person)
    screen = Screen(engine, presenter, person, parts)
    votes = Votes(engine, screen, files.projects)
    verdicts = Verdicts(engine, exports, person)
    return Context(
        engine.session, engine, files, takes, ladders, choosing, exports, verdicts, view, screen, seams, Blind(engine),
        votes,
    )  # fmt: skip


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
