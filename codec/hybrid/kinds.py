"""What pictures are to the codec."""

from enum import IntEnum


class Kind(IntEnum):
    """What a picture is predicted from."""

    KEY = 0
    """Nothing."""
    ANCHOR = 1
    """The anchor or key picture before it."""
    BETWEEN = 2
    """The anchors on both sides of it."""


def coded_kinds(length: int, *, chained: bool, entry: bool, cut: bool) -> list[Kind]:
    """Kinds of the pictures of a GoP of `length` that are coded one by one, in order: its first picture (unless it is
    the last one of the GoP before, which is when it is chained without an `entry`), its last one. After a `cut` nothing
    predicts the last picture."""
    first = [Kind.ANCHOR] if entry else [] if chained else [Kind.KEY]
    return [*first, Kind.KEY if cut else Kind.ANCHOR] if length > 1 else first
