"""Names of takes where there is little room."""

import re

_BRACKETS = re.compile(r" ?\([^)]*\)")


def shortened(name: str, longest: int) -> str:
    """A name within `longest` characters: first without what stands in brackets, then with dots at its end."""
    if len(name) > longest:
        name = _BRACKETS.sub("", name)
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def brief(name: str) -> str:
    """A name without what stands in brackets and without whose bitrate it follows: the panes beside it tell."""
    return _BRACKETS.sub("", name).split(" matched to")[0]


def parted(label: str, name: str) -> tuple[str, str]:
    """A take's label as who it is and what else is said; a name may hold the dot that parts them."""
    if label.startswith(name):
        return name, label.removeprefix(name).removeprefix(" · ")
    who, _, rest = label.partition(" · ")
    return who, rest
