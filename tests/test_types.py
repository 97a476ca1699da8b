"""What the type checker cannot see for itself: whether signatures of compiled loops are true, and why it is told to
look away."""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
from numba.core import types
from numba.core.dispatcher import Dispatcher
from numba.np.numpy_support import as_dtype

from codec.arrays import Float, Int
from codec.sources import PACKAGE, containing
from codec.stream.warm import warm_up

ROOT = PACKAGE.parent
CHECKED = ("app", "codec", "resources", "tests/proofs")
TOLD_WHY = re.compile(r"# pyright: ignore\[\w+(, \w+)*\](?P<why>  # \w.+)?$")


def compiled_loops() -> Iterator[tuple[str, ast.FunctionDef]]:
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.FunctionDef) and any("compiled(" in ast.unparse(d) for d in node.decorator_list):
                yield f"{file.relative_to(ROOT)}: {node.name}", node


def test_every_compiled_loop_says_what_it_takes_and_gives() -> None:
    loops = dict(compiled_loops())
    assert len(loops) > 50
    silent = [
        name
        for name, loop in loops.items()
        if loop.returns is None or any(argument.annotation is None for argument in loop.args.args)
    ]
    assert silent == []


def is_meant(hint: Any, found: types.Type) -> bool:
    """Whether a loop compiled for `found` was compiled for what its signature says."""
    if isinstance(found, types.Omitted):
        return True
    if isinstance(found, types.NamedTuple):
        return hint is found.instance_class
    if isinstance(found, types.BaseTuple):
        parts = get_args(hint)
        return get_origin(hint) is tuple and len(parts) == len(found) and all(map(is_meant, parts, found))
    if isinstance(found, types.Array):
        if get_origin(hint) is not np.ndarray:
            return False
        shape, kind = get_args(hint)
        return len(get_args(shape)) == found.ndim and np.dtype(get_args(kind)[0]) == as_dtype(found.dtype)
    if isinstance(found, types.Boolean):
        return hint in (Int, bool, bool | np.bool_)
    if isinstance(found, types.Integer):
        return hint in (Int, Float)
    return hint is type(None) if found == types.none else isinstance(found, types.Float) and hint == Float


def test_compiled_loops_are_given_what_their_signatures_say() -> None:
    warm_up("cpu")
    seen = 0
    for name in containing("@compiled("):
        for loop in vars(importlib.import_module(name)).values():
            if not isinstance(loop, Dispatcher) or loop.py_func.__module__ != name:
                continue
            hints = get_type_hints(loop.py_func)
            given = [hints[parameter] for parameter in inspect.signature(loop.py_func).parameters]
            for made in loop.overloads.values():
                signature = made.signature
                for hint, found in zip(
                    (*given, hints["return"]), (*signature.args, signature.return_type), strict=True
                ):
                    assert is_meant(hint, found), f"{name}.{loop.py_func.__name__}: {hint} is {found}"
                seen += 1
    assert seen >= 10


def test_the_type_checker_is_told_to_look_away_by_rule_and_reason_only() -> None:
    bare = []
    for file in (file for folder in CHECKED for file in sorted((ROOT / folder).rglob("*.py"))):
        lines = file.read_text(encoding="utf-8").split("\n")
        for number, line in enumerate(lines):
            if "type: ignore" not in line and "pyright:" not in line:
                continue
            told = TOLD_WHY.search(line)
            above = lines[number - 1].lstrip().startswith("#")
            if told is None or not (told["why"] or above):
                bare.append(f"{file.relative_to(ROOT)}:{number + 1}")
    assert bare == []
