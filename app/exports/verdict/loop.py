"""The pictures of a verdict: crops as one short video, and one frame of them without loss."""

import base64
import io
import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from app.exports import labels
from app.exports.verdict.request import VerdictRequest
from app.exports.video import GAP, VideoColumn, VideoRequest, export_video
from app.state.takes import Take
from codec.context import WorkContext
from codec.errors import SeamscopeError, SettingError
from codec.media.colour import to_rgb
from codec.media.picture import Rgb

LIMIT_BYTES = 48 * 2**20
"""A larger video makes a page that browsers are slow to open and nobody can send."""


@dataclass(frozen=True, slots=True)
class Loop:
    """An H.264 video: the crops of all takes one above the other, so that what is shown of them is of one frame."""

    mp4: bytes
    width: int
    height: int
    """Of one crop."""
    pitch: int
    """Rows from a crop to the next."""
    frames: range
    rate: float
    """Frames a second."""

    @property
    def uri(self) -> str:
        """As a page holds it."""
        return data_uri("video/mp4", self.mp4)


def loop_of(context: WorkContext, request: VerdictRequest) -> Loop:
    """Encode it. Raises SettingError when it comes out too large, RivalError, MediaError, Cancelled."""
    clip, box = request.clip, request.box
    columns = tuple(VideoColumn(take, "", "") for take in request.takes)
    wanted = VideoRequest(
        columns, request.frames.start, request.frames.stop, request.mode, clip.timing.frame_rate, labelled=False,
        per_row=1, box=box,
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="seamscope-verdict-") as folder:
        made = export_video(context, wanted, Path(folder) / "loop.mp4")
        size = made.stat().st_size
        if size > LIMIT_BYTES:
            raise SettingError(
                f"The loop of the verdict takes {size / 2**20:.0f} MiB, and {LIMIT_BYTES / 2**20:.0f} MiB are the "
                "most: mark fewer frames with in and out point."
            )
        content = made.read_bytes()
    rate = float(clip.timing.frame_rate)
    return Loop(content, box.width, box.height, box.height + GAP, request.frames, rate)


@dataclass(frozen=True, slots=True)
class Still:
    """One take's crop at a frame."""

    take: Take
    rgb: Rgb
    score: str
    """Its LPIPS at this frame; empty where it is not known."""

    @property
    def png(self) -> bytes:
        """Without loss."""
        stream = io.BytesIO()
        Image.fromarray(self.rgb).save(stream, "PNG")
        return stream.getvalue()

    @property
    def uri(self) -> str:
        """As a page holds it."""
        return data_uri("image/png", self.png)


def still_frame(request: VerdictRequest) -> tuple[int, str]:
    """The frame of the loop at which the chosen take is worst by LPIPS, and why it is that one; else the middle."""
    middle = request.frames[len(request.frames) // 2]
    if len(request.takes) < 2:
        return middle, "the middle of the loop"
    chosen = request.takes[1]
    series = next((entry for entry in request.data.series if entry.take == chosen.id), None)
    values = None if series is None else series.values.get("lpips")
    measured = np.array([]) if values is None else values[request.frames.start : request.frames.stop]
    if not np.isfinite(measured).any():
        return middle, "the middle of the loop"
    return request.frames.start + int(np.nanargmax(measured)), f"highest LPIPS of {chosen.name} in the loop"


def stills_of(request: VerdictRequest, frame: int) -> tuple[Still, ...]:
    """The crops of all takes at a frame; a take without that frame says so in its picture."""
    return tuple(_still(take, request, frame) for take in request.takes)


def _still(take: Take, request: VerdictRequest, frame: int) -> Still:
    box = request.box
    try:
        rgb = np.ascontiguousarray(box.of(to_rgb(take.picture(frame, request.mode))))
    except SeamscopeError:
        rgb = labels.notice("no such frame", box.width, box.height)
    series = next((entry for entry in request.data.series if entry.take == take.id), None)
    values = None if series is None else series.values.get("lpips")
    known = values is not None and frame < len(values) and math.isfinite(values[frame])
    return Still(take, rgb, f"LPIPS {values[frame]:.4f} at this frame" if known and values is not None else "")


def data_uri(kind: str, content: bytes) -> str:
    """Bytes as an address that holds them."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
