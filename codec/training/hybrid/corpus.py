"""The training pictures, decoded once: one flat file of uint8 RGB and an index, or device memory.

Videos become segments (n, 3, H, W), photos become one frame each. Sampling cuts clips of T frames out of them with
crops, flips, time reversal, frame strides of 1 to 3 and down-scaling by up to two (which also hides what the source's
own codec left behind); stills get a synthetic pan and zoom.
"""

import io
import json
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from codec.errors import MediaError

MAX_PHOTO_SIDE = 1280
VIDEO_SUFFIXES = {".mp4", ".mkv", ".webm", ".mov", ".avi"}
PHOTO_SUFFIXES = {".jpg", ".jpeg", ".png"}


@dataclass(frozen=True, slots=True)
class Segment:
    """`frames` pictures of one source, at `offset` bytes of the store."""

    source: str
    frames: int
    height: int
    width: int
    offset: int

    @property
    def size(self) -> int:
        return self.frames * 3 * self.height * self.width


def build_store(archives: list[Path], store: Path, limit: int | None = None) -> None:
    """Decode every video and photo of the tar `archives` into `store`/pictures.u8 and `store`/index.json.

    A source is named by the part of the file name before the last underscore, so that all segments of one video are
    held out together. `limit` stops after so many files (for a quick proof). Raises MediaError for an unreadable
    archive; a single file that cannot be decoded is left out.
    """
    store.mkdir(parents=True, exist_ok=True)
    index: list[dict[str, int | str]] = []
    offset = 0
    with (store / "pictures.u8").open("wb") as out:
        for name, data in _members(archives, limit):
            frames = _decode(name, data)
            if frames is None:
                continue
            count, height, width = frames.shape[0], frames.shape[2], frames.shape[3]
            source = Path(name).stem.rsplit("_", 1)[0]
            index.append({"source": source, "frames": count, "height": height, "width": width, "offset": offset})
            out.write(frames.tobytes())
            offset += frames.size
    (store / "index.json").write_text(json.dumps(index), encoding="utf-8")


def _members(archives: list[Path], limit: int | None) -> Iterator[tuple[str, bytes]]:
    done = 0
    for archive in archives:
        try:
            with tarfile.open(archive) as tar:
                for member in tar:
                    file = tar.extractfile(member)
                    if file is None:
                        continue
                    yield member.name, file.read()
                    done += 1
                    if done == limit:
                        return
        except (OSError, tarfile.TarError) as error:
            raise MediaError(f"{archive}: not a readable tar archive ({error}).") from error


def _decode(name: str, data: bytes) -> np.ndarray | None:
    """(n, 3, H, W) uint8 RGB, or None for a file that is neither video nor photo, too small, or unreadable."""
    suffix = Path(name).suffix.lower()
    if suffix in PHOTO_SUFFIXES:
        return _decode_photo(data)
    if suffix in VIDEO_SUFFIXES:
        return _decode_video(data, suffix)
    return None


def _decode_photo(data: bytes) -> np.ndarray | None:
    from PIL import Image

    try:
        picture = Image.open(io.BytesIO(data)).convert("RGB")
    except (OSError, ValueError):
        return None
    picture.thumbnail((MAX_PHOTO_SIDE, MAX_PHOTO_SIDE), Image.Resampling.LANCZOS)
    array = np.asarray(picture)
    return None if min(array.shape[:2]) < 256 else np.ascontiguousarray(array.transpose(2, 0, 1)[None])


def _decode_video(data: bytes, suffix: str) -> np.ndarray | None:
    import cv2

    with tempfile.NamedTemporaryFile(suffix=suffix) as file:
        file.write(data)
        file.flush()
        capture = cv2.VideoCapture(file.name)
        frames = []
        while True:
            good, frame = capture.read()
            if not good:
                break
            frames.append(frame[..., ::-1].transpose(2, 0, 1))
        capture.release()
    if len(frames) < 9 or min(frames[0].shape[1:]) < 128:
        return None
    return np.ascontiguousarray(np.stack(frames))


