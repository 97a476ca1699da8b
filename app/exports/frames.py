"""The pictures on the screen as PNG files at their own size."""

import re
from pathlib import Path

from app.state.takes import Take
from codec.gop import SeamMode
from codec.media.colour import to_rgb
from codec.media.writer import write_png


def save(context: object, takes: tuple[Take, ...], frame: int, mode: SeamMode, folder: Path) -> list[Path]:
    """One PNG a take, `frame_0012_neural_0.32.png`. Raises MediaError."""
    del context
    written = []
    for take in takes:
        name = re.sub(r"[^a-z0-9.]+", "_", take.name.lower().replace("λ", "")).strip("_")
        path = folder / f"frame_{frame:04d}_{take.id}_{name}.png"
        write_png(path, to_rgb(take.picture(frame, mode)))
        written.append(path)
    return written
