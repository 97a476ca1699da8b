"""HTML pages out of the templates in `resources/templates`.

Every text that a template shows is escaped, and each of its characters can be seen, whoever wrote it: a template need
not ask for it. What is HTML already is marked `safe` there.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

from codec.resources import resource_folder
from codec.texts import visible, visible_lines

if TYPE_CHECKING:
    from jinja2 import Environment


def page_of(template: str, **values: object) -> str:
    """A page by the file name of its template. Raises jinja2.UndefinedError for a value that the template lacks."""
    return _templates().get_template(template).render(values)


@lru_cache(maxsize=1)
def _templates() -> "Environment":
    # Pages are written rarely: nothing else waits for the import.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(resource_folder() / "templates"),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"fixed": _fixed, "lines": _Lines}
    return made


class _Lines(str):
    """A text whose lines stay lines."""


def _shown(value: object) -> object:
    """What a template shows of a value; what is HTML already has a method that says so."""
    if hasattr(value, "__html__"):
        return value
    return visible_lines(value) if isinstance(value, _Lines) else visible(str(value))


def _fixed(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
