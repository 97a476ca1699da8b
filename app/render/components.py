"""One channel of a picture as a grey picture, which every way of drawing then draws like any other."""

from typing import Final

import numpy as np

from app.state.components import Component
from codec.media.colour import to_rgb
from codec.media.picture import Colour, Picture, Plane

_RGB: Final = (Component.RED, Component.GREEN, Component.BLUE)


def component_picture(picture: Picture, component: Component) -> Picture:
    """A grey picture (H, W) of the same size: luma within the picture's own range, other channels code for code.
    Chroma samples are as large as they are coded, 2x2 pixels."""
    u, v = (np.full_like(plane, 128) for plane in (picture.u, picture.v))
    if component is Component.LUMA:
        return Picture(picture.y, u, v, picture.colour)
    colour = Colour(picture.colour.matrix, full_range=True)
    if component in _RGB:
        return Picture(np.ascontiguousarray(to_rgb(picture)[:, :, _RGB.index(component)]), u, v, colour)
    return Picture(_as_large(picture.u if component is Component.CB else picture.v, picture), u, v, colour)


def _as_large(plane: Plane, picture: Picture) -> Plane:
    whole = plane.repeat(2, axis=0).repeat(2, axis=1)
    return np.ascontiguousarray(whole[: picture.height, : picture.width])
