"""What the processes of a benchmark do, one task each: plain values in, plain values out."""

import contextlib
import itertools
import shlex
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from codec.bench.cache import Json
from codec.bench.measure import MeasureSettings, measure_takes
from codec.bench.memory import ChildPeak, own_peak_bytes
from codec.bench.spool import SpooledFrames, colour_from, reopened, spooled
from codec.choosing import Choice
from codec.context import WorkContext
from codec.media.clip import Clip, open_clip
from codec.media.picture import Picture

_WARM_FRAMES = 9


def run_task(name: str, task: Json, context: WorkContext) -> Json:
    """Do a task by its name. Raises what the engine raises; KeyError for a task there is not."""
    tasks: dict[str, Callable[[Json, WorkContext], Json]] = {
        "describe": _describe,
        "encode-own": _encode_own,
        "encode-rival": _encode_rival,
        "decode": _decode,
        "measure": _measure,
    }
    return tasks[name](task, context)


def _describe(task: Json, context: WorkContext) -> Json:
    from codec.bench.versions import describe

    context.report(0.0, "versions")
    return describe(task["codecs"], task["weights"], task["device"], task["precision"])


def _clip(task: Json, frames: int | None = None) -> Clip:
    clip = open_clip(Path(task["clip"]))
    wanted = min(clip.frame_count, frames or task["frames"] or clip.frame_count)
    if wanted == clip.frame_count:
        return clip
    clip.close()
    return open_clip(Path(task["clip"]), stop=wanted)


def _encode_own(task: Json, context: WorkContext) -> Json:
    """Codec, its options, λ, weights, device, threads -> the stream. Timed with the model loaded and compiled, as in a
    batch of clips."""
    from codec.stream.encoder import encode_clip

    output = Path(task["output"])
    settings = Choice(task["codec"], tuple(task["options"].items())).settings(
        task["lmbda"],
        device=task["device"],
        reconstruct=False,
        threads=task["threads"],
        weights=task["weights"],
        precision=task["precision"],
    )
    with _clip(task, _WARM_FRAMES) as start, tempfile.TemporaryDirectory(dir=output.parent) as folder:
        encode_clip(start, start.timing, start.info.sample_aspect, Path(folder) / "warm.gop", settings)
    with _clip(task) as clip:
        began = time.perf_counter()
        info = encode_clip(clip, clip.timing, clip.info.sample_aspect, output, settings, context)
        seconds = time.perf_counter() - began
    return {
        "size_bytes": info.size_bytes,
        "bpp": info.bpp,
        "kbps": info.kbps,
        "encode_fps": info.frame_count / seconds,
        "encode_memory_bytes": own_peak_bytes(),
        "model": info.model_id,
    }


def _encode_rival(task: Json, context: WorkContext) -> Json:
    """Codec, quality, preset, threads -> a file. The time is that of ffmpeg's run, the memory the ffmpeg program's."""
    from codec.rivals import ConstantQuality, RivalCodec, RivalSettings, encode

    codec = RivalCodec(task["codec"])
    settings = RivalSettings(codec, ConstantQuality(task["quality"]), task["preset"], task["threads"] or 2)
    with _clip(task) as clip, ChildPeak() as peak:
        made = encode(clip, clip.timing, settings, Path(task["output"]), context)
    return {
        "size_bytes": made.video_bytes,
        "bpp": made.bpp,
        "kbps": made.kbps,
        "encode_fps": made.frame_count / made.encode_s,
        "encode_memory_bytes": peak.peak_bytes,
        "command": shlex.join(made.command[1:-1]),
    }


def _decode(task: Json, context: WorkContext) -> Json:
    """Decode a take into `output`, timed, in a process without anything that only the metrics need."""
    decoded = _decoded(task, Path(task["output"]), context)
    decoded.close(remove=False)
    return {
        "decode_fps": decoded.frame_count / decoded.seconds,
        "decode_memory_bytes": own_peak_bytes(),
        "pictures": decoded.place,
    }


def _measure(task: Json, context: WorkContext) -> Json:
    """Score decoded takes against their clip; their files are removed."""
    trunk = Path(task["vgg_trunk"]) if task["vgg_trunk"] else None
    settings = MeasureSettings(tuple(task["metrics"]), task["device"], trunk, task["vgg_every"])
    with contextlib.ExitStack() as held:
        takes = [reopened(place) for place in task["takes"]]
        for take in takes:
            held.callback(take.close)
        with _clip(task) as clip:
            pictures = clip.pictures(0, clip.frame_count)
            reference = spooled(pictures, clip.frame_count, Path(task["work"]) / "clip", context)
        held.callback(reference.close)
        return {"scores": measure_takes(reference, takes, settings, context)}


def _decoded(task: Json, file: Path, context: WorkContext) -> SpooledFrames:
    take = Path(task["take"])
    if task["own"]:
        from codec.container.stream import read_info
        from codec.pipeline.join import frames
        from codec.stream.decoder import decode_stream

        info = read_info(take)
        options = {"threads": task["threads"], "precision": task["precision"], "decoder": task["decoder"]}
        for _ in itertools.islice(decode_stream(take, task["device"], **options), 1):
            pass
        stream = decode_stream(take, task["device"], **options)
        return spooled(frames(stream, info.structure), info.frame_count, file, context)
    from codec.rivals import RivalSource

    def pictures() -> Iterator[Picture]:
        # Opened here, within the time: opening decodes the first frames already.
        source = RivalSource(take, task["width"], task["height"], task["frame_count"], colour_from(task))
        try:
            yield from source.pictures(0, source.frame_count)
        finally:
            source.close()

    return spooled(pictures(), task["frame_count"], file, context)
