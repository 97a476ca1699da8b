"""What comes back from an encoder is read in the coding that went in: every encoder, range, matrix and depth.

    python -m tests.proofs.coding

prints a table and ends with 1 when a line is off. `tests/rivals/test_coding.py` runs a part of it.
"""

import itertools
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from codec.ffmpeg import ffmpeg_program
from codec.media import Clip, Colour, FrameSource, Matrix, open_clip
from codec.rivals import ConstantQuality, RivalCodec, RivalSettings, RivalSource, encode

WIDTH, HEIGHT, FRAMES = 96, 64, 3
SLOPE, MEAN = 0.02, 1.0
"""How far decoded against source luma may be off a slope of 1, and its mean off the source's, in codes."""
ENCODERS = ("hevc", "vvc", "av1", "neural")
_QUICK = {RivalCodec.HEVC: ("ultrafast", 8), RivalCodec.VVC: ("faster", 12), RivalCodec.AV1: ("12", 8)}


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the table."""

    encoder: str
    matrix: Matrix
    full: bool
    depth: int

    def __str__(self) -> str:
        return f"{self.encoder}-{self.matrix.name}-{'full' if self.full else 'limited'}-{self.depth}"

    @property
    def colour(self) -> Colour:
        return Colour(self.matrix, self.full)


CASES = [Case(*each) for each in itertools.product(ENCODERS, (Matrix.BT601, Matrix.BT709), (False, True), (8, 10))]


def source_codes(case: Case) -> np.ndarray:
    """(FRAMES, HEIGHT, WIDTH) luma codes of the case's depth: a slope over all codes there are, a little further on in
    every frame."""
    low, high = (0, 255) if case.full else (16, 235)
    unit = 1 if case.depth == 8 else 4
    # The largest code of 10 bits in full range is no multiple of that of 8.
    ends = (0, 1023) if case.full and case.depth == 10 else (low * unit, high * unit)
    at = (np.arange(WIDTH)[None, :] + np.arange(HEIGHT)[:, None]) / (WIDTH + HEIGHT + FRAMES - 3)
    steps = np.arange(FRAMES)[:, None, None] / (WIDTH + HEIGHT + FRAMES - 3)
    return np.rint(ends[0] + (ends[1] - ends[0]) * (at + steps)).astype(np.uint16)


def make_source(path: Path, case: Case) -> Path:
    """The codes of the case as FFV1 with its tags, made by ffmpeg from raw samples."""
    kind, form = (np.uint8, "yuv420p") if case.depth == 8 else (np.dtype("<u2"), "yuv420p10le")
    unit = 1 if case.depth == 8 else 4
    chroma = [np.full((HEIGHT // 2, WIDTH // 2), code * unit, kind).tobytes() for code in (118, 140)]
    raw = b"".join(plane.astype(kind).tobytes() + b"".join(chroma) for plane in source_codes(case))
    span = "pc" if case.full else "tv"
    command = [ffmpeg_program(), "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", form, "-s", f"{WIDTH}x{HEIGHT}"]
    command += ["-i", "-", "-vf", f"setparams=colorspace={case.matrix.value}:range={span}", "-c:v", "ffv1"]
    subprocess.run([*command, "-color_range", span, str(path)], input=raw, check=True)
    return path


def through(case: Case, clip: Clip, folder: Path) -> tuple[FrameSource, Callable[[], None]]:
    """The clip coded and decoded, and what closes it."""
    if case.encoder == "neural":
        from codec.hybrid.settings import HybridSettings
        from codec.stream.encoder import encode_clip
        from codec.stream.source import StreamSource

        file = folder / "take.gop"
        settings = HybridSettings(1.28, device="cpu", reconstruct=False)
        encode_clip(clip, clip.timing, clip.info.sample_aspect, file, settings)
        return StreamSource(file, "cpu"), lambda: None
    codec = RivalCodec(case.encoder)
    preset, quality = _QUICK[codec]
    made = encode(
        clip, clip.timing, RivalSettings(codec, ConstantQuality(quality), preset), folder / f"{case.encoder}.mkv"
    )
    source = RivalSource(made.path, clip.width, clip.height, clip.frame_count, clip.info.colour)
    return source, source.close


def luma(source: FrameSource) -> np.ndarray:
    """All luma codes of a source as one array of floats."""
    return np.stack([picture.y for picture in source.pictures(0, source.frame_count)]).astype(float)


def line_between(truth: np.ndarray, found: np.ndarray) -> tuple[float, float]:
    """Slope of `found` against `truth`, and how far its mean is off."""
    slope = float(np.polyfit(truth.ravel(), found.ravel(), 1)[0])
    return slope, float(found.mean() - truth.mean())


def prove(case: Case, folder: Path) -> list[tuple[str, float, float]]:
    """What was compared, its slope and how far its mean is off: the clip as read against the codes written, the take
    against the clip, and a rival's file opened as any other."""
    found = []
    with open_clip(make_source(folder / "source.mkv", case)) as clip:
        assert clip.info.colour == case.colour, clip.info.colour
        ours = luma(clip)
        largest = 255 / 1023 if case.full else 1 / 4
        truth = source_codes(case) * (1.0 if case.depth == 8 else largest)
        found.append(("clip", *line_between(truth, ours)))
        take, close = through(case, clip, folder)
        try:
            assert take.picture(0).colour == case.colour, take.picture(0).colour
            found.append(("take", *line_between(ours, luma(take))))
        finally:
            close()
    if case.encoder != "neural":
        with open_clip(folder / f"{case.encoder}.mkv") as file:
            assert file.info.colour == case.colour, file.info.colour
            found.append(("file", *line_between(ours, luma(file))))
    return found


def is_off(slope: float, mean: float) -> bool:
    """Whether a line of the table says that a coding was misread."""
    return abs(slope - 1) > SLOPE or abs(mean) > MEAN


def main() -> int:
    """Print the table; 1 when a line is off."""
    failures = 0
    print(f"{'encoder':8} {'matrix':10} {'range':8} {'bits':4} {'what':5} {'slope':>7} {'mean':>7}")
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            for what, slope, mean in prove(case, Path(folder)):
                off = is_off(slope, mean)
                failures += off
                span = "full" if case.full else "limited"
                text = f"{case.encoder:8} {case.matrix.value:10} {span:8} {case.depth:4} {what:5} {slope:7.4f}"
                print(f"{text} {mean:+7.3f}{'  OFF' if off else ''}", flush=True)
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
