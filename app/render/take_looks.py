"""The colour and the dash of each take, the same everywhere: list, panes, charts, legends, files.

Twelve looks: six colours, drawn solid and dashed. The six differ by at least 30 units of CIELAB also for those who do
not see green (deuteranopia, simulated after Machado et al., 2009), and stand out from their ground by a contrast of at
least 4.5 to 1. Takes beyond the twelfth are dotted, then dash-dotted.
"""

from app.state.takes import Kind, Take

_ON_DARK = ("#e06d0c", "#b9d9ff", "#a4fe95", "#c76cfb", "#fff601", "#cb7383")
_ON_WHITE = ("#c9370e", "#0e4473", "#003b2d", "#a53bdc", "#533500", "#bb5165")
_SOURCE_ON_DARK, _SOURCE_ON_WHITE = "#b8c0cc", "#4b5563"
_RUNS: tuple[tuple[int, ...], ...] = ((), (4, 2), (1, 2), (4, 2, 1, 2))
_MARKS = ("━━", "╍╍", "┉┉", "━┉")
DASHES = len(_RUNS)
"""Kinds of line: solid, dashed, dotted, dash-dotted."""


def take_colour(take: Take) -> str:
    """As a ground for dark text, and as ink on a dark ground."""
    return _SOURCE_ON_DARK if take.kind is Kind.SOURCE else look_colour(take.look)


def take_ink(take: Take) -> str:
    """As ink on white: files, the light theme."""
    return _SOURCE_ON_WHITE if take.kind is Kind.SOURCE else look_ink(take.look)


def look_colour(look: int) -> str:
    """A look's colour on a dark ground."""
    return _ON_DARK[look % len(_ON_DARK)]


def look_ink(look: int) -> str:
    """A look's colour on white."""
    return _ON_WHITE[look % len(_ON_WHITE)]


def look_dash(look: int) -> int:
    """Which of the DASHES kinds of line a look has."""
    return look // len(_ON_DARK) % DASHES


def dash_runs(dash: int) -> tuple[int, ...]:
    """Drawn and left out by turns, in widths of the line; empty: drawn throughout."""
    return _RUNS[dash]


def look_mark(look: int) -> str:
    """A piece of a look's line, for texts: legends, tables."""
    return _MARKS[look_dash(look)]


def is_hollow(look: int) -> bool:
    """Points of a look are drawn as rings: where there is no line, they tell looks of one colour apart."""
    return look_dash(look) % 2 == 1
