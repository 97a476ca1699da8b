"""A take's name in pages: with its number and a piece of its line, in the colours for white."""

from dataclasses import dataclass

from app.render.take_looks import dash_runs, look_dash, look_ink, look_mark
from app.state.curves import Series
from app.state.takes import Kind, Take


@dataclass(frozen=True, slots=True)
class NamedTake:
    """As templates show it; as a string it is the name alone."""

    name: str
    number: str = ""
    """The key that shows it; empty where it has none."""
    colour: str = ""
    """Of its line; empty: it has none."""
    runs: str = ""
    """Of its dash, drawn and left out by turns, in pixels: an SVG `stroke-dasharray`."""
    mark: str = ""
    """A piece of its line for texts."""

    def __str__(self) -> str:
        return f"{self.number} · {self.name}" if self.number else self.name


_WIDTH = 3
"""Of lines in pages, pixels."""


def named(take: Take, series: Series | None) -> NamedTake:
    """`series`: the take's curves, which know its number."""
    if take.kind is Kind.SOURCE:
        return NamedTake(take.name)
    return _of(take.name, "" if series is None else str(series.number), take.look)


def named_series(series: Series, before: str = "") -> NamedTake:
    """Of a take that is known by its curves. `before`: what stands before its name."""
    return _of(before + series.name, str(series.number), series.look)


def _of(name: str, number: str, look: int) -> NamedTake:
    runs = " ".join(str(_WIDTH * run) for run in dash_runs(look_dash(look)))
    return NamedTake(name, number, look_ink(look), runs, look_mark(look))
