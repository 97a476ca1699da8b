"""Raw video: a file of nothing but samples, whose name says what they are, as in `name_1920x1080_50fps_420_10bit.yuv`.

Size, frames a second ("50fps", or the number after the size), chroma ("420"), bits ("10bit"), or ffmpeg's name of the
pixel format instead of these two ("p010", "uyvy422"; of byte orders the little one is meant where none is named). Only
the size must be there: it cannot be guessed without showing nonsense. A word that is like a format's name and is none
is refused for the same reason.
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
from av.video.format import names  # pyright: ignore[reportAttributeAccessIssue]  # PyAV's stub leaves it out.

from codec.errors import MediaError

SUFFIX = ".yuv"
_SIZE = re.compile(r"(?<!\d)([1-9]\d{0,4})x([1-9]\d{0,4})(?!\d)")
_RATE = re.compile(r"(?<![\d.])(\d{1,3}(?:\.\d{1,3})?)(?:fps|hz)", re.IGNORECASE)
# A number of its own; 420, 422 and 444 are chroma.
_RATE_AFTER_SIZE = re.compile(r"_(?!4(?:20|22|44)(?!\d))(\d{2,3}(?:\.\d{1,3})?)(?![\d.]*[a-z\d])", re.IGNORECASE)
_CHROMA = re.compile(r"(?<!\d)(420|422|444)(?!\d)")
_DEPTH = re.compile(r"(?<!\d)(10|12|14|16)[-_ ]?b(?:it)?(?![a-z])", re.IGNORECASE)
# What other programs call formats that ffmpeg knows by another name.
_ALIASES = {"i420": "yuv420p", "iyuv": "yuv420p", "yuy2": "yuyv422", "uyvy": "uyvy422", "yuyv": "yuyv422"}
_LIKE_A_FORMAT = re.compile(
    r"(?<![a-z\d])(yuv[aj]?\d{3}[a-z\d]*|nv\d\d[a-z\d]*|[py][024]1\d[a-z\d]*|gr[ae]y\d+[a-z\d]*|"
    r"(?:rgba?|bgra?|argb|abgr|gbra?p)\d*[a-z\d]{0,2}|yv12|yv16|yv24|i4\d\d[a-z\d]*|v210|v308|v408|v410|r210|"
    r"x2[a-z]{3}\d+[a-z]*|xv\d\d[a-z]*|xyz\d+[a-z]*|bayer_[a-z\d]+)(?![a-z\d])"
)
_ASSUMED_RATE = Fraction(25)
_PALETTE_BYTES = 1024


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
    named = _RATE.search(stem) or _RATE_AFTER_SIZE.match(stem, size.end())
    rate = _exact(named[1]) if named else Fraction(0)
    found = RawLayout(width, height, rate or _ASSUMED_RATE, rate > 0, _pixels(path))
    frame_bytes = _frame_bytes(found)
    if path.is_file() and path.stat().st_size % frame_bytes:
        raise MediaError(
            f"{path}: {path.stat().st_size} bytes are no whole number of {width}x{height} frames of "
            f"{found.pixel_format}; name the file after what it holds."
        )
    return found


def _pixels(path: Path) -> str:
    """ffmpeg's name of the pixel format. Raises MediaError."""
    stem = path.stem.lower()
    chroma, depth = _CHROMA.search(stem), _DEPTH.search(stem)
    named = _names().search(stem)
    if named is not None:
        name = _spellings()[named[1]]
        deeper = f"{name}{depth[1]}le" if depth else ""
        return deeper if deeper in names else name
    like = next((word for word in _LIKE_A_FORMAT.findall(stem) if not _is_chroma_alone(word)), None)
    if like is not None:
        raise MediaError(
            f"{path}: {like} in its name is no pixel format that ffmpeg knows; write one of its names, as in "
            "name_1920x1080_yuv420p10le.yuv."
        )
    return f"yuv{chroma[1] if chroma else '420'}p{f'{depth[1]}le' if depth else ''}"


def _is_chroma_alone(word: str) -> bool:
    return word in ("yuv420", "yuv422", "yuv444")


@cache
def _spellings() -> dict[str, str]:
    """ffmpeg's name by every way to write it. Formats of graphics memory have no samples in a file."""
    found = {name: name for name in names if av.VideoFormat(name, 16, 16).components}
    for name in tuple(found):
        if name.endswith("le"):
            found.setdefault(name.removesuffix("le"), name)
        if name.startswith("gray"):
            # Luma alone, as the reference softwares of HEVC and VVC name it.
            depth = name.removeprefix("gray")
            found[f"yuv400p{depth}"] = name
            found.setdefault(f"yuv400p{depth.removesuffix('le')}", name)
    return {**found, "yuv400": "gray", **_ALIASES}


@cache
def _names() -> re.Pattern[str]:
    longest_first = sorted(_spellings(), key=len, reverse=True)
    return re.compile(rf"(?<![a-z\d])({'|'.join(map(re.escape, longest_first))})(?![a-z\d])")


def _frame_bytes(layout: RawLayout) -> int:
    """Bytes of a frame as ffmpeg's demuxer of raw video counts them."""
    form = av.VideoFormat(layout.pixel_format, layout.width, layout.height)
    if form.has_palette:
        return layout.width * layout.height + _PALETTE_BYTES
    if not form.is_planar:
        # Packed formats that share chroma hold whole groups of samples.
        wide = -(-layout.width // 4) * 4 if "411" in form.name else layout.width + layout.width % 2 * _is_paired(form)
        return -(-wide * form.padded_bits_per_pixel // 8) * layout.height
    return sum(part.width * part.height * -(-part.bits // 8) for part in form.components)


def _is_paired(form: av.VideoFormat) -> bool:
    return form.chroma_width(2) == 1


def _exact(text: str) -> Fraction:
    """29.97 is 30000/1001."""
    rate = Fraction(text)
    film = Fraction(round(rate * 1001 / 1000) * 1000, 1001)
    near = abs(film - rate) < Fraction(1, 100) and rate.denominator > 1
    return film if near else rate
