"""For machines that have PyTorch and numba but not PyAV: its modules stood in for by empty ones, and colours converted
here. Clips cannot be opened then; pictures from memory go through the codecs as anywhere.

To be imported before anything of `codec`; does nothing where PyAV is installed.
"""

import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from unittest.mock import MagicMock

import numpy as np


class _Empty(MagicMock):
    """A module of which every name is there, and none does anything."""

    __path__: Sequence[str] = ()
    __spec__ = None


class _Finder(MetaPathFinder, Loader):
    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        return ModuleSpec(fullname, self, is_package=True) if fullname.partition(".")[0] == "av" else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Empty(name=spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


def _stand_in() -> bool:
    if importlib.util.find_spec("av") is not None:
        return False
    sys.meta_path.append(_Finder())
    from codec.media import colour

    colour.to_rgb, colour.from_rgb = _to_rgb, _from_rgb
    return True


def _weights(matrix) -> tuple[float, float]:
    """Shares of red and blue in luma."""
    from codec.media.picture import Matrix

    return (0.299, 0.114) if matrix is Matrix.BT601 else (0.2126, 0.0722)


def _scales(full: bool) -> tuple[float, float, float]:
    """Codes of luma's black, of its span and of chroma's span."""
    return (0.0, 255.0, 255.0) if full else (16.0, 219.0, 224.0)


def _to_rgb(picture):
    """As codec.media.colour.to_rgb, with chroma repeated."""
    red, blue = _weights(picture.colour.matrix)
    black, span, chroma = _scales(picture.colour.full_range)
    u, v = (
        (plane.repeat(2, axis=0).repeat(2, axis=1)[: picture.height, : picture.width] - 128.0) / chroma
        for plane in (picture.u, picture.v)
    )
    y = (picture.y - black) / span
    r, b = y + 2 * (1 - red) * v, y + 2 * (1 - blue) * u
    g = (y - red * r - blue * b) / (1 - red - blue)
    return np.rint(255 * np.stack([r, g, b], axis=-1)).clip(0, 255).astype(np.uint8)


def _from_rgb(rgb, colour):
    """As codec.media.colour.from_rgb, with chroma of means of four."""
    from codec.media.picture import Picture

    red, blue = _weights(colour.matrix)
    black, span, chroma = _scales(colour.full_range)
    r, g, b = np.moveaxis(rgb / 255.0, -1, 0)
    y = red * r + (1 - red - blue) * g + blue * b

    def halved(plane):
        plane = np.pad(plane, [(0, side % 2) for side in plane.shape], mode="edge")
        return (plane[::2, ::2] + plane[1::2, ::2] + plane[::2, 1::2] + plane[1::2, 1::2]) / 4

    planes = (
        black + span * y,
        128 + chroma * halved((b - y) / (2 - 2 * blue)),
        128 + chroma * halved((r - y) / (2 - 2 * red)),
    )
    luma, u, v = (np.rint(plane).clip(0, 255).astype(np.uint8) for plane in planes)
    return Picture(luma, u, v, colour)


PLAIN_COLOURS = _stand_in()
"""Whether PyAV is missing and was stood in for."""
