"""What the contexts of quadtrees start from: measured once, shipped as a file of integers, named by every stream.

One safetensors file holds them (KINDS, CONTEXTS), its metadata the format and how they were made. The model id in a
stream is a hash of the tensors. The metadata's copy of it is for a reader's eyes: what counts is computed.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import save_file

from codec.errors import ModelError
from codec.hybrid.trees import coding
from codec.nn.tensors import hash_tensors, read_tensors
from codec.nn.tensors import read_model_id as model_id_of
from codec.output import WholeFile
from codec.resources import all_weights_files, weights_files

FORMAT = "seamscope-tables-1"
DEFAULT = "codec_s"
_PREFIX = "codec_"
_STARTS = "tree_starts"
_MOST_BYTES = 2**20
"""Of a file."""


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """`starts` (KINDS, CONTEXTS) int32: probabilities of a one in 1/65536."""

    starts: NDArray[np.int32]
    model_id: bytes


def save(path: Path, starts: NDArray[np.int32], notes: dict[str, str] | None = None) -> str:
    """Write tables, whole or not at all; returns their model id. Raises ValueError for what are no probabilities."""
    coding.check(starts)
    tensors = {_STARTS: torch.from_numpy(starts)}
    model_id = hash_tensors(tensors).hex()
    with WholeFile(path, ()) as part:
        save_file(tensors, part, {"format": FORMAT, **(notes or {}), "model_id": model_id})
    return model_id


def load(path: Path) -> Tables:
    """Read tables. Raises ModelError for anything else, naming the file and the cause."""
    try:
        tensors, metadata = read_tensors(path, _MOST_BYTES)
    except (OSError, SafetensorError, ValueError, RuntimeError) as error:
        raise ModelError(f"{path}: the codec's tables cannot be read ({error}).") from error
    if metadata.get("format") != FORMAT:
        raise ModelError(f"{path}: these are not Seamscope tables of format {FORMAT}.")
    try:
        starts = tensors[_STARTS].numpy()
        if len(tensors) > 1:
            raise ValueError("tensors that are not known")
        coding.check(starts)
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path}: the tables do not fit this version of Seamscope ({error}).") from error
    return Tables(starts, hash_tensors(tensors))


def read_model_id(path: Path) -> str:
    """The model id (hex) of a file's tables; "" when it cannot be read as such."""
    return model_id_of(path, FORMAT, _MOST_BYTES)


def files() -> dict[str, Path]:
    """Name -> file; of two of one name the shipped one."""
    return weights_files(_PREFIX, DEFAULT)


def available() -> dict[str, Path]:
    """Model id (hex) -> file that has it, computed from its tensors; of two with one id the shipped one."""
    found: dict[str, Path] = {}
    for path in all_weights_files(_PREFIX):
        found.setdefault(read_model_id(path), path)
    found.pop("", None)
    return found


def named(name: str) -> Tables:
    """Those that new streams are made with; "" are the default ones. Loaded once a process. Raises ModelError naming
    what there is."""
    found = files()
    path = found.get(name or DEFAULT)
    if path is None:
        raise ModelError(f"There are no weights {name!r}; there are {', '.join(found) or 'none'}.")
    return _loaded(path)


def of_stream(model_id: bytes, stream: Path) -> Tables:
    """Those that a stream names. Raises ModelError saying which are missing."""
    path = available().get(model_id.hex())
    if path is None:
        known = ", ".join(available()) or "none"
        raise ModelError(
            f"{stream}: the stream needs the weights {model_id.hex()}, which are not installed (installed: {known})."
        )
    tables = _loaded(path)
    if tables.model_id != model_id:
        raise ModelError(f"{path}: the weights were changed while they were in use.")
    return tables


def _loaded(path: Path) -> Tables:
    """Raises ModelError."""
    try:
        modified = path.stat().st_mtime_ns
    except OSError as error:
        raise ModelError(f"{path}: the codec's tables cannot be read ({error.strerror or error}).") from error
    return _load(path, modified)


@lru_cache(maxsize=3)
def _load(path: Path, _modified: int) -> Tables:
    return load(path)
