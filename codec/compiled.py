"""Loops compiled to machine code, kept on disk, run without the interpreter's lock.

What is kept lies in a folder named after a digest of every file that has compiled loops and of all that these import:
constants of other files are compiled in, and numba itself looks at the age of a loop's own file alone.
"""

import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.core import config

from codec.folders import cache_folder
from codec.sources import PACKAGE, containing, digest, sources

_PREFIX = "numba-"
_OLD_S = 7 * 86_400


def _cache_folder() -> Path:
    """Beside the bytecode, or where the environment says, or among the user's caches when neither can be written."""
    name = f"{_PREFIX}{digest(sources(containing('import compiled')))}"
    named = os.environ.get("NUMBA_CACHE_DIR")
    own = PACKAGE / "__pycache__"
    for base in (Path(named) if named else own, cache_folder()):
        with suppress(OSError):
            base.mkdir(parents=True, exist_ok=True)
            if os.access(base, os.W_OK):
                _remove_old(base, name)
                return base / name
    return own / name


def _remove_old(base: Path, name: str) -> None:
    """Folders of other sources that nothing was written into for a week."""
    with suppress(OSError):
        for folder in base.glob(f"{_PREFIX}*"):
            if folder.name != name and time.time() - folder.stat().st_mtime > _OLD_S:
                shutil.rmtree(folder, ignore_errors=True)


_FOLDER = str(_cache_folder())
_Loop = TypeVar("_Loop", bound=Callable[..., Any])
_NJIT: Callable[..., Any] = numba.njit


def compiled(**options: Any) -> Callable[[_Loop], _Loop]:
    """Decorator of functions that work on arrays they are given and make none; `options` as numba's. Signatures are
    annotated with `codec.arrays`.

    Nobody counts, then, who refers to an array (`_nrt`): an atomic counter for every array of every call took two
    thirds of the time that choosing trees of blocks takes.
    """
    # Numba reads its settings anew whenever the environment changes.
    config.__dict__["CACHE_DIR"] = _FOLDER
    return _NJIT(cache=True, nogil=True, boundscheck=False, _nrt=False, **options)
