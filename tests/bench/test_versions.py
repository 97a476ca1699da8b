import subprocess
import sys
from pathlib import Path

import pytest
import torch

from codec.bench.versions import ENTRIES, describe, sources_of
from codec.errors import ModelError, RivalError
from codec.hybrid.model import store
from codec.sources import PACKAGE


def test_keys_name_the_model_the_numbers_and_the_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    found = describe(["hybrid"], "", "cpu", "full")
    model = store.named_model("", torch.device("cpu"))
    assert found["hybrid"]["model"] == model.model_id.hex()
    assert found["hybrid"]["numbers"] == "cpu, float32"
    assert found["hybrid"]["torch"] == str(torch.__version__)
    assert found["rival"]["ffmpeg"].startswith("ffmpeg version")
    assert {"opencv", "metric weights", "source"} <= set(found["measure"])
    # A rival's file does not depend on the networks.
    assert not {"torch", "model", "device"} & set(found["rival"])
    with pytest.raises(ModelError, match="no weights 'absent'"):
        describe(["hybrid"], "absent", "cpu", "full")
    monkeypatch.setenv("SEAMSCOPE_FFMPEG", "/nowhere/ffmpeg")
    with pytest.raises(RivalError, match="no ffmpeg program"):
        describe(["hybrid"], "", "cpu", "full")


@pytest.mark.parametrize("kind", ENTRIES)
def test_every_module_that_a_result_loads_is_in_its_digest(kind: str) -> None:
    script = (
        "import sys\n"
        f"for name in {ENTRIES[kind]!r}: __import__(name)\n"
        "print(*(m.__file__ for n, m in sys.modules.items() if n.partition('.')[0] == 'codec'), sep='\\n')"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    loaded = {Path(line) for line in told.splitlines()}
    assert len(loaded) > 10
    assert loaded <= set(sources_of(kind)), sorted(loaded - set(sources_of(kind)))


@pytest.mark.parametrize("codec", ["hybrid", "vae"])
def test_what_a_codec_is_made_of_is_in_its_digest_and_no_other_codec(codec: str) -> None:
    rooms = (codec, "container", "pipeline", "nn")
    apart = {PACKAGE / "pipeline" / "spooled.py"}
    files = {file for room in rooms for file in (PACKAGE / room).rglob("*.py")} - apart
    files |= {PACKAGE / name for name in ("api.py", "registry.py", "stream/encoder.py", "stream/decoder.py")}
    found = set(sources_of(codec))
    assert files <= found, sorted(files - found)
    (other,) = {"hybrid", "vae"} - {codec}
    assert not [file for file in found if PACKAGE / other in file.parents]
    kinds = {kind: set(sources_of(kind)) for kind in ENTRIES}
    assert PACKAGE / "metrics" / "flow.py" in kinds["measure"] - found - kinds["rival"]
    assert PACKAGE / "rivals" / "encode.py" in kinds["rival"] - found - kinds["measure"]
    assert all(PACKAGE / "bench" / "tasks.py" in files for files in (*kinds.values(), found))


def test_no_module_is_imported_by_a_name_that_is_computed() -> None:
    for file in PACKAGE.rglob("*.py"):
        assert "import_module(" not in file.read_text(), file
        assert "__import__(" not in file.read_text(), file
