"""The pictures on the screen, or crops of them, as PNG files at their own size."""

import re
from dataclasses import dataclass
from pathlib import Path

from app.state.takes import Take
from codec.gop import SeamMode
from codec.media.colour import to_rgb
from codec.media.picture import Rgb
from codec.media.writer import write_png


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the picture in pixels."""

    left: int
    top: int
    width: int
    height: int

    def of(self, rgb: Rgb) -> Rgb:
        """The part of (H, W, 3) inside the box, cut to the picture."""
        return rgb[self.top : self.top + self.height, self.left : self.left + self.width]


def file_name(take: Take) -> str:
    """The take's name as part of a file's name: letters, digits and dots."""
    return re.sub(r"[^a-z0-9.]+", "_", take.name.lower().replace("λ", "")).strip("_.") or "take"


def save(
    context: object, takes: tuple[Take, ...], frame: int, mode: SeamMode, folder: Path, box: Box | None = None
) -> list[Path]:
    """One PNG a take, `frame_0012_1_neural_0.32.png`; with a `box` its part of the picture, `crop_0012_...`.

    Raises MediaError.
    """
    del context
    written = []
    for take in takes:
        rgb = to_rgb(take.picture(frame, mode))
        name = f"{'frame' if box is None else 'crop'}_{frame:04d}_{take.id}_{file_name(take)}.png"
        write_png(folder / name, rgb if box is None else box.of(rgb))
        written.append(folder / name)
    return written
