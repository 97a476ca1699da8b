"""Figures of matplotlib, drawn without a screen: what pages, exports and logs of training draw alike.

Names are shown as they are: `$` begins no formula, and a name that begins with `_` is listed, too.
"""

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from codec.texts import visible

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text


Points = Sequence[tuple[float, float]]
"""Bits a pixel, quality."""


def new_figure(width: float, height: float) -> "Figure":
    """An empty one, its sides in inches, whose parts find their places by themselves."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def drawn(figure: "Figure", kind: str, dpi: int = 100) -> bytes:
    """The figure as a file, "png" or "svg": the same bytes for the same figure."""
    stream = io.BytesIO()
    metadata = dict.fromkeys(("Date", "Creator", "Format", "Type")) if kind == "svg" else None
    figure.savefig(stream, format=kind, dpi=dpi, metadata=metadata)
    return stream.getvalue()


def mark_boundaries(axis: "Axes", frames: Iterable[int]) -> None:
    """Grey lines behind the curves where GoPs begin."""
    for frame in frames:
        axis.axvline(frame, color="#bbb", linewidth=0.6, zorder=0)


def rate_panel(axis: "Axes", title: str, curves: Iterable[tuple[str, str, Points]]) -> None:
    """Quality over rate: a name, a colour ("#rrggbb") and the points of each curve, in any order."""
    for name, colour, points in curves:
        axis.plot(*zip(*sorted(points), strict=True), "o-", label=name, color=colour, markersize=4)
    axis.set_xlabel("bits per pixel")
    axis.set_title(title, fontsize=9)
    axis.grid(alpha=0.3)
    axis.legend(fontsize=7)


def shortened(words: str, most: int = 48) -> str:
    """Words for a narrow place, cut to `most` characters."""
    return words if len(words) <= most else f"{words[: most - 1]}…"


def plain(text: "Text", words: str) -> None:
    """Let a text of a figure say `words`, whatever they hold."""
    text.set_parse_math(False)
    text.set_text(visible(words))


def plain_legend(where: "Figure | Axes", handles: "Sequence[Artist]", names: Sequence[str], **options: Any) -> None:
    """A legend of these handles and names; `options` as for matplotlib's own."""
    # matplotlib leaves out labels that begin with "_": real names come in afterwards.
    legend = where.legend(list(handles), [str(number) for number in range(len(names))], **options)
    for text, name in zip(legend.get_texts(), names, strict=True):
        plain(text, name)
