"""Finding weights: the ones that ship, those a user put beside them, and the ones a stream asks for."""

from functools import lru_cache
from pathlib import Path

import torch

from codec.errors import ModelError
from codec.nn.device import network_type
from codec.nn.tensors import read_model_id as model_id_of
from codec.resources import full_decoder_of, weights_files
from codec.vae.model import VaeCodec
from codec.vae.weights import FAST_DECODER, FORMAT, MAX_BYTES, former_ids, load_weights

DEFAULT_WEIGHTS = "vae_spatial"


def files() -> dict[str, Path]:
    """Name -> file `vae_*.safetensors`, the default ones first; of two of one name the shipped one."""
    return weights_files("vae_", DEFAULT_WEIGHTS)


def read_model_id(path: Path) -> str:
    """The model id (hex) of those of a weights file's tensors that streams depend on, which a fast decoder's are not;
    "" when it cannot be read as such."""
    return model_id_of(path, FORMAT, MAX_BYTES, without=FAST_DECODER)


def _path(name: str) -> Path:
    found = files()
    path = found.get(name or DEFAULT_WEIGHTS)
    if path is None:
        raise ModelError(f"There are no weights {name or DEFAULT_WEIGHTS!r}; there are {', '.join(found) or 'none'}.")
    return path


def id_of(name: str) -> bytes:
    """The model id of weights by their name, "" for the default ones. Raises ModelError naming what there is."""
    path = _path(name)
    found = read_model_id(path)
    if not found:
        raise ModelError(f"{path}: these are no weights of the vae codec.")
    return bytes.fromhex(found)


def model_for(model_id: bytes, device: torch.device, precision: str = "auto", stream: Path | None = None) -> VaeCodec:
    """The model with an id, on `device`, its networks in the number type that `codec.nn.device.network_type` gives;
    loaded once a process. Raises ModelError saying which weights are missing."""
    asked, installed = model_id.hex(), list(files().values())
    known = {read_model_id(path): path for path in installed}
    # Of two with one id, which differ in what shows their streams, the one that somebody added to those that ship.
    path = known.get(asked) or next((p for p in installed if asked in _former_ids(p)), None)
    if path is None:
        asks = "The encode" if stream is None else f"{stream}: the stream"
        have = ", ".join(filter(None, known)) or "none"
        raise ModelError(f"{asks} needs the weights {model_id.hex()}, which are not installed (installed: {have}).")
    return _load(path, _stamp(path), device, network_type(device, precision))


def _former_ids(path: Path) -> tuple[str, ...]:
    """Streams of before 2026-12 name all tensors of a file; if the fast decoder is another by now, the file says so."""
    return (model_id_of(path, FORMAT, MAX_BYTES), *former_ids(path))


def model_at(path: Path, device: torch.device, precision: str = "auto") -> VaeCodec:
    """As `model_for`, of a file that need not be installed. Raises ModelError, OSError."""
    return _load(path, _stamp(path), device, network_type(device, precision))


def _stamp(path: Path) -> tuple[int, ...]:
    """Tells weights and their full decoder from what replaces them."""
    full = full_decoder_of(path)
    return path.stat().st_mtime_ns, full.stat().st_mtime_ns if full.exists() else 0


@lru_cache(maxsize=3)
def _load(path: Path, _modified: tuple[int, ...], device: torch.device, number_type: torch.dtype) -> VaeCodec:
    codec = load_weights(path).to(device).work_in(number_type)
    if device.type == "cpu" and codec.spatial is not None:
        codec.backbone.to(memory_format=torch.channels_last)
    return codec
