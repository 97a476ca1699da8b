"""VMAF through ffmpeg's libvmaf (model vmaf_v0.6.1, compiled into the library).

Both clips go down one pipe, the reconstruction above the reference in one tall picture that ffmpeg cuts apart again: no
second pipe, and frames cannot fall out of step.
"""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from codec.context import QUIET, WorkContext
from codec.errors import RivalError, SettingError
from codec.ffmpeg import ffmpeg_program, run_with_pictures
from codec.media.colour import recoded
from codec.media.picture import FrameSource, Picture, Plane

MODEL = "vmaf_v0.6.1"
MIN_SIDE = 32
"""libvmaf's coarsest scale needs this."""


def vmaf(reference: FrameSource, take: FrameSource, context: WorkContext = QUIET, *, threads: int = 1) -> list[float]:
    """VMAF of every frame, 0 to 100, on luma in the reference's coding. A side that is odd is padded by its last row or
    column.

    Raises SettingError when sizes or lengths differ or pictures are under MIN_SIDE, RivalError when ffmpeg has no
    libvmaf or fails, Cancelled.
    """
    return feature_scores(reference, take, "vmaf", context, threads=threads)


def feature_scores(
    reference: FrameSource,
    take: FrameSource,
    name: str,
    context: WorkContext = QUIET,
    *,
    features: str = "",
    threads: int = 1,
) -> list[float]:
    """Any per-frame number of libvmaf's log by `name`; `features` as its option of that name takes them."""
    ours, theirs = (reference.width, reference.height), (take.width, take.height)
    if ours != theirs or reference.frame_count != take.frame_count:
        raise SettingError(
            f"VMAF needs clips of one size and length, not {theirs[0]}x{theirs[1]} of {take.frame_count} frames "
            f"against {ours[0]}x{ours[1]} of {reference.frame_count}."
        )
    if min(ours) < MIN_SIDE:
        raise SettingError(f"VMAF needs pictures of at least {MIN_SIDE} pixels a side, not {ours[0]}x{ours[1]}.")
    with tempfile.TemporaryDirectory(prefix="seamscope-vmaf-") as folder:
        log = Path(folder) / "log.json"
        command = _command(ours[0] + ours[0] % 2, ours[1] + ours[1] % 2, log, features, threads)
        run_with_pictures(command, _stacked(reference, take), reference.frame_count, context, "VMAF")
        try:
            frames = json.loads(log.read_text(encoding="utf-8"))["frames"]
            scores = [float(frame["metrics"][name]) for frame in frames]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RivalError(f"VMAF: ffmpeg's libvmaf left no readable log ({error}).") from error
    if len(scores) != reference.frame_count:
        raise RivalError(f"VMAF: libvmaf scored {len(scores)} frames of {reference.frame_count}.")
    return scores


def _command(width: int, height: int, log: Path, features: str, threads: int) -> tuple[str, ...]:
    extra = f":feature={_escaped(features)}" if features else ""
    graph = (
        f"[0:v]split[a][b];[a]crop={width}:{height}:0:0[take];[b]crop={width}:{height}:0:{height}[reference];"
        f"[take][reference]libvmaf=log_path={_escaped(str(log))}:log_fmt=json:n_threads={threads}"
        f":model={_escaped(f'version={MODEL}')}{extra}"
    )
    return (
        ffmpeg_program(), "-hide_banner", "-nostdin", "-loglevel", "error", "-progress", "pipe:1",
        "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{width}x{2 * height}", "-r", "25", "-i", "pipe:0",
        "-filter_complex", graph, "-f", "null", "-",
    )  # fmt: skip


def _escaped(value: str) -> str:
    """A value as an option of a filter inside a graph: escaped once for the option, once for the graph."""
    for special in ("\\", "'", ":"):
        value = value.replace(special, "\\" + special)
    return "".join("\\" + c if c in "\\'[],;" else c for c in value)


def _stacked(reference: FrameSource, take: FrameSource) -> Iterator[bytes]:
    count = reference.frame_count
    for below, above in zip(reference.pictures(0, count), take.pictures(0, count), strict=True):
        planes = zip(_planes(recoded(above, below.colour)), _planes(below), strict=True)
        yield b"".join(plane.tobytes() for pair in planes for plane in pair)


def _planes(picture: Picture) -> tuple[Plane, Plane, Plane]:
    pad = ((0, picture.height % 2), (0, picture.width % 2))
    return np.pad(picture.y, pad, mode="edge"), picture.u, picture.v
