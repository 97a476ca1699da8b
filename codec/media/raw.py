"""Raw video: a file of nothing but samples, whose name says what they are, as in `name_1920x1080_50fps_420_10bit.yuv`.

Size, frames a second ("50fps", or the number after the size), chroma ("420"), bits ("10bit"), or ffmpeg's name of the
pixel format instead of these two. Only the size must be there: it cannot be guessed without showing nonsense.
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from codec.errors import MediaError

SUFFIX = ".yuv"
_SIZE = re.compile(r"(?<!\d)([1-9]\d{0,4})x([1-9]\d{0,4})(?!\d)")
_RATE = re.compile(r"(?<![\d.])(\d{1,3}(?:\.\d{1,3})?)(?:fps|hz)", re.IGNORECASE)
_RATE_AFTER_SIZE = re.compile(r"\dx\d+_(\d{2,3}(?:\.\d{1,3})?)(?![\d.]*(?:bit|p))", re.IGNORECASE)
_CHROMA = re.compile(r"(?<!\d)(420|422|444)(?!\d)")
_DEPTH = re.compile(r"(?<!\d)(10|12|14|16)[-_ ]?b(?:it)?(?![a-z])", re.IGNORECASE)
_PIXEL_FORMAT = re.compile(r"(?<![a-z\d])(yuvj?4(?:20|22|44)p(?:1[0246]le)?|nv12|p010le)(?![a-z\d])", re.IGNORECASE)
_ASSUMED_RATE = Fraction(25)


@dataclass(frozen=True, slots=True)
class RawLayout:
    """What the name of a raw file says."""

    width: int
    height: int
    rate: Fraction
    rate_known: bool
    pixel_format: str

    @property
    def options(self) -> dict[str, str]:
        """As ffmpeg's demuxer of raw video wants it."""
        size = f"{self.width}x{self.height}"
        return {"video_size": size, "framerate": str(self.rate), "pixel_format": self.pixel_format}

    @property
    def note(self) -> str:
        """What was taken from the name, and what was assumed."""
        rate = f"{float(self.rate):.5g} frames a second"
        told = f"Raw video, by its name {self.width}x{self.height}, {self.pixel_format}"
        return f"{told}, {rate}." if self.rate_known else f"{told}; {rate} are assumed."


def is_raw(path: Path) -> bool:
    """True for a name that raw video has."""
    return path.suffix.lower() == SUFFIX


def layout_of(path: Path) -> RawLayout:
    """Raises MediaError when the name tells no size, or the file does not hold a whole number of such frames."""
    stem = path.stem
    size = _SIZE.search(stem)
    if size is None:
        raise MediaError(f"{path}: raw video needs its size in its name, as in name_1920x1080_50fps.yuv.")
    width, height = int(size[1]), int(size[2])
    named = _RATE.search(stem) or _RATE_AFTER_SIZE.search(stem)
    rate = _exact(named[1]) if named else Fraction(0)
    found = RawLayout(width, height, rate or _ASSUMED_RATE, rate > 0, _pixels(stem))
    components = av.VideoFormat(found.pixel_format, width, height).components
    frame_bytes = sum(part.width * part.height * -(-part.bits // 8) for part in components)
    if path.is_file() and path.stat().st_size % frame_bytes:
        raise MediaError(
            f"{path}: {path.stat().st_size} bytes are no whole number of {width}x{height} frames of "
            f"{found.pixel_format}; name the file after what it holds."
        )
    return found


def _pixels(stem: str) -> str:
    named = _PIXEL_FORMAT.search(stem)
    if named is not None:
        return named[1].lower()
    chroma, depth = _CHROMA.search(stem), _DEPTH.search(stem)
    return f"yuv{chroma[1] if chroma else '420'}p{f'{depth[1]}le' if depth else ''}"


def _exact(text: str) -> Fraction:
    """29.97 is 30000/1001."""
    rate = Fraction(text)
    film = Fraction(round(rate * 1001 / 1000) * 1000, 1001)
    near = abs(film - rate) < Fraction(1, 100) and rate.denominator > 1
    return film if near else rate
