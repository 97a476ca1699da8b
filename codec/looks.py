"""How codecs are named and drawn in tables and charts: ours as the registry has them, then the rivals."""

from codec import registry

RIVAL_NAMES = {"hevc": "HEVC (x265)", "vvc": "VVC (VVenC)", "av1": "AV1 (SVT-AV1)"}
_RIVAL_COLOURS = {"hevc": "#2e86ab", "vvc": "#3fa34d", "av1": "#8e6c8a"}
_RIVAL_MARKERS = {"hevc": "s", "vvc": "^", "av1": "D"}
_OWN_COLOURS = ("#e4572e", "#c99700", "#b0307c", "#5b4b49")
_OWN_MARKERS = "oPX*"


def order() -> list[str]:
    """Ids of all codecs, ours first."""
    return [*registry.codecs(), *RIVAL_NAMES]


def name(codec: str) -> str:
    """A codec's name by its id."""
    own = registry.codecs().get(codec)
    return RIVAL_NAMES.get(codec, codec) if own is None else own.name


def colour(codec: str) -> str:
    """As "#rrggbb"."""
    return _RIVAL_COLOURS.get(codec) or _OWN_COLOURS[_place(codec) % len(_OWN_COLOURS)]


def marker(codec: str) -> str:
    """Matplotlib's letter for its points."""
    return _RIVAL_MARKERS.get(codec) or _OWN_MARKERS[_place(codec) % len(_OWN_MARKERS)]


def _place(codec: str) -> int:
    names = list(registry.codecs())
    return names.index(codec) if codec in names else len(names)
