"""What is measured of a frame: values only, free of torch, so that the window can hold them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FrameScore:
    """Scores of one frame. `tlp` is None for frame 0, which has no frame before it."""

    index: int
    psnr_db: float
    lpips: float
    tlp: float | None
