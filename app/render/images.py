"""Pictures as images that paint fast, and a store of those made lately."""

import threading
from collections import OrderedDict
from collections.abc import Hashable

import numpy as np
from PySide6.QtGui import QImage

from app.render.difference import difference_codes, difference_rgb, scale_colours
from app.state.layouts import Channels, DifferenceLook
from codec.media.colour import to_rgb
from codec.media.picture import Picture, Rgb

IMAGE_STORE_BYTES = 256 * 2**20
"""Images kept for flips, blinking and the frames ahead: about thirty of 1920x1080."""


def to_image(rgb: Rgb) -> QImage:
    """(H, W, 3) uint8 to an image that owns its bytes, in the format that paints fastest."""
    height, width = rgb.shape[:2]
    view = QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return view.convertToFormat(QImage.Format.Format_RGB32)


def picture_image(picture: Picture) -> QImage:
    """A picture as it is shown."""
    return to_image(to_rgb(picture))


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
    """Images by key within `limit_bytes`, least recently used out first. Thread-safe."""

    def __init__(self, limit_bytes: int = IMAGE_STORE_BYTES) -> None:
        self._limit = limit_bytes
        self._images: OrderedDict[Hashable, QImage] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()

    @property
    def held_bytes(self) -> int:
        """Bytes of all images held."""
        return self._held

    def get(self, key: Hashable) -> QImage | None:
        """The image, if it is there."""
        with self._lock:
            image = self._images.get(key)
            if image is not None:
                self._images.move_to_end(key)
            return image

    def put(self, key: Hashable, image: QImage) -> None:
        """Keep an image; older ones go while the limit is passed."""
        with self._lock:
            old = self._images.pop(key, None)
            self._held += image.sizeInBytes() - (0 if old is None else old.sizeInBytes())
            self._images[key] = image
            while self._held > self._limit and len(self._images) > 1:
                _, gone = self._images.popitem(last=False)
                self._held -= gone.sizeInBytes()

    def clear(self) -> None:
        """Forget all images."""
        with self._lock:
            self._images.clear()
            self._held = 0
