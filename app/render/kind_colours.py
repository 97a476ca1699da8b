"""The colours that tell codecs apart, the same everywhere: panes, charts, files."""

from app.state.takes import Kind

_KINDS = {
    Kind.SOURCE: "#b8c0cc",
    Kind.NEURAL: "#ff9f6b",
    Kind.HEVC: "#7cc4e8",
    Kind.VVC: "#8fd694",
    Kind.AV1: "#d3a4dd",
    Kind.IMPORTED: "#e0cd7a",
}
_LIGHT_INKS = {
    Kind.SOURCE: "#4b5563",
    Kind.NEURAL: "#c2410c",
    Kind.HEVC: "#1d6fa5",
    Kind.VVC: "#2b7a33",
    Kind.AV1: "#8336a0",
    Kind.IMPORTED: "#7d6608",
}


def kind_colour(kind: Kind) -> str:
    """The colour of a codec as a ground for dark text, and as ink on a dark ground."""
    return _KINDS[kind]


def light_ink(kind: Kind) -> str:
    """The colour of a codec as a curve on white, for files and the light theme."""
    return _LIGHT_INKS[kind]
