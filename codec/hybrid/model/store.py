"""Finding weights: the ones that ship, those a user put beside them, and the ones a stream asks for."""

from functools import lru_cache
from pathlib import Path

import torch

from codec.errors import ModelError
from codec.hybrid.model.weights import CodecModel, load_weights, read_model_id
from codec.nn.device import network_type
from codec.resources import all_weights_files, weights_files

DEFAULT_WEIGHTS = "codec_s"


def files() -> dict[str, Path]:
    """Name -> file; of two of one name the shipped one."""
    return weights_files("codec_", DEFAULT_WEIGHTS)


def available() -> dict[str, Path]:
    """Model id (hex) -> file that has it, computed from its tensors; of two with one id the shipped one."""
    found: dict[str, Path] = {}
    for path in all_weights_files("codec_"):
        found.setdefault(read_model_id(path), path)
    found.pop("", None)
    return found


def _loaded(path: Path, device: torch.device, precision: str) -> CodecModel:
    """Raises ModelError."""
    try:
        modified = path.stat().st_mtime_ns
    except OSError as error:
        raise ModelError(f"{path}: the codec's weights cannot be read ({error.strerror or error}).") from error
    return _load(path, modified, device, network_type(device, precision))


@lru_cache(maxsize=3)
def _load(path: Path, _modified: int, device: torch.device, number_type: torch.dtype) -> CodecModel:
    model = load_weights(path).to(device)
    model.use_networks_of(number_type)
    return model


def named_model(name: str, device: torch.device, precision: str = "auto") -> CodecModel:
    """The model new streams are made with, on `device`; "" is the default one; `precision` as in
    `device.network_type`. Loaded once a process. Raises ModelError naming what there is."""
    found = files()
    path = found.get(name or DEFAULT_WEIGHTS)
    if path is None:
        raise ModelError(f"There are no weights {name!r}; there are {', '.join(found) or 'none'}.")
    return _loaded(path, device, precision)


def default_model(device: torch.device) -> CodecModel:
    """`named_model` without a name."""
    return named_model("", device)


def model_for(model_id: bytes, device: torch.device, stream: Path, precision: str = "auto") -> CodecModel:
    """The model a stream names. Raises ModelError saying which weights are missing."""
    path = available().get(model_id.hex())
    if path is None:
        known = ", ".join(available()) or "none"
        raise ModelError(
            f"{stream}: the stream needs the weights {model_id.hex()}, which are not installed (installed: {known})."
        )
    model = _loaded(path, device, precision)
    if model.model_id != model_id:
        raise ModelError(f"{path}: the weights were changed while they were in use.")
    return model
