"""What a result depends on besides its settings: versions of programs and libraries, the program's own source, models.

A source digest stands for the program's version, so that a changed program never takes an older one's results.
"""

import hashlib
import platform
import subprocess
from pathlib import Path

import codec
from codec.bench.cache import Json
from codec.errors import ModelError
from codec.ffmpeg import ffmpeg_program
from codec.resources import weights_folder
from codec.sources import PACKAGE, digest, sources

_TASKS = ("bench/tasks.py", "bench/worker.py")
"""What runs every task. They import all there is, each task its own part: that is named below."""
_SHARED = ("codec.media.clip", "codec.bench.spool", "codec.bench.memory")
ENTRIES = {
    "neural": ("codec.stream.encoder", "codec.stream.decoder", "codec.pipeline.join", "codec.hybrid.settings"),
    "rival": ("codec.rivals",),
    "measure": ("codec.bench.measure",),
}
"""By kind of result the modules that its task calls; whatever these import counts too."""


def source_digest(kind: str) -> str:
    """A digest over every file of the engine that a kind of result ("neural", "rival", "measure") depends on."""
    return digest(sources_of(kind))


def sources_of(kind: str) -> tuple[Path, ...]:
    """Those files."""
    return tuple(sorted({*sources((*ENTRIES[kind], *_SHARED)), *(PACKAGE / name for name in _TASKS)}))


def describe(weights: str, device: str, precision: str) -> Json:
    """Everything of this installation that enters a key, by the kind of result: "neural", "rival", "measure", with
    "machine" for the reader. Loads torch. Raises ModelError and RivalError for what is missing.

    The processor is part of every key: speeds belong to it, and on another one a picture's last bit may differ.
    """
    import av
    import cv2
    import numba
    import numpy
    import torch

    from codec.hybrid.model import store
    from codec.hybrid.model.weights import read_model_id
    from codec.nn.device import network_type, pick

    chosen = pick(device)
    files = store.files()
    name = weights or store.DEFAULT_WEIGHTS
    if name not in files:
        raise ModelError(f"There are no weights {name!r}; there are {', '.join(files) or 'none'}.")
    processor = _processor()
    numbers = str(network_type(chosen, precision)).removeprefix("torch.")
    media = {"processor": processor, "numpy": numpy.__version__, "av": av.__version__}
    networks = {**media, "torch": torch.__version__, "numba": numba.__version__}
    ffmpeg = _ffmpeg_version()
    own = codec.__version__
    neural = {"seamscope": own, "source": source_digest("neural"), "device": str(chosen), **networks}
    neural["numbers"] = numbers
    return {
        "neural": {**neural, "model": read_model_id(files[name]), "weights": name},
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
        "machine": {"processor": processor, "device": f"{chosen}, {numbers}", "ffmpeg": ffmpeg.splitlines()[0]},
    }


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
