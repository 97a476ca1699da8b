"""Takes are encoded, stopped and given up, whatever codec makes them."""

from dataclasses import replace

from psygnal import SignalInstance

from app.jobs.neural import NeuralEncodes
from app.jobs.rivals import Rivals
from app.jobs.tools import Tools
from app.state.recipes import Recipe
from app.state.takes import Take


class Encodes:
    """Every encode of a session. What goes wrong is told by `Session.message` and the take's `error`."""

    def __init__(self, tools: Tools, neural: NeuralEncodes, rivals: Rivals) -> None:
        self._session, self._store = tools.session, tools.store
        self._jobs, self._scoring, self._neural, self._rivals = tools.jobs, tools.scoring, neural, rivals

    @property
    def rate_known(self) -> SignalInstance:
        """Emits a neural take whose bitrate is measured."""
        return self._neural.rate_known

    def encode(self, recipe: Recipe, *, replacing: bool = False) -> Take | None:
        """A new take by a recipe, `replacing` one that goes; None, and a message, when it cannot be begun."""
        if self._session.clip is None or (not replacing and not self._session.has_room()):
            return None
        if recipe.codec is not None:
            return self._rivals.encode(recipe)
        if recipe.lmbda is None and recipe.kbps is None:
            recipe = replace(recipe, lmbda=self._session.settings.choice(recipe.neural).lmbda)
        return self._neural.encode(recipe)

    def cancel(self, take: Take) -> None:
        """Stop the take's encodes; what is decoded of it stays on the screen."""
        self._rivals.cancel(take)
        self._jobs.cancel(take)

    def discard(self, take: Take) -> None:
        """Give back the files of a take that is off the list and will not come back."""
        if self._session.takes.by_id(take.id) is None and not self._jobs.is_discarded(take):
            self.release(take)
            self._session.scores.forget(take.id)

    def release(self, take: Take) -> None:
        """End a take's work and give back its files. It is off the list, or about to be."""
        if not self._jobs.is_discarded(take):
            self._rivals.drop(take)
            self._jobs.discard(take)
            self._scoring.forget(take)
            self._store.give_back(take)
