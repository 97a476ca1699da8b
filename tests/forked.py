"""Worker processes of a window under test, forked from one process that has libraries, modules and machine code loaded.

A worker begins with an empty interpreter and spends seconds of processor time on importing PyTorch and on loading what
was compiled: for hundreds of windows that is most of the time that all tests take. What the workers do is the same;
no weights are read and nothing is computed before they are begun. Tests of the processes themselves are marked
`spawns` and have what users have.
"""

import multiprocessing
import os
from collections.abc import Callable, Mapping
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any

LOADED = ("torch", "numba", "scipy.special", "av", "cv2", "PIL.Image", "safetensors.torch", "tests.loaded")
_as_ever = multiprocessing.get_context


class _Forked(ForkServerProcess):
    """Has the environment of whoever starts it, as a spawned process does."""

    def __init__(self, *, target: Callable[..., object], args: tuple[Any, ...] = (), **more: Any) -> None:
        super().__init__(target=_in_environment, args=(dict(os.environ), target, args), **more)


class _Context(ForkServerContext):
    Process = _Forked


def _in_environment(environment: Mapping[str, str], target: Callable[..., object], args: tuple[Any, ...]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    target(*args)


def get_context(method: str | None = None) -> Any:
    """Takes the place of `multiprocessing.get_context`."""
    if method != "spawn":
        return _as_ever(method)
    multiprocessing.set_forkserver_preload(list(LOADED))
    return _Context()
