"""Pictures as images that paint fast, and a store of those rendered lately."""

import math
import threading
from collections.abc import Hashable

import numpy as np
from av.video.reformatter import Interpolation
from cachetools import LRUCache
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from app.render.difference import difference_codes, difference_rgb, scale_colours
from app.render.dither import dithered
from app.render.framing import Framing
from app.render.scaling import minified
from app.state.layouts import Channels, DifferenceLook
from app.state.scaling import Minify
from codec.media.colour import to_bgrx, to_bgrx16
from codec.media.picture import Picture, Rgb

IMAGE_STORE_BYTES = 256 * 2**20
"""Images kept for flips, blinking and the frames around: more than a hundred of panes 800 pixels wide."""


def to_image(rgb: Rgb) -> QImage:
    """(H, W, 3) uint8 to an image that owns its bytes, in the format that paints fastest."""
    height, width = rgb.shape[:2]
    view = QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return view.convertToFormat(QImage.Format.Format_RGB32)


def picture_image(picture: Picture) -> QImage:
    """A picture as it is shown."""
    return _bgrx_image(to_bgrx(picture))


def scaled_image(picture: Picture, size: tuple[int, int], how: Minify, *, dither: bool = False) -> QImage:
    """A picture scaled down, without converting all of it first. With `dither` means that fall between two codes are
    spread over the pixels around; pictures with odd sides have none."""
    if picture.width % 2 or picture.height % 2:
        return minified(picture_image(picture), *size, how)
    kind = Interpolation.AREA if how is Minify.AREA else Interpolation.LANCZOS
    return _bgrx_image(dithered(to_bgrx16(picture, size, kind)) if dither else to_bgrx(picture, size, kind))


def _bgrx_image(pixels: NDArray[np.uint8]) -> QImage:
    height, width = pixels.shape[:2]
    # The copy owns its bytes.
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()


def difference_image(take: Picture, reference: Picture, look: DifferenceLook) -> QImage:
    """`difference_rgb` as an image. Raises MediaError when the sizes differ."""
    plain = look.channels is Channels.LUMA and take.colour == reference.colour and take.y.shape == reference.y.shape
    if not plain:
        return to_image(difference_rgb(take, reference, look))
    # The same by a table of whole pixels: four times as fast.
    colours = scale_colours(look).astype(np.uint32)
    table = 0xFF000000 | (colours[:, 0] << 16) | (colours[:, 1] << 8) | colours[:, 2]
    pixels = np.take(table.astype(np.uint32), difference_codes(take.y, reference.y, look))
    return QImage(pixels.data, take.width, take.height, 4 * take.width, QImage.Format.Format_RGB32).copy()


class ImageStore:
    """Images by picture and framing within `limit_bytes`, least recently used out first. Thread-safe."""

    def __init__(self, limit_bytes: int = IMAGE_STORE_BYTES) -> None:
        self._limit = limit_bytes
        # Without a limit of its own: the newest image stays whatever its size.
        self._images: LRUCache[tuple[Hashable, Framing], QImage] = LRUCache(math.inf, getsizeof=QImage.sizeInBytes)
        self._framings: dict[Hashable, dict[Framing, QImage]] = {}
        self._lock = threading.Lock()

    @property
    def held_bytes(self) -> int:
        """Bytes of all images held."""
        return int(self._images.currsize)

    def get(self, key: Hashable, framing: Framing) -> QImage | None:
        """The image, if it is there."""
        with self._lock:
            return self._images.get((key, framing))

    def all_of(self, key: Hashable) -> dict[Framing, QImage]:
        """Every image there is of a picture."""
        with self._lock:
            return dict(self._framings.get(key, {}))

    def put(self, key: Hashable, framing: Framing, image: QImage) -> None:
        """Keep an image; older ones go while the limit is passed."""
        with self._lock:
            self._images[key, framing] = image
            self._framings.setdefault(key, {})[framing] = image
            while self._images.currsize > self._limit and len(self._images) > 1:
                (old, shape), _ = self._images.popitem()
                others = self._framings[old]
                del others[shape]
                if not others:
                    del self._framings[old]

    def clear(self) -> None:
        """Forget all images."""
        with self._lock:
            self._images.clear()
            self._framings.clear()
