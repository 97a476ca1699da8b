"""How pictures are scaled to the screen."""

from enum import IntEnum


class Magnify(IntEnum):
    """How samples larger than a screen pixel are drawn; values are the shaders'."""

    NEAREST = 0
    """Samples as squares: what is coded."""
    BILINEAR = 1


class Minify(IntEnum):
    """How samples smaller than a screen pixel are drawn; values are the shaders'."""

    AREA = 0
    """The mean of what a screen pixel covers."""
    LANCZOS = 1
    """Three lobes, widened to the screen pixel: sharper, with slight rings."""
