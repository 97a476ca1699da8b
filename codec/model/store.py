"""Finding weights: the ones that ship, and the ones a stream asks for."""

from functools import lru_cache
from pathlib import Path

import torch

from codec.errors import ModelError
from codec.model.weights import CodecModel, load_weights, read_model_id
from codec.resources import weights_folder

DEFAULT_WEIGHTS = "codec_s.safetensors"


def available() -> dict[str, Path]:
    """Model id (hex) -> file, for every codec weights file that ships."""
    return {read_model_id(path): path for path in sorted(weights_folder().glob("codec_*.safetensors"))}


@lru_cache(maxsize=2)
def _load(path: Path, device: str) -> CodecModel:
    return load_weights(path).to(torch.device(device))


def default_model(device: torch.device) -> CodecModel:
    """The model new streams are made with, on `device`; loaded once a process. Raises ModelError."""
    return _load(weights_folder() / DEFAULT_WEIGHTS, str(device))


def model_for(model_id: bytes, device: torch.device, stream: Path) -> CodecModel:
    """The model a stream names. Raises ModelError saying which weights are missing."""
    path = available().get(model_id.hex())
    if path is None:
        known = ", ".join(available()) or "none"
        raise ModelError(
            f"{stream}: the stream needs the weights {model_id.hex()}, which are not installed (installed: {known})."
        )
    return _load(path, str(device))
