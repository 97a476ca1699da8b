"""Ladders: asked for in one dialog, encoded as one group, cancelled and undone as one."""

from psygnal import Signal

from app.controllers.person import Person
from app.jobs.engine import Engine
from app.state.ladder import LadderPlan, TakeGroup
from app.state.recipes import Recipe
from app.state.takes import TAKE_LIMIT, Kind, Status, Take


class Ladders:
    """Starts groups of takes."""

    started = Signal(object)
    """A TakeGroup."""

    def __init__(self, engine: Engine, person: Person) -> None:
        self._engine, self._session, self._person = engine, engine.session, person
        self._group: TakeGroup | None = None

    def ask(self) -> None:
        """Let the steps be chosen."""
        room = TAKE_LIMIT - sum(take.kind is not Kind.SOURCE for take in self._session.takes)
        self._person.ask_ladder(self._session.draft, room, self.encode)

    def encode(self, plan: LadderPlan) -> list[Take]:
        """All takes of a plan; what cannot be begun is told and ends it."""
        clip = self._session.clip
        if clip is None:
            return []
        kbps_of_bpp = clip.width * clip.height * clip.frame_count / clip.timing.duration_s / 1000
        neural: list[Take] = []
        takes: list[Take] = []
        for recipe in plan.recipes(kbps_of_bpp):
            take = self._engine.encode(recipe)
            if take is None:
                break
            neural.append(take)
        takes += neural
        for codec in plan.rivals:
            for ours in neural:
                take = self._engine.encode(Recipe(codec, matched_to=ours.id))
                if take is not None:
                    takes.append(take)
        if takes:
            self._engine.edits.added_together(takes, "Encode a ladder")
            self._group = TakeGroup(takes)
            self.started.emit(self._group)
        return takes

    def cancel(self) -> None:
        """Stop what still runs of the newest ladder."""
        for take in () if self._group is None else reversed(self._group.takes):
            if take.status is Status.RUNNING:
                self._engine.cancel(take)
