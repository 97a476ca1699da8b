"""Votes in the normal view: two takes stand side by side without their names, and the better one is named by a key."""

from collections.abc import Sequence
from itertools import combinations
from random import Random

from psygnal import Signal

from app.state.blind.preferences import Score, Vote
from app.state.layouts import Layouts


class Voting:
    """Which pair is judged, and what came of the votes so far."""

    changed = Signal()
    """Begun, ended, another pair."""
    scores_changed = Signal()

    def __init__(self, layouts: Layouts) -> None:
        self._layouts = layouts
        self.cast = 0
        """Votes since it began."""
        self.votes: tuple[Vote, ...] = ()
        """All there are of the clips of this folder, older ones too."""
        self.scores: tuple[Score, ...] = ()

    @property
    def pair(self) -> tuple[int, int] | None:
        """Ids of the takes judged now, left and right; None while nobody votes."""
        return self._layouts.blind

    @property
    def active(self) -> bool:
        """True while names are hidden."""
        return self.pair is not None

    def show(self, pair: tuple[int, int] | None) -> None:
        """Judge a pair; None: no more."""
        if pair is None:
            self.cast = 0
        self._layouts.set_blind(pair)
        self.changed.emit()

    def set_votes(self, votes: Sequence[Vote], scores: Sequence[Score]) -> None:
        """What is known of all votes."""
        self.votes, self.scores = tuple(votes), tuple(scores)
        self.scores_changed.emit()


def next_pair(
    takes: Sequence[tuple[int, str]], votes: Sequence[Vote], before: tuple[int, int] | None, random: Random
) -> tuple[int, int] | None:
    """The pair that was judged least, of takes (id, name), in a drawn order; the one `before` only where there is no
    other. None with fewer than two."""
    counts: dict[frozenset[str], int] = {}
    for vote in votes:
        key = frozenset((vote.left, vote.right))
        counts[key] = counts.get(key, 0) + 1
    pairs = list(combinations(takes, 2))
    others = [pair for pair in pairs if before is None or {pair[0][0], pair[1][0]} != set(before)] or pairs
    if not others:
        return None
    random.shuffle(others)
    one, other = min(others, key=lambda pair: counts.get(frozenset((pair[0][1], pair[1][1])), 0))
    return (one[0], other[0]) if random.random() < 0.5 else (other[0], one[0])
