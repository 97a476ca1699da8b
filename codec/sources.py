"""Which source files a result depends on: a module's own, and all of the package that it imports, however deep.

Read from the files' text, so that nothing is imported: a digest over them stands for the program's version where a
result is kept. Imports inside functions count; imports by a computed name are not seen, and there are none.
"""

import ast
import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

PACKAGE = Path(__file__).parent
"""The engine's own folder."""


def sources(entries: Iterable[str], package: Path = PACKAGE) -> tuple[Path, ...]:
    """The files of modules (by their full names, such as "codec.gop") and of everything of `package` that they import,
    with the `__init__.py` on the way, in order of their paths. Raises KeyError for a module there is not."""
    known = _modules(package)
    waiting = list(entries)
    for name in waiting:
        known[name]
    found: dict[str, Path] = {}
    while waiting:
        name = waiting.pop()
        if name in found or name not in known:
            continue
        found[name] = known[name]
        waiting += _imported(known[name], package.name)
        waiting.append(name.rpartition(".")[0])
    return tuple(sorted(found.values()))


def digest(files: Iterable[Path], package: Path = PACKAGE) -> str:
    """32 hexadecimal digits of SHA-256 over the files' content and their names within `package`."""
    made = hashlib.sha256()
    for file in files:
        data = file.read_bytes()
        made.update(f"{file.relative_to(package).as_posix()}\0{len(data)}\0".encode())
        made.update(data)
    return made.hexdigest()[:32]


def containing(text: str, package: Path = PACKAGE) -> list[str]:
    """Names of the modules whose source has `text` in it."""
    wanted = text.encode()
    return [name for name, file in _modules(package).items() if wanted in file.read_bytes()]


@lru_cache(maxsize=4)
def _modules(package: Path) -> dict[str, Path]:
    found = {}
    for file in sorted(package.rglob("*.py")):
        parts = file.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


@lru_cache(maxsize=1024)
def _imported(file: Path, package: str) -> tuple[str, ...]:
    """Names that may be modules of the package: `from a import b` may mean the module a.b or something in a."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative imports are not followed"
            base = node.module or ""
            found.add(base)
            found.update(f"{base}.{alias.name}" for alias in node.names)
    return tuple(sorted(name for name in found if name.partition(".")[0] == package))
