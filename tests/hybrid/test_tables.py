"""Which tables a stream gets: those whose tensors have the id it names, whatever a file says of itself."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import save_file

from codec.errors import ModelError
from codec.hybrid import tables
from codec.hybrid.tables import read_model_id
from codec.hybrid.trees import coding
from codec.resources import MORE_WEIGHTS, weights_folder

GOLDEN = Path(__file__).parents[1] / "golden" / "codec_golden.safetensors"
GOLDEN_ID = read_model_id(GOLDEN)
SHIPPED = weights_folder() / "codec_s.safetensors"
STREAM = Path("x.gop")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own tables."""
    found = tmp_path / "weights"
    found.mkdir()
    monkeypatch.setenv(MORE_WEIGHTS, str(found))
    return found


def changed(path: Path, starts: NDArray[np.int32] | None = None, source: Path = GOLDEN, **more: torch.Tensor) -> Path:
    """The tables of `source` with other starts, by default one of them, and more tensors; what its metadata claims
    stays."""
    with safe_open(source, framework="np") as file:
        found, metadata = file.get_tensor("tree_starts"), file.metadata()
    if starts is None:
        starts = found.copy()
        starts[0, 0] += 1
    save_file({"tree_starts": torch.from_numpy(starts), **more}, path, metadata)
    return path


def test_the_id_is_that_of_the_tensors_whatever_the_file_claims(folder: Path) -> None:
    other = changed(folder / "codec_a.safetensors")
    with safe_open(other, framework="np") as file:
        assert file.metadata()["model_id"] == GOLDEN_ID
    own = read_model_id(other)
    assert own not in ("", GOLDEN_ID)
    assert tables.load(other).model_id.hex() == own
    with pytest.raises(ModelError, match=f"needs the weights {GOLDEN_ID}, which are not installed"):
        tables.of_stream(bytes.fromhex(GOLDEN_ID), STREAM)
    (folder / "codec_b.safetensors").write_bytes(GOLDEN.read_bytes())
    assert tables.of_stream(bytes.fromhex(GOLDEN_ID), STREAM).model_id.hex() == GOLDEN_ID


@pytest.mark.parametrize(
    ("starts", "message"),
    [
        (coding.plain_starts() * 0, "impossible probability"),
        (coding.plain_starts() * 0 + 65536, "impossible probability"),
        (coding.plain_starts()[:, :-1], "wrong shape"),
        (coding.plain_starts().astype(np.float32), "wrong shape"),
        (coding.plain_starts().astype(np.float32) * np.nan, "no finite numbers"),
    ],
)
def test_starts_that_are_no_probabilities_are_refused(folder: Path, starts: NDArray[np.int32], message: str) -> None:
    path = changed(folder / "codec_bad.safetensors", np.ascontiguousarray(starts))
    with pytest.raises(ModelError, match=message):
        tables.load(path)
    with pytest.raises(ModelError, match=message):
        tables.named("codec_bad")


def test_what_is_no_table_is_refused(folder: Path) -> None:
    path = folder / "codec_x.safetensors"
    with pytest.raises(ModelError, match="there is no such file"):
        tables.load(path)
    with pytest.raises(ModelError, match="tensors that are not known"):
        tables.load(changed(path, more=torch.zeros(1)))
    save_file({"tree_starts": torch.from_numpy(coding.plain_starts())}, path, {"format": "seamscope-weights-6"})
    with pytest.raises(ModelError, match="these are not Seamscope tables of format"):
        tables.load(path)
    path.write_bytes(bytes(2**20 + 1))
    with pytest.raises(ModelError, match="too large"):
        tables.load(path)


def test_shipped_tables_are_not_shadowed_and_broken_files_block_nothing(folder: Path) -> None:
    shipped_id = read_model_id(SHIPPED)
    changed(folder / "codec_a.safetensors", source=SHIPPED)
    (folder / "codec_t.safetensors").write_bytes(SHIPPED.read_bytes()[:10_000])
    (folder / "codec_z.safetensors").write_bytes(b"\xff" * 64)
    save_file({"point": torch.tensor(1.0)}, folder / "codec_0.safetensors", {"model_id": shipped_id})
    (folder / "codec_same.safetensors").write_bytes(SHIPPED.read_bytes())
    assert tables.available()[shipped_id] == SHIPPED
    assert len(tables.available()) == 2
    assert tables.of_stream(bytes.fromhex(shipped_id), STREAM).model_id.hex() == shipped_id
    assert next(iter(tables.files())) == "codec_s"


def test_tables_of_a_shipped_name_are_found_by_their_id(folder: Path) -> None:
    (folder / "codec_s.safetensors").write_bytes(GOLDEN.read_bytes())
    assert tables.files()["codec_s"] == SHIPPED
    assert tables.of_stream(bytes.fromhex(GOLDEN_ID), STREAM).model_id.hex() == GOLDEN_ID


def test_tables_replaced_while_the_program_runs_are_read_again(folder: Path) -> None:
    path = folder / "codec_a.safetensors"
    path.write_bytes(GOLDEN.read_bytes())
    assert tables.named("codec_a").model_id.hex() == GOLDEN_ID
    written = path.stat().st_mtime_ns
    changed(path)
    # File systems' clocks are coarse: nobody replaces a file within a tick of it.
    os.utime(path, ns=(written + 10**7, written + 10**7))
    assert tables.named("codec_a").model_id.hex() == read_model_id(path) != GOLDEN_ID
