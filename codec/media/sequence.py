"""Numbered images as a clip: a folder of pictures, or a pattern such as `name_%04d.png`."""

import itertools
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from codec.errors import MediaError
from codec.media import place
from codec.media.colour import from_rgb
from codec.media.picture import Colour, Picture
from codec.media.probe import Assumed, ClipInfo, Coded
from codec.media.timing import counted_timing

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm"}
# What these names may hold. Pillow knows many more by their content, and for some starts other programs.
_FORMATS = ("PNG", "JPEG", "BMP", "DIB", "TIFF", "WEBP", "PPM", "GIF")
SEQUENCE_RATE = Fraction(25)
_PATTERN = re.compile(r"%(0\d+)?d")
_COLOUR = Colour()


def is_sequence(path: Path) -> bool:
    """True for a folder, a pattern, and for a single image."""
    try:
        if path.is_dir() or path.suffix.lower() in SUFFIXES:
            return True
        return _PATTERN.search(path.name) is not None and not path.exists()
    except OSError:
        # Such as a name that is too long: whoever opens it says so.
        return False


def list_images(path: Path) -> list[Path]:
    """The images of a folder in natural order, or those that fit a pattern, by number. Raises MediaError."""
    if path.is_dir():
        try:
            # Names that begin with a dot are hidden: macOS puts "._name.png" beside "name.png" on foreign disks.
            files = [f for f in path.iterdir() if f.suffix.lower() in SUFFIXES and not f.name.startswith(".")]
        except OSError as error:
            raise MediaError(f"{path}: the folder cannot be read ({error.strerror or error}).") from error
        found = sorted(files, key=_natural)
        if not found:
            raise MediaError(f"{path}: the folder holds no images.")
        return found
    name = _numbered(path)
    if name is None or path.exists() or not path.parent.is_dir():
        return [place.regular_file(path)]
    numbered = sorted((int(m.group(1)), f) for f in path.parent.iterdir() if (m := name.fullmatch(f.name)))
    if not numbered:
        raise MediaError(f"{path}: no file fits the pattern.")
    for (a, _), (b, _) in itertools.pairwise(numbered):
        if b != a + 1:
            raise MediaError(f"{path}: the sequence has a gap, number {a + 1} is missing.")
    return [f for _, f in numbered]


def holds(path: Path, name: str) -> bool:
    """True when a file `name` in the folder of a sequence (a folder or a pattern) is, or would be, a picture of it."""
    if path.is_dir():
        return Path(name).suffix.lower() in SUFFIXES
    pattern = _numbered(path)
    return pattern is not None and pattern.fullmatch(name) is not None


def _numbered(path: Path) -> re.Pattern[str] | None:
    """What the names of a pattern's files look like, their number in a group; None when the path is no pattern."""
    match = _PATTERN.search(path.name)
    if match is None:
        return None
    head, tail = re.escape(path.name[: match.start()]), re.escape(path.name[match.end() :])
    digits = r"\d+" if match.group(1) is None else rf"\d{{{int(match.group(1))},}}"
    return re.compile(f"{head}({digits}){tail}")


def _natural(path: Path) -> list[tuple[int, int | str]]:
    return [(0, int(part)) if part.isdigit() else (1, part) for part in re.split(r"(\d+)", path.name) if part]


def _bits_of(image: Image.Image) -> int:
    """Bits a sample, as far as Pillow keeps them."""
    return 16 if image.mode.startswith("I;16") or image.mode in ("I", "F") else 8


def _eight_bits(image: Image.Image) -> np.ndarray:
    """(H, W, 3) uint8. Pillow itself cuts deeper grays off at 255. Raises ValueError where the scale is unknown."""
    if _bits_of(image) == 8:
        return np.asarray(image.convert("RGB"))
    samples = np.asarray(image).astype(np.float64)
    lowest, highest = samples.min(), samples.max()
    # Integers are of 16 bits, floats from 0 to 1.
    scale = 1.0 if image.mode == "F" else 65535.0
    if not 0 <= lowest <= highest <= scale:
        raise ValueError(f"samples from {lowest} to {highest}")
    gray = np.rint(samples * (255 / scale)).astype(np.uint8)
    return np.repeat(gray[..., None], 3, axis=2)


class SequenceReader:
    """Frames of an image sequence by number. Images are converted to 4:2:0 like any other source."""

    def __init__(self, path: Path, coded: Coded | None = None) -> None:
        """Raises MediaError when there is no image, or the first cannot be read."""
        self._files = list_images(path)
        known = coded or Coded()
        self._colour = known.surely or known.otherwise or _COLOUR
        self._size: tuple[int, int] | None = None
        self._bits = 8
        first = self._load(0)
        height, width = first.shape[:2]
        self._size = width, height
        deeper = (f"{self._bits}-bit source, shown and coded in 8 bits.",) if self._bits > 8 else ()
        self.info = ClipInfo(
            path=path,
            container="image sequence",
            codec=self._files[0].suffix.lstrip(".").lower(),
            pixel_format="rgb24",
            bit_depth=self._bits,
            width=width,
            height=height,
            sample_aspect=Fraction(1),
            rotation=0,
            colour=self._colour,
            timing=counted_timing(len(self._files), SEQUENCE_RATE),
            total_frames=len(self._files),
            size_bytes=sum(file.stat().st_size for file in self._files),
            keyframes=tuple(range(len(self._files))),
            assumed=Assumed.CODING,
            notes=(
                f"RGB source, shown through 4:2:0 with the {self._colour.matrix.title} matrix.",
                f"An image sequence has no frame rate; {SEQUENCE_RATE} frames a second are assumed.",
                *deeper,
            ),
        )

    def _load(self, index: int) -> np.ndarray:
        file = self._files[index]
        place.regular_file(file)
        try:
            with Image.open(file, formats=_FORMATS) as image:
                self._bits = max(self._bits, _bits_of(image))
                # Cameras store pictures as their sensor stood, and say in EXIF how to hold them.
                rgb = _eight_bits(ImageOps.exif_transpose(image))
        except FileNotFoundError as error:
            raise MediaError(f"{file}: there is no such file.") from error
        except (OSError, UnidentifiedImageError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise MediaError(f"{file}: the image cannot be read, or it is damaged.") from error
        if self._size is not None and rgb.shape[1::-1] != self._size:
            raise MediaError(
                f"{file}: the image is {rgb.shape[1]}x{rgb.shape[0]}, the sequence began with "
                f"{self._size[0]}x{self._size[1]}."
            )
        return rgb

    def read(self, index: int) -> Picture:
        """Frame `index`. Raises MediaError."""
        return from_rgb(self._load(index), self._colour)

    def frame_bytes(self) -> tuple[int, ...]:
        """Of every file."""
        return tuple(file.stat().st_size for file in self._files)

    def frame_type(self, index: int) -> str:
        """Images have none."""
        del index
        return ""

    def close(self) -> None:
        """Nothing is kept open."""
