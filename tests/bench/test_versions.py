import subprocess
import sys
from pathlib import Path

import pytest
import torch

from codec.bench import versions
from codec.bench.versions import ENTRIES, describe, sources_of
from codec.errors import ModelError, RivalError
from codec.hybrid import tables
from codec.sources import PACKAGE
from tests.conftest import make_clip


def test_keys_name_the_model_the_numbers_and_the_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    found = describe(["hybrid"], "", "cpu", "full")
    assert found["hybrid"]["model"] == tables.named("").model_id.hex()
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


WORK = {
    "hybrid": """
from codec import registry
from codec.container.stream import read_info
from codec.pipeline.join import frames
from codec.stream import decode_stream, encode_clip
settings = registry.named("hybrid").settings(0.3, device="cpu")
with open_clip(path) as clip:
    encode_clip(clip, clip.timing, clip.info.sample_aspect, folder / "take.gop", settings)
took = decode_stream(folder / "take.gop", "cpu")
spooled(frames(took, read_info(folder / "take.gop").structure), clip.frame_count, folder / "pictures").close()
""",
    "rival": """
from codec.rivals import ConstantQuality, RivalCodec, RivalSettings, RivalSource, encode
with open_clip(path) as clip:
    settings = RivalSettings(RivalCodec.HEVC, ConstantQuality(30), "ultrafast")
    made = encode(clip, clip.timing, settings, folder / "take.mkv")
    source = RivalSource(made.path, clip.width, clip.height, clip.frame_count, clip.info.colour)
    spooled(source.pictures(0, clip.frame_count), clip.frame_count, folder / "pictures").close()
    source.close()
""",
    "measure": """
from codec.bench.measure import MeasureSettings, measure_takes
from codec.metrics.kinds import METRICS
with open_clip(path) as clip:
    measure_takes(clip, [clip], MeasureSettings(tuple(METRICS), "cpu", folder / "vgg.safetensors", 10))
""",
}
"""What comes of a clip, by kind of result. Every function that is called is noted with its file, and so is every module
that is first imported there."""
NOTED = """
import sys, threading
from pathlib import Path
path, folder = Path(sys.argv[1]), Path(sys.argv[2])
files = set()
def note(frame, event, _):
    if event == "call":
        files.add(frame.f_code.co_filename)
threading.setprofile(note)
sys.setprofile(note)
from codec.bench.spool import spooled
from codec.media import open_clip
{work}
sys.setprofile(None)
print(*files, sep="\\n")
"""


def used(kind: str, clip: Path, folder: Path) -> set[Path]:
    """The engine's files that a kind of result was made with."""
    command = [sys.executable, "-W", "ignore", "-c", NOTED.format(work=WORK[kind]), str(clip), str(folder)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = {Path(line) for line in told.splitlines()}
    # The registry loads how another codec describes itself; nothing is made with that.
    return {file for file in found if file.is_relative_to(PACKAGE) and not file.is_relative_to(PACKAGE / "vae")}


@pytest.mark.parametrize("kind", WORK)
def test_every_module_that_a_result_is_made_with_is_in_its_digest(
    kind: str, clips: Path, trunk_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # MS-SSIM is of pictures of 161 pixels a side.
    size = "176x164" if kind == "measure" else "64x64"
    clip = make_clip(clips / f"{kind}.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p", size=size, frames=10)
    (tmp_path / "vgg.safetensors").symlink_to(trunk_file)
    found = used(kind, clip, tmp_path)
    assert len(found) > 10
    assert found <= set(sources_of(kind)), sorted(found - set(sources_of(kind)))
    if kind in ENTRIES:
        monkeypatch.setitem(ENTRIES, kind, ())
    else:
        monkeypatch.setattr(versions, "OWN", ())
    assert found - set(sources_of(kind)), "nothing would be missed"


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
