import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from app.state.settings import DEFAULT_CACHE_BYTES, CodecChoice, Settings, load_settings, save_settings, settings_file


def test_what_is_saved_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "a" / "settings.json"
    choices = {"hybrid": CodecChoice(0.15, (("key_interval", 3),)), "gone": CodecChoice(7.0, (("a", True), ("b", "x")))}
    kept = Settings(("/x.mp4",), 5_000_000, "cpu", "gone", choices)
    save_settings(path, kept)
    assert load_settings(path) == kept
    assert [p.name for p in path.parent.iterdir()] == ["settings.json"]


def test_a_missing_file_gives_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "none.json") == Settings()


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[1]", '"x"', '{"cache_bytes": "much"}', '{"cache_bytes": 1e999}', '{"choices": {"x": {}}}',
        '{"choices": [1]}', "\x00",
    ],
)  # fmt: skip
def test_a_damaged_file_gives_defaults_and_is_kept_aside(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text)
    assert load_settings(path) == Settings()
    assert path.with_suffix(".damaged").read_text() == text


@pytest.mark.parametrize(
    ("stored", "lmbda", "device"),
    [
        ({"lmbda": 1e9}, 1.28, "auto"),
        ({"lmbda": -1}, 0.00125, "auto"),
        ({"lmbda": float("nan")}, 0.32, "auto"),
        ({"device": "toaster", "from_the_future": 1}, 0.32, "auto"),
        ({"device": "cpu"}, 0.32, "cpu"),
        ({"theme": 5, "window": [], "codec": {}, "precision": None, "device": "cpu"}, 0.32, "cpu"),
    ],
)
def test_values_out_of_range_do_no_harm(tmp_path: Path, stored: dict[str, object], lmbda: float, device: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(stored))
    loaded = load_settings(path)
    assert (loaded.choice("hybrid").lmbda, loaded.device) == (lmbda, device)


@pytest.mark.parametrize(("stored", "key_interval"), [(0, 8), (10**9, 8), ("x", 8), (2.5, 8), (5, 5)])
def test_a_key_interval_that_does_not_fit_is_the_usual_one(tmp_path: Path, stored: object, key_interval: int) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"lmbda": 0.2, "key_interval": stored}))
    assert load_settings(path).choice("hybrid") == CodecChoice(0.2, (("key_interval", key_interval),))


def test_each_codec_is_remembered_by_itself_and_one_never_used_begins_as_it_says(tmp_path: Path) -> None:
    settings = Settings().with_choice("hybrid", CodecChoice(0.5, (("key_interval", 2),)))
    settings = settings.with_choice("vae", CodecChoice(1e9))
    assert settings.codec == "vae" and settings.choice("hybrid").lmbda == 0.5
    assert settings.choice().lmbda == 3.2 and settings.choice().options == (("autoencoder", "auto"),)
    assert Settings().choice("vae").lmbda == 0.2


def test_a_folder_in_the_way_is_no_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    save_settings(blocked / "settings.json", Settings())
    assert stat.S_ISREG(blocked.stat().st_mode)


def test_recent_clips_are_newest_first_without_repeats() -> None:
    settings = Settings()
    for name in ("/a", "/b", "/a", *(f"/{i}" for i in range(12))):
        settings = settings.with_recent(Path(name))
    assert settings.recent == tuple(f"/{i}" for i in range(11, 1, -1))
    assert settings.with_recent(Path("/5")).recent[:2] == ("/5", "/11")


def test_the_cache_limit_is_stated() -> None:
    assert 0 < Settings().cache_limit_bytes <= DEFAULT_CACHE_BYTES
    assert replace(Settings(), cache_bytes=7).cache_limit_bytes == 7


def test_the_file_lies_in_the_users_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert settings_file() == tmp_path / "seamscope" / "settings.json"
