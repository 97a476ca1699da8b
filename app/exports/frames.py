"""The pictures on the screen, or crops of them, as PNG files at their own size."""

import re
from dataclasses import dataclass
from pathlib import Path

from app.state.takes import Take
from codec.context import WorkContext
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


@dataclass(frozen=True, slots=True)
class WorstFrame:
    """A frame of a take that scored badly, and what it is compared with."""

    rank: int
    """1: the worst."""
    take: Take
    reference: Take
    frame: int


def save_worst(
    context: WorkContext,
    wanted: tuple[WorstFrame, ...],
    metric: str,
    mode: SeamMode,
    folder: Path,
    inputs: tuple[Path, ...] = (),
) -> list[Path]:
    """Two PNGs each, `worst_lpips_01_frame_0043_hybrid_0.08.png` and `..._reference.png`. `metric` is part of the name:
    "lpips", or "lpips_so_far" where frames are not measured yet; `inputs`: files in use.

    Raises OutputError, MediaError, Cancelled.
    """
    written = []
    for done, each in enumerate(wanted):
        context.check()
        context.report(done / len(wanted), f"frame {each.frame}")
        stem = f"worst_{metric}_{each.rank:02d}_frame_{each.frame:04d}"
        for take, name in ((each.take, file_name(each.take)), (each.reference, "reference")):
            write_png(folder / f"{stem}_{name}.png", to_rgb(take.picture(each.frame, mode)), inputs)
            written.append(folder / f"{stem}_{name}.png")
    return written


def save(
    context: object,
    takes: tuple[Take, ...],
    frame: int,
    mode: SeamMode,
    folder: Path,
    box: Box | None = None,
    inputs: tuple[Path, ...] = (),
) -> list[Path]:
    """One PNG a take, `frame_0012_1_hybrid_0.32.png`; with a `box` its part of the picture, `crop_0012_...`. `inputs`:
    files in use.

    Raises OutputError, MediaError.
    """
    del context
    written = []
    for take in takes:
        rgb = to_rgb(take.picture(frame, mode))
        name = f"{'frame' if box is None else 'crop'}_{frame:04d}_{take.id}_{file_name(take)}.png"
        write_png(folder / name, rgb if box is None else box.of(rgb), inputs)
        written.append(folder / name)
    return written
