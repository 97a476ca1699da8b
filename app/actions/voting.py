"""Blind tests and votes."""

from collections.abc import Callable

from app.actions.spec import ActionSpec, Context


def _voting(c: Context) -> bool:
    return c.session.voting.active


def _vote(share: float) -> Callable[[Context], None]:
    return lambda c: c.votes.vote(share)


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("blind_test", "Blind test…", ("F9",), "Judge", lambda c: c.blind.open()),
    ActionSpec(
        "votes", "Vote on pairs of takes without their names", ("F8",), "Judge", lambda c: c.votes.toggle(),
        checked_when=_voting,
    ),
    ActionSpec("vote_left", "The left one is better", ("<",), "Judge", _vote(1.0), _voting),
    ActionSpec("vote_right", "The right one is better", (">",), "Judge", _vote(0.0), _voting),
    ActionSpec("vote_none", "No difference", ("/",), "Judge", _vote(0.5), _voting),
    ActionSpec("vote_scores", "Scores of the votes", ("Shift+F8",), "Judge", lambda c: c.votes.show_scores()),
)  # fmt: skip
WHILE_VOTING = frozenset({"votes", "vote_left", "vote_right", "vote_none", "quit", "keys", "smooth", "lanczos"})
"""What can be done while names are hidden, beside playing, zooming and panning."""


def allowed(c: Context, spec: ActionSpec) -> bool:
    """False for what would tell the names of the takes that are voted on."""
    plain = spec.menu == "Playback" or spec.id.startswith(("zoom_", "pan_")) or spec.id in WHILE_VOTING
    return plain or not c.session.voting.active
