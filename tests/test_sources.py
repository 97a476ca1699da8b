"""Which files count for a result that is kept, and for loops that are compiled once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from codec.sources import PACKAGE, containing, digest, sources


def package(folder: Path, **files: str) -> Path:
    """A package of one-line modules; two underscores in a name stand for a folder."""
    for name, text in {"__init__": "", "room____init__": "", **files}.items():
        path = folder / "codec" / (name.replace("room__", "room/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "codec"


def test_imports_are_followed_wherever_they_stand(tmp_path: Path) -> None:
    made = package(
        tmp_path,
        a="from codec.room import b\nimport os",
        room__b="def f():\n    from codec.c import NUMBER\n    return NUMBER",
        c="import codec.d",
        d="NUMBER = 1",
        e="import codec.a",
    )
    found = {file.relative_to(made).as_posix() for file in sources(["codec.a"], made)}
    assert found == {"__init__.py", "a.py", "room/__init__.py", "room/b.py", "c.py", "d.py"}
    with pytest.raises(KeyError):
        sources(["codec.absent"], made)


def test_a_changed_file_changes_the_digest(tmp_path: Path) -> None:
    made = package(tmp_path, a="from codec.room.b import N", room__b="N = 1")
    first = digest(sources(["codec.a"], made), made)
    assert digest(sources(["codec.a"], made), made) == first
    (made / "room" / "b.py").write_text("N = 2")
    assert digest(sources(["codec.a"], made), made) != first


def test_a_compiled_loop_follows_a_constant_of_another_file(tmp_path: Path) -> None:
    made = package(
        tmp_path,
        numbers="FACTOR = 2",
        loops="from codec.compiled import compiled\nfrom codec.numbers import FACTOR\n\n\n"
        "@compiled()\ndef scaled(x):\n    return FACTOR * x\n",
        **{name: (PACKAGE / f"{name}.py").read_text() for name in ("compiled", "folders", "sources")},
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    environment.pop("NUMBA_CACHE_DIR", None)
    script = "from codec.loops import scaled; print(scaled(21), sum(scaled.stats.cache_hits.values()))"

    def run() -> str:
        command = [sys.executable, "-B", "-c", script]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        ).stdout.strip()

    assert run() == "42 0"
    assert run() == "42 1"
    (made / "numbers.py").write_text("FACTOR = 3")
    assert run() == "63 0"


def test_every_file_with_compiled_loops_counts_for_what_is_kept_of_them() -> None:
    files = set(sources(containing("import compiled")))
    with_loops = {file for file in PACKAGE.rglob("*.py") if "@compiled(" in file.read_text()}
    assert len(with_loops) > 10
    assert with_loops <= files
