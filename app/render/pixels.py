"""The values of one pixel, as coded and as shown."""

from dataclasses import dataclass

from app.render.shown import Shown
from codec.media.picture import Picture


@dataclass(frozen=True, slots=True)
class PixelValue:
    """`ycbcr`: codes of the stream, chroma of the 2x2 block the pixel lies in; `rgb`: what is shown, 0 to 255.
    None where there is no picture at hand."""

    ycbcr: tuple[int, int, int] | None
    rgb: tuple[int, int, int] | None


def pixel_value(picture: Picture | None, x: int, y: int) -> PixelValue:
    """The values at (x, y), which may lie outside: then None."""
    if picture is None or not (0 <= x < picture.width and 0 <= y < picture.height):
        return PixelValue(None, None)
    ycbcr = int(picture.y[y, x]), int(picture.u[y // 2, x // 2]), int(picture.v[y // 2, x // 2])
    colour = Shown(picture).crop(x, y, 1, 1).pixelColor(0, 0)
    return PixelValue(ycbcr, (colour.red(), colour.green(), colour.blue()))
