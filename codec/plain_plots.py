"""Names in matplotlib's figures as they are: `$` begins no formula, and a name that begins with `_` is listed, too."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from codec.texts import visible

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text


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
