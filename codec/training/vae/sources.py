"""Where training clips come from: folders of videos and photos, and tar archives of them."""

import io
import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from codec.errors import MediaError

VIDEO_SUFFIXES = frozenset({".mp4", ".mkv", ".webm", ".mov", ".avi"})
PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
_HASH_SPAN = 1000
_MAX_STRIDE = 3
_STRIDE_SHARES = (0.6, 0.3, 0.1)
_SMALLEST_SCALE = 0.55
_FRAMES_READ = 120
_RECOLOURED = 0.25
"""Share of clips in colours that cameras seldom meet: what is drawn, lettering and toys are as saturated as that."""
_MOST_SATURATION = 2.5
_MOST_CONTRAST = 1.5
_NEGATIVES = 0.25
_STILL = 0.4
"""Share of clips of photos that do not move at all: without them nothing shows what flicker is."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file. `name` is what its segments share: the file's name up to the last underscore."""

    name: str
    photo: bool
    read: Callable[[], bytes]

    def held_out(self, share: float) -> bool:
        """Whether the file belongs to the `share` of sources that is never trained on: the same on every machine."""
        return zlib.crc32(self.name.encode()) % _HASH_SPAN < share * _HASH_SPAN


def find_sources(places: tuple[Path, ...]) -> list[Source]:
    """All videos and photos in `places`, folders (with what lies below) and tar archives. Raises MediaError when a
    place cannot be read or nothing is found."""
    found: list[Source] = []
    for place in places:
        try:
            found += _of_tar(place) if place.suffix == ".tar" else _of_folder(place)
        except (OSError, tarfile.TarError) as error:
            raise MediaError(f"{place}: cannot be read as a folder of clips or a tar archive ({error}).") from error
    if not found:
        raise MediaError(f"No videos or photos in {', '.join(map(str, places))}.")
    return found


def _of_folder(folder: Path) -> Iterator[Source]:
    if not folder.is_dir():
        raise NotADirectoryError("no such folder")
    for path in sorted(folder.rglob("*")):
        suffix = path.suffix.lower()
        if path.is_file() and suffix in VIDEO_SUFFIXES | PHOTO_SUFFIXES and not path.name.startswith("._"):
            yield Source(path.stem.rpartition("_")[0] or path.stem, suffix in PHOTO_SUFFIXES, path.read_bytes)


def _of_tar(archive: Path) -> list[Source]:
    with tarfile.open(archive) as tar:
        members = [m for m in tar.getmembers() if m.isfile()]
    rows = []
    for member in members:
        path = Path(member.name)
        suffix = path.suffix.lower()
        if suffix in VIDEO_SUFFIXES | PHOTO_SUFFIXES:
            read = partial(_span, archive, member.offset_data, member.size)
            rows.append(Source(path.stem.rpartition("_")[0] or path.stem, suffix in PHOTO_SUFFIXES, read))
    return rows


def _span(file: Path, offset: int, size: int) -> bytes:
    with file.open("rb") as opened:
        opened.seek(offset)
        return opened.read(size)


def cut_clip(source: Source, frames: int, side: int, rng: np.random.Generator) -> Tensor | None:
    """A random (frames, 3, side, side) uint8 RGB clip of the source: scaled by 0.55 to 1, every first to third frame,
    flipped now and then, some in other colours; of a photo, a slow camera move or none. None when the file is
    unreadable or too small."""
    pictures = _photo(source.read()) if source.photo else _video(source.read(), _FRAMES_READ)
    if pictures is None or min(pictures.shape[-2:]) < side:
        return None
    clip = _moved(pictures, frames, side, rng) if source.photo else _window(pictures, frames, side, rng)
    if clip is None:
        return None
    clip = _flipped(clip, rng)
    if rng.random() < _RECOLOURED:
        clip = _recoloured(clip, rng)
    return clip.round().clamp(0, 255).to(torch.uint8)