class Corpus:
    """Segments of a store, split by source into training and held-out ones."""

    def __init__(self, store: Path, held_out: float, device: torch.device) -> None:
        """On CUDA everything is copied to the device; on the CPU the file is mapped. Raises MediaError without one."""
        try:
            rows = json.loads((store / "index.json").read_text(encoding="utf-8"))
            data = np.memmap(store / "pictures.u8", dtype=np.uint8, mode="c")
        except (OSError, ValueError) as error:
            raise MediaError(f"{store}: no decoded corpus here ({error}); run with --corpus to make it.") from error
        self.segments = [Segment(**row) for row in rows]
        self.device = device
        self._data = torch.from_numpy(data)
        if device.type == "cuda":
            self._data = self._data.to(device)
        sources = sorted({s.source for s in self.segments})
        # Every k-th source by a fixed order: the same split in every stretch of a run.
        stride = max(2, round(1 / held_out)) if held_out > 0 else len(sources) + 1
        out = set(sources[stride // 2 :: stride])
        self.videos = [s for s in self.segments if s.frames > 1 and s.source not in out]
        self.photos = [s for s in self.segments if s.frames == 1 and s.source not in out]
        self.held_out = [s for s in self.segments if s.frames > 1 and s.source in out]

    def pictures(self, segment: Segment) -> Tensor:
        """(n, 3, H, W) uint8 view."""
        flat = self._data[segment.offset : segment.offset + segment.size]
        return flat.view(segment.frames, 3, segment.height, segment.width)

    def batch(self, rng: np.random.Generator, size: int, frames: int, crop: int, photo_share: float) -> Tensor:
        """A training batch (size, frames, 3, crop, crop) in [-1, 1] on the corpus's device.

        Raises MediaError when there is nothing that long and large.
        """
        videos = [s for s in self.videos if s.frames >= frames and min(s.height, s.width) >= crop]
        if not videos and not self.photos:
            raise MediaError(f"the corpus holds no video of {frames} frames and {crop} pixels, and no photo.")
        clips = []
        for _ in range(size):
            if self.photos and (not videos or rng.random() < photo_share):
                clip = self._camera_move(rng, self.photos[rng.integers(len(self.photos))], frames, crop)
            else:
                clip = self._cut(rng, videos[rng.integers(len(videos))], frames, crop)
            clips.append(clip)
        return torch.stack(clips) / 127.5 - 1.0

    def validation(self, count: int, frames: int, crop: int) -> Tensor:
        """Centre crops of up to `count` held-out sources, always the same: (n, frames, 3, crop, crop) in [-1, 1]."""
        by_source = {s.source: s for s in self.held_out if min(s.height, s.width) >= crop and s.frames >= frames}
        clips = []
        for segment in list(by_source.values())[:count]:
            top, left = (segment.height - crop) // 2, (segment.width - crop) // 2
            clips.append(self.pictures(segment)[:frames, :, top : top + crop, left : left + crop].float())
        if not clips:
            raise MediaError(f"the corpus holds no held-out video of {frames} frames and {crop} pixels.")
        return torch.stack(clips) / 127.5 - 1.0

    def _cut(self, rng: np.random.Generator, segment: Segment, frames: int, crop: int) -> Tensor:
        pictures = self.pictures(segment)
        stride = int(rng.integers(1, min(3, (segment.frames - 1) // (frames - 1)) + 1))
        first = int(rng.integers(segment.frames - stride * (frames - 1)))
        # Down-scaling factor, at most what the picture's size allows.
        factor = min(float(2.0 ** rng.uniform(0, 1)), min(segment.height, segment.width) / crop)
        side = max(crop, int(crop * factor))
        top = int(rng.integers(segment.height - side + 1))
        left = int(rng.integers(segment.width - side + 1))
        chosen = pictures[first : first + stride * (frames - 1) + 1 : stride]
        clip = chosen[..., top : top + side, left : left + side].float()
        if side != crop:
            clip = F.interpolate(clip, (crop, crop), mode="bilinear", antialias=True, align_corners=False)
        return _flips(rng, clip)

    def _camera_move(self, rng: np.random.Generator, segment: Segment, frames: int, crop: int) -> Tensor:
        picture = self.pictures(segment).float()
        room = min(segment.height, segment.width)
        side = float(rng.uniform(crop, max(crop, min(2.0 * crop, 0.9 * room))))
        zoom = float(np.exp(rng.uniform(-0.02, 0.02)))
        speed = rng.normal(0.0, 2.0, 2)
        centre = np.array(
            [rng.uniform(side / 2, segment.width - side / 2), rng.uniform(side / 2, segment.height - side / 2)]
        )
        size = np.array([segment.width, segment.height], dtype=np.float64)
        thetas = []
        for i in range(frames):
            half = side * zoom**i / 2
            middle = np.clip(centre + speed * i, half, np.maximum(size - half, half))
            scale = 2 * half / size
            shift = 2 * middle / size - 1
            thetas.append([[scale[0], 0.0, shift[0]], [0.0, scale[1], shift[1]]])
        theta = torch.tensor(thetas, dtype=torch.float32, device=picture.device)
        grid = F.affine_grid(theta, [frames, 3, crop, crop], align_corners=False)
        clip = F.grid_sample(
            picture.expand(frames, -1, -1, -1), grid, mode="bilinear", padding_mode="reflection", align_corners=False
        )
        return _flips(rng, clip)


def _flips(rng: np.random.Generator, clip: Tensor) -> Tensor:
    dims = [dim for dim in (0, -1) if rng.random() < 0.5]
    if rng.random() < 0.1:
        dims.append(-2)
    return clip.flip(dims) if dims else clip
