"""The take that was chosen for a clip: its operating point, with who chose it, when and why."""

from dataclasses import dataclass
from datetime import UTC, datetime

from app.state.takes import NAME_LIMIT, Take, plain_name

WHY_LIMIT = 2000
"""Longest reason in characters."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An operating point: what was chosen as it stood then, so that it still says so when the take is gone."""

    take: int
    """Id of the take."""
    name: str
    codec: str
    asked: str
    """What was asked of the codec."""
    kbps: float
    bpp: float
    command: str
    who: str = ""
    when: str = ""
    """ISO 8601, UTC."""
    why: str = ""


def choice_of(take: Take, who: str, why: str) -> Choice:
    """A take as the one chosen now. Raises ValueError for one without a measured rate."""
    rate = take.rate or take.encoded.rate
    if rate is None:
        raise ValueError(f"{take.name} has no measured rate yet")
    when = datetime.now(UTC).isoformat(timespec="seconds")
    named = plain_name(who)[:NAME_LIMIT]
    reason = why.replace("\0", "")[:WHY_LIMIT]
    return Choice(take.id, take.name, take.codec, take.asked, rate.kbps, rate.bpp, take.command, named, when, reason)
