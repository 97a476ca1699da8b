"""What worker processes need, imported once before they are forked: modules, and the machine code of compiled loops."""

import importlib

from numba.core.dispatcher import Dispatcher

from codec.sources import containing

MODULES = (
    "app.jobs.alignment",
    "app.jobs.imported",
    "app.jobs.seams",
    "app.jobs.tasks",
    "app.jobs.worker",
    "codec.hybrid.codec",
    "codec.hybrid.decoder",
    "codec.hybrid.encoder",
    "codec.metrics.flow",
    "codec.metrics.frames",
    "codec.metrics.lpips",
    "codec.stream.warm",
)


def _load(loop: Dispatcher) -> None:
    """What was compiled for a loop before, on this machine and of these sources; nothing is compiled here."""
    for signature, *_ in loop._cache._cache_file._load_index():
        loop.compile(signature)


for _name in MODULES:
    importlib.import_module(_name)
for _name in containing("@compiled("):
    for _value in vars(importlib.import_module(_name)).values():
        if isinstance(_value, Dispatcher) and _value.py_func.__module__ == _name:
            _load(_value)
