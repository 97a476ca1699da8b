import subprocess
import sys
from pathlib import Path

import pytest

from codec.bench.cache import BenchCache, file_hash, key_of
from codec.errors import SettingError
from codec.whole import write_whole

WHAT = {"stage": "encode", "clip": "c0ffee", "lambda": 0.02, "program": {"torch": "1"}}


def made(cache: BenchCache, content: bytes = b"coded") -> Path:
    file = cache.workplace() / "take.gop"
    file.write_bytes(content)
    return file


def test_what_was_stored_is_found_by_everything_that_decided_it(tmp_path: Path) -> None:
    with BenchCache(tmp_path / "c") as cache:
        stored = cache.store(WHAT, {"bpp": 0.5}, made(cache))
        assert cache.load({**WHAT, "lambda": 0.03}) is None
        assert cache.load({**WHAT, "program": {"torch": "2"}}) is None
    with BenchCache(tmp_path / "c") as cache:
        found = cache.load(dict(reversed(WHAT.items())))
        assert found == stored
        assert found is not None
        assert found.take is not None
        assert found.take.read_bytes() == b"coded"
        assert found.result == {"bpp": 0.5}


def test_a_take_that_is_not_what_was_stored_does_not_count(tmp_path: Path) -> None:
    with BenchCache(tmp_path / "c") as cache:
        take = cache.store(WHAT, {}, made(cache)).take
        assert take is not None
        for content in (b"", b"code", b"Coded"):
            take.write_bytes(content)
            assert cache.load(WHAT) is None
        take.unlink()
        assert cache.load(WHAT) is None
        assert cache.store(WHAT, {"n": 2}, made(cache)).take == take
        entry = cache.load(WHAT)
        assert entry is not None
        assert entry.result == {"n": 2}


def test_an_entry_cut_short_or_of_another_key_does_not_count(tmp_path: Path) -> None:
    with BenchCache(tmp_path / "c") as cache:
        cache.store(WHAT, {"n": 1})
        file = tmp_path / "c" / "entries" / f"{key_of(WHAT)}.json"
        text = file.read_text()
        for hurt in ("", text[: len(text) // 2], "[]", "{}", text.replace("c0ffee", "c0ffef")):
            file.write_text(hurt)
            assert cache.load(WHAT) is None
        file.write_text(text)
        assert cache.load(WHAT) is not None


def test_one_benchmark_at_a_time_and_left_work_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    with BenchCache(folder) as cache:
        made(cache)
        with pytest.raises(SettingError, match="another benchmark is running here"):
            BenchCache(folder)
    with BenchCache(folder):
        assert list((folder / "work").iterdir()) == []
    script = (
        "import os, sys; from pathlib import Path; from codec.bench.cache import BenchCache\n"
        "cache = BenchCache(Path(sys.argv[1])); os.abort()"
    )
    ended = subprocess.run([sys.executable, "-c", script, str(folder)], capture_output=True, check=False)
    assert ended.returncode != 0
    with BenchCache(folder):
        pass
    (tmp_path / "file").write_text("x")
    with pytest.raises(SettingError, match="cannot be written"):
        BenchCache(tmp_path / "file" / "c")


def test_hashes_tell_contents_and_names_of_sequences(tmp_path: Path) -> None:
    for name, content in (
        ("a/1.png", b"x"),
        ("a/2.png", b"y"),
        ("b/1.png", b"xy"),
        ("c/1.png", b"x"),
        ("c/3.png", b"y"),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    hashes = {file_hash(tmp_path / name) for name in ("a", "b", "c", "a/1.png")}
    assert len(hashes) == 4
    assert file_hash(tmp_path / "a" / "1.png") == file_hash(tmp_path / "c" / "1.png")


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    write_whole(path, "one")
    write_whole(path, "two")
    assert path.read_text() == "two"
    assert list(tmp_path.iterdir()) == [path]
    (tmp_path / "d").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path / "d", "x")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["d", "t.csv"]
