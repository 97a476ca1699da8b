"""What is drawn of a take."""

from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtGui import QImage

from app.render.components import component_picture
from app.render.framing import Framing
from app.render.images import difference_image, picture_image, scaled_image
from app.render.scaling import minified
from app.render.tone import tone_mapped
from app.state.components import Component
from app.state.layouts import DifferenceLook
from codec.media.picture import Picture, Transfer

_MARGIN = 16
"""Samples around a crop that its chroma is interpolated from."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """Its picture, or with `look` the difference from `reference`."""

    picture: Picture
    reference: Picture | None = None
    look: DifferenceLook | None = None
    transfer: Transfer = Transfer.SDR
    """Of HDR pictures that are to be tone-mapped; differences stay those of the codes."""
    deep: bool = False
    """The clip has more than 8 bits a sample. Its codes were dithered to 8; making a picture smaller takes the mean of
    that and would bring the bands back, so the mean is dithered again."""
    component: Component | None = None
    """The one channel that is drawn, by its codes even of HDR pictures; a difference has its own channels."""

    @property
    def drawn(self) -> Picture:
        """The picture, or the grey one of its channel: computed anew, up to some milliseconds."""
        alone = self.component is not None and not self.differs
        return component_picture(self.picture, self.component) if alone and self.component else self.picture

    @property
    def differs(self) -> bool:
        """True when a difference is drawn."""
        return self.look is not None and self.reference is not None

    @property
    def tone(self) -> Transfer:
        """How it is tone-mapped; SDR: not at all."""
        return self.transfer if self.component is None else Transfer.SDR

    def same_as(self, other: "Shown | None") -> bool:
        """True for the very same pictures in the same look: what is on the graphics card is still right."""
        return (
            other is not None
            and self.picture is other.picture
            and self.reference is other.reference
            and self.look == other.look
            and self.transfer is other.transfer
            and self.deep == other.deep
            and self.component is other.component
        )

    @property
    def dithers(self) -> bool:
        """True when what falls between two codes is dithered; colours of a difference are not."""
        return self.deep and not self.differs

    def image(self) -> QImage:
        """All of it. Raises MediaError when a difference is asked of unlike sizes."""
        if self.look is None or self.reference is None:
            return tone_mapped(picture_image(self.drawn), self.tone)
        return difference_image(self.picture, self.reference, self.look)

    def framed(self, framing: Framing) -> QImage:
        """A part of it, scaled if need be. Raises MediaError when a difference is asked of unlike sizes."""
        whole = framing.area == (0, 0, self.picture.width, self.picture.height)
        if not framing.scaled:
            return self.image() if whole else self.crop(*framing.area)
        if self.look is None or self.reference is None:
            made = scaled_image(self.drawn, framing.size, framing.minify, dither=self.dithers)
            return tone_mapped(made, self.tone)
        return minified(self.image(), *framing.size, framing.minify)

    def crop(self, left: int, top: int, width: int, height: int) -> QImage:
        """The samples of a rectangle, which is cut to the picture; the same values as in `image`."""
        right, bottom = min(self.picture.width, left + width), min(self.picture.height, top + height)
        left, top = max(0, left), max(0, top)
        if right <= left or bottom <= top:
            return QImage()
        x, far_x = _window(left, width, self.picture.width)
        y, far_y = _window(top, height, self.picture.height)
        reference = None if self.reference is None else _cut(self.reference, x, y, far_x, far_y)
        part = replace(self, picture=_cut(self.picture, x, y, far_x, far_y), reference=reference)
        return part.image().copy(left - x, top - y, right - left, bottom - top)


def _window(first: int, length: int, whole: int) -> tuple[int, int]:
    """Where a crop with its margins begins (even) and ends. Moved inside rather than cut at the picture's edges: every
    size of a window costs a converter of its own."""
    size = length + 2 * _MARGIN + 2
    begin = max(0, min(first - _MARGIN, whole - size)) // 2 * 2
    return begin, min(whole, begin + size + 1)


def _cut(picture: Picture, left: int, top: int, right: int, bottom: int) -> Picture:
    """A rectangle whose left and top are even."""
    luma = slice(top, bottom), slice(left, right)
    chroma = slice(top // 2, (bottom + 1) // 2), slice(left // 2, (right + 1) // 2)
    y = np.ascontiguousarray(picture.y[luma])
    u, v = (np.ascontiguousarray(plane[chroma]) for plane in (picture.u, picture.v))
    return Picture(y, u, v, picture.colour)
