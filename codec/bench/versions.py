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

_ROOT = Path(codec.__file__).parent
_SHARED = ("context.py", "errors.py", "gop.py", "media")
_RIVAL_SOURCES = (*_SHARED, "ffmpeg.py", "rivals")
_NEURAL_SOURCES = (*_SHARED, "model", "stream")
_MEASURE_SOURCES = (*_SHARED, "ffmpeg.py", "metrics", "bench/measure.py", "bench/spool.py", "bench/tasks.py")


def source_digest(parts: tuple[str, ...]) -> str:
    """SHA-256 over the Python files of some parts of the engine, with their names."""
    digest = hashlib.sha256()
    for part in parts:
        path = _ROOT / part
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(f"{file.relative_to(_ROOT).as_posix()}\0".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:32]


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

    from codec.model import store
    from codec.model.device import network_type, pick
    from codec.model.weights import read_model_id

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
    neural = {"seamscope": own, "source": source_digest(_NEURAL_SOURCES), "device": str(chosen), **networks}
    neural["numbers"] = numbers
    return {
        "neural": {**neural, "model": read_model_id(files[name]), "weights": name},
        "rival": {"seamscope": own, "source": source_digest(_RIVAL_SOURCES), "ffmpeg": ffmpeg, **media},
        "measure": {
            "seamscope": own,
            "source": source_digest(_MEASURE_SOURCES),
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
