"""What is looked at closely: the pixel under the cursor, a region, and which aids are drawn over the pictures."""

from dataclasses import dataclass
from enum import Enum

from psygnal import Signal

MAGNIFICATIONS = (4, 8, 16)
"""Screen pixels per picture pixel in the magnifier."""
MIN_REGION = 8
"""Shortest side of a region in picture pixels."""


class Overlay(Enum):
    """Maps that can lie over a take's picture."""

    LPIPS = "LPIPS density"
    """Where the picture differs from the reference for LPIPS."""
    TEXTURE = "texture"
    """Where fine detail was lost, and where there is more of it than in the reference."""


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of the picture in pixels, inside it."""

    left: int
    top: int
    width: int
    height: int

    @property
    def text(self) -> str:
        """As shown: "128x96 at 40, 12"."""
        return f"{self.width}x{self.height} at {self.left}, {self.top}"


class Inspection:
    """Aids of looking closely. `changed` means: paint anew; `region_changed` that what is measured changed too."""

    changed = Signal()
    region_changed = Signal()

    def __init__(self) -> None:
        self.cursor: tuple[int, int] | None = None
        """Picture pixel (x, y) under the mouse; None while it is on no picture."""
        self.values_shown = False
        """Pixel values of every take beside the cursor."""
        self.magnifier: int | None = None
        """Magnification, one of MAGNIFICATIONS; None: no magnifier."""
        self.region: Region | None = None
        self.overlay: Overlay | None = None
        """The map over the takes' pictures."""
        self.scan_line: int | None = None
        """Picture row of the x-t slice; None: none is shown."""
        self.worst_metric = "lpips"
        """Key in `curves.CURVES` of the metric that the worst frames are listed by."""

    def point_at(self, pixel: tuple[int, int] | None) -> None:
        """The mouse is over a picture pixel, or over none."""
        if pixel != self.cursor:
            self.cursor = pixel
            if self.values_shown or self.magnifier is not None:
                self.changed.emit()

    def toggle_values(self) -> None:
        """Pixel values on and off."""
        self.values_shown = not self.values_shown
        self.changed.emit()

    def cycle_magnifier(self) -> None:
        """Off, then every magnification, then off."""
        steps = (None, *MAGNIFICATIONS)
        self.magnifier = steps[(steps.index(self.magnifier) + 1) % len(steps)]
        self.changed.emit()

    def set_region(self, box: tuple[float, float, float, float] | None, size: tuple[int, int]) -> None:
        """Keep to a box (left, top, right, bottom, in any order, picture pixels) cut to a picture of `size` and widened
        to whole chroma samples; None or a box with a side under MIN_REGION: no region."""
        region = None
        if box is not None:
            left, right = sorted((max(0, min(size[0], round(box[0]))), max(0, min(size[0], round(box[2])))))
            top, bottom = sorted((max(0, min(size[1], round(box[1]))), max(0, min(size[1], round(box[3])))))
            if right - left >= MIN_REGION and bottom - top >= MIN_REGION:
                left, top = left - left % 2, top - top % 2
                right, bottom = min(size[0], right + right % 2), min(size[1], bottom + bottom % 2)
                region = Region(left, top, right - left, bottom - top)
        if region != self.region:
            self.region = region
            self.region_changed.emit()
        self.changed.emit()

    def toggle_overlay(self, overlay: Overlay) -> None:
        """A map instead of the one shown, or none again."""
        self.overlay = None if self.overlay is overlay else overlay
        self.changed.emit()

    def set_scan_line(self, row: int | None, height: int) -> None:
        """The row that is followed over time, within a picture of `height` rows; None: no slice."""
        self.scan_line = None if row is None else max(0, min(height - 1, row))
        self.changed.emit()
