"""Tensors from files that anybody may have written."""

import hashlib
from functools import lru_cache
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

MAX_BYTES = 512 * 2**20
ID_BYTES = 8
"""Of a model id."""


def read_tensors(path: Path, most: int = MAX_BYTES) -> tuple[dict[str, Tensor], dict[str, str]]:
    """All tensors of a safetensors file by name, and its metadata. Raises OSError, SafetensorError, and ValueError for
    what is larger than `most` bytes, no regular file, or holds values that are no finite numbers."""
    if not path.is_file():
        # One sentence for what is missing; a pipe would be waited for.
        raise FileNotFoundError("there is no such file") if not path.exists() else ValueError("it is no regular file")
    if path.stat().st_size > most:
        raise ValueError("it is too large to be weights")
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        metadata = file.metadata() or {}
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor.float()).all()):
            raise ValueError(f"{name} holds values that are no finite numbers")
    return tensors, metadata


def hash_tensors(tensors: dict[str, Tensor]) -> bytes:
    """First ID_BYTES of SHA-256 over names, types, shapes and values, in name order."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)};".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b"")
    return digest.digest()[:ID_BYTES]


def read_model_id(path: Path, kind: str, most: int = MAX_BYTES, *, without: str = "") -> str:
    """The model id (hex) of the tensors of a weights file of format `kind` and at most `most` bytes, whatever its
    metadata claims; "" when it cannot be read as such. Tensors whose names begin with `without` do not count.
    Remembered while the file stays as it is."""
    try:
        found = path.stat()
    except OSError:
        return ""
    return _model_id(path, kind, most, without, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=64)
def _model_id(path: Path, kind: str, most: int, without: str, _modified: int, _size: int) -> str:
    try:
        tensors, metadata = read_tensors(path, most)
    except (OSError, SafetensorError, ValueError, RuntimeError):
        return ""
    counted = {name: value for name, value in tensors.items() if not (without and name.startswith(without))}
    return hash_tensors(counted).hex() if metadata.get("format") == kind else ""