def _window(pictures: Tensor, frames: int, side: int, rng: np.random.Generator) -> Tensor | None:
    longest = min(_MAX_STRIDE, (len(pictures) - 1) // max(1, frames - 1)) if len(pictures) >= frames else 0
    if longest < 1:
        return None
    shares = np.array(_STRIDE_SHARES[:longest])
    stride = int(rng.choice(longest, p=shares / shares.sum())) + 1
    first = int(rng.integers(len(pictures) - stride * (frames - 1)))
    chosen = pictures[first : first + stride * (frames - 1) + 1 : stride]
    short = min(chosen.shape[-2:])
    taken = int(min(short, side / rng.uniform(_SMALLEST_SCALE, 1.0)))
    top = int(rng.integers(chosen.shape[-2] - taken + 1))
    left = int(rng.integers(chosen.shape[-1] - taken + 1))
    return _scaled(chosen[..., top : top + taken, left : left + taken].float(), side)


def _moved(picture: Tensor, frames: int, side: int, rng: np.random.Generator) -> Tensor:
    height, width = picture.shape[-2:]
    taken = rng.uniform(side, max(side, min(2.0 * side, 0.9 * min(height, width))))
    zoom, speed = np.exp(rng.uniform(-0.02, 0.02)), rng.normal(0.0, 2.0, 2)
    if rng.random() < _STILL:
        zoom, speed = 1.0, np.zeros(2)
    centre = np.array([rng.uniform(taken / 2, width - taken / 2), rng.uniform(taken / 2, height - taken / 2)])
    size = np.array([width, height], dtype=np.float64)
    thetas = []
    for i in range(frames):
        half = taken * zoom**i / 2
        middle = np.clip(centre + speed * i, half, np.maximum(size - half, half))
        scale, shift = 2 * half / size, 2 * middle / size - 1
        thetas.append([[scale[0], 0.0, shift[0]], [0.0, scale[1], shift[1]]])
    grid = F.affine_grid(torch.tensor(thetas, dtype=torch.float32), [frames, 3, side, side], align_corners=False)
    many = picture.float().expand(frames, -1, -1, -1)
    return F.grid_sample(many, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def _scaled(clip: Tensor, side: int) -> Tensor:
    if clip.shape[-1] == side:
        return clip
    return F.interpolate(clip, (side, side), mode="bicubic", antialias=True, align_corners=False)


def _flipped(clip: Tensor, rng: np.random.Generator) -> Tensor:
    dims = [dim for dim in (0, -1) if rng.random() < 0.5]
    return clip.flip(dims) if dims else clip


def _recoloured(clip: Tensor, rng: np.random.Generator) -> Tensor:
    """(T, 3, H, W), 0 to 255, with channels exchanged, more saturated and of more contrast, now and then negative."""
    clip = clip[:, rng.permutation(3).tolist()]
    grey = clip.mean(dim=1, keepdim=True)
    clip = grey + (clip - grey) * rng.uniform(1.0, _MOST_SATURATION)
    clip = clip.mean() + (clip - clip.mean()) * rng.uniform(1.0, _MOST_CONTRAST)
    return 255 - clip if rng.random() < _NEGATIVES else clip


def _photo(data: bytes) -> Tensor | None:
    """(1, 3, H, W) uint8."""
    from PIL import Image

    try:
        picture = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    return torch.from_numpy(picture.copy()).permute(2, 0, 1)[None]


def _video(data: bytes, most: int) -> Tensor | None:
    """(n, 3, H, W) uint8, at most the first `most` frames."""
    import av
    from av.error import FFmpegError

    frames = []
    try:
        with av.open(io.BytesIO(data), "r") as container:
            for frame in container.decode(video=0):
                frames.append(torch.from_numpy(frame.to_ndarray(format="rgb24")))
                if len(frames) == most:
                    break
    except (OSError, FFmpegError, ValueError, IndexError):
        return None
    if not frames or any(f.shape != frames[0].shape for f in frames):
        return None
    return torch.stack(frames).permute(0, 3, 1, 2)
