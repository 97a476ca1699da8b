from pathlib import Path

import pytest
import torch

from codec.bench.versions import describe, source_digest
from codec.errors import ModelError, RivalError
from codec.model import store


def test_keys_name_the_model_the_numbers_and_the_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    found = describe("", "cpu", "full")
    model = store.named_model("", torch.device("cpu"))
    assert found["neural"]["model"] == model.model_id.hex()
    assert found["neural"]["numbers"] == "float32"
    assert found["neural"]["torch"] == str(torch.__version__)
    assert found["rival"]["ffmpeg"].startswith("ffmpeg version")
    assert {"opencv", "metric weights", "source"} <= set(found["measure"])
    # A rival's file does not depend on the networks.
    assert not {"torch", "model", "device"} & set(found["rival"])
    with pytest.raises(ModelError, match="no weights 'absent'"):
        describe("absent", "cpu", "full")
    monkeypatch.setenv("SEAMSCOPE_FFMPEG", "/nowhere/ffmpeg")
    with pytest.raises(RivalError, match="no ffmpeg program"):
        describe("", "cpu", "full")


def test_a_changed_source_changes_the_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codec.bench.versions._ROOT", tmp_path)
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "a.py").write_text("1")
    (tmp_path / "one.py").write_text("1")
    first = source_digest(("room", "one.py"))
    assert source_digest(("room", "one.py")) == first
    seen = {first}
    for change in ("2", "1 "):
        (tmp_path / "room" / "a.py").write_text(change)
        seen.add(source_digest(("room", "one.py")))
    (tmp_path / "room" / "b.py").write_text("")
    seen.add(source_digest(("room", "one.py")))
    assert len(seen) == 4
