"""What canvases need of the other rooms to paint their aids: pixel values and maps of takes."""

from dataclasses import dataclass

from cachetools import FIFOCache
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage

from app.jobs.inspecting import HeatMap, Inspector
from app.render.heat import heat_area, heat_image
from app.render.pixels import PixelValue, pixel_value
from app.render.presenter import Presenter
from app.render.take_looks import take_colour
from app.state.session import Session

_KEPT_IMAGES = 16


@dataclass(frozen=True, slots=True)
class ValueRow:
    """One take's line in the table of pixel values."""

    name: str
    colour: str
    value: PixelValue


class Aids:
    """Reads what is there; never decodes, never waits."""

    def __init__(self, session: Session, presenter: Presenter, inspector: Inspector) -> None:
        self._session, self._presenter, self._inspector = session, presenter, inspector
        self._images: FIFOCache[int, tuple[HeatMap, QImage]] = FIFOCache(_KEPT_IMAGES)

    def rows(self, x: int, y: int) -> list[ValueRow]:
        """The values of every take at a pixel of the frame shown."""
        frame, rows = self._session.playback.frame, []
        for take in self._session.takes:
            picture = self._presenter.cached_picture(take, frame)
            rows.append(ValueRow(take.name, take_colour(take), pixel_value(picture, x, y)))
        return rows

    def heat(self, take_id: int) -> tuple[QImage, QRectF] | None:
        """A take's map as an image, and the part of the picture it covers."""
        take, overlay = self._session.takes.by_id(take_id), self._session.view.inspection.overlay
        heat = None if take is None else self._inspector.heat(take)
        if heat is None or overlay is None:
            return None
        kept = self._images.get(id(heat))
        if kept is None or kept[0] is not heat:
            kept = self._images[id(heat)] = (heat, heat_image(heat, overlay))
        return kept[1], heat_area(heat)

    def heat_note(self, take_id: int) -> str:
        """Why a take has no map although one is asked for; empty for the one compared with."""
        take, overlay = self._session.takes.by_id(take_id), self._session.view.inspection.overlay
        if take is None or overlay is None or not self._inspector.compares(take):
            return ""
        if self._session.playback.playing:
            return f"Map of {overlay.value}: when paused"
        return "" if self._inspector.heat(take) is not None else f"Map of {overlay.value}: being computed"

    def region_text(self, take_id: int) -> str:
        """What the region of a take scores, or an empty text."""
        take = self._session.takes.by_id(take_id)
        score = None if take is None else self._inspector.region(take)
        if score is None:
            return ""
        parts = [f"PSNR {score.psnr_db:.1f} dB"]
        if score.ssim is not None:
            parts.append(f"SSIM {score.ssim:.4f}")
        if score.lpips is not None:
            parts.append(f"LPIPS {score.lpips:.3f}")
        return " · ".join(parts)
