"""What a result depends on besides its settings: versions of programs and libraries, the program's own source, models.

A source digest stands for the program's version, so that a changed program never takes an older one's results.
"""

import hashlib
import inspect
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path

from codec import __version__, registry
from codec.api import Codec
from codec.bench.cache import Json
from codec.ffmpeg import ffmpeg_program
from codec.resources import full_decoder_of, weights_folder
from codec.sources import PACKAGE, digest, sources

_TASKS = ("bench/tasks.py", "bench/worker.py")
"""What runs every task. They import all there is, each task its own part: that is named below."""
_SHARED = ("codec.media.clip", "codec.bench.spool", "codec.bench.memory")
OWN = ("codec.stream.encoder", "codec.stream.decoder", "codec.pipeline.join", "codec.choosing")
"""What coding with any of our codecs calls; the codec's own modules count beside them."""
ENTRIES = {
    "rival": ("codec.rivals",),
    "measure": ("codec.bench.measure",),
}
"""By kind of result the modules that its task calls; whatever these import counts too."""


def source_digest(kind: str) -> str:
    """A digest over every file of the engine that a kind of result (a codec's id, "rival", "measure") depends on, and
    over the module of a codec that another package brings."""
    own = registry.codecs().get(kind)
    module = "" if own is None else type(own).__module__
    if own is None or module.partition(".")[0] == PACKAGE.name:
        return digest(sources_of(kind))
    file = inspect.getsourcefile(type(own))
    foreign = hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else module
    return f"{digest(sources_of(kind))} {foreign[:32]}"


def sources_of(kind: str) -> tuple[Path, ...]:
    """Those files of the engine: of our codecs only the one meant, its package whole."""
    codecs = registry.codecs()
    found = set(sources((*(OWN if kind in codecs else ENTRIES[kind]), *_SHARED)))
    rooms = {name: _room(codec) for name, codec in codecs.items()}
    for name, room in rooms.items():
        if room is not None and (name != kind or kind not in codecs):
            found = {file for file in found if room not in file.parents}
    own = rooms.get(kind)
    if own is not None:
        found |= set(own.rglob("*.py"))
    return tuple(sorted({*found, *(PACKAGE / name for name in _TASKS)}))


def _room(codec: Codec) -> Path | None:
    """The folder of a codec that ships."""
    parts = type(codec).__module__.split(".")
    return PACKAGE.joinpath(*parts[1:-1]) if parts[0] == PACKAGE.name else None


def describe(codecs: Sequence[str], weights: str, device: str, precision: str) -> Json:
    """Everything of this installation that enters a key, by the kind of result: a codec's id, "rival", "measure", with
    "machine" for the reader. Loads torch. Raises ModelError and RivalError for what is missing.

    The processor is part of every key: speeds belong to it, and on another one a picture's last bit may differ.
    """
    import av
    import cv2
    import numba
    import numpy
    import torch

    from codec.nn.device import pick

    chosen = pick(device)
    processor = _processor()
    media = {"processor": processor, "numpy": numpy.__version__, "av": av.__version__}
    networks = {**media, "torch": torch.__version__, "numba": numba.__version__}
    ffmpeg = _ffmpeg_version()
    own = __version__
    described: Json = {}
    numbers = ""
    for name in codecs:
        codec = registry.named(name)
        # Raises for weights that are not there.
        model = codec.model_id(codec.settings(codec.settings.lambda_start, weights=weights, device=device))
        numbers = codec.numbers(device, precision)
        chosen_name = weights or next(iter(codec.weights()), "")
        described[name] = {
            "seamscope": own,
            "source": source_digest(name),
            "device": str(chosen),
            **networks,
            "numbers": numbers,
            "model": model.hex(),
            "weights": chosen_name,
            "decoders": _decoders(codec.weights().get(chosen_name)),
        }
    return {
        **described,
        "rival": {"seamscope": own, "source": source_digest("rival"), "ffmpeg": ffmpeg, **media},
        "measure": {
            "seamscope": own,
            "source": source_digest("measure"),
            "device": str(chosen),
            **networks,
            "ffmpeg": ffmpeg,
            "opencv": cv2.__version__,
            "metric weights": _metric_weights(),
        },
        "machine": {"processor": processor, "device": numbers, "ffmpeg": ffmpeg.splitlines()[0]},
    }


def _decoders(weights: Path | None) -> str:
    """Tells weights from others that read the same streams and show them otherwise; empty where there are none."""
    files = () if weights is None else (weights, full_decoder_of(weights))
    return " ".join(hashlib.sha256(file.read_bytes()).hexdigest()[:32] for file in files if file.exists())


def _metric_weights() -> str:
    digest = hashlib.sha256()
    for file in sorted((*weights_folder().glob("lpips_*.safetensors"), weights_folder() / "dists.safetensors")):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:32]


def _ffmpeg_version() -> str:
    """The version and build line of the ffmpeg program. Raises RivalError when there is none."""
    done = subprocess.run([ffmpeg_program(), "-version"], capture_output=True, text=True, check=False)
    return "\n".join(done.stdout.splitlines()[:2]) or "unknown"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
