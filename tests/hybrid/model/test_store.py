"""Which weights a stream gets: those whose tensors have the id it names, whatever a file says of itself."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from codec.errors import ModelError
from codec.hybrid.model import store
from codec.hybrid.model.weights import load_weights, read_model_id
from codec.resources import MORE_WEIGHTS, weights_folder

GOLDEN = Path(__file__).parents[2] / "golden" / "codec_golden.safetensors"
GOLDEN_ID = "a4cc51399e665b24"
CPU = torch.device("cpu")
STREAM = Path("x.gop")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own weights."""
    found = tmp_path / "weights"
    found.mkdir()
    monkeypatch.setenv(MORE_WEIGHTS, str(found))
    return found


def changed(path: Path, change: Callable[[Tensor], Tensor], source: Path = GOLDEN) -> Path:
    """The weights of `source` with its first layer changed; what its metadata claims stays."""
    with safe_open(source, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        metadata = file.metadata()
    name = next(name for name in sorted(tensors) if tensors[name].is_floating_point() and tensors[name].dim() > 1)
    tensors[name] = change(tensors[name])
    save_file(tensors, path, metadata)
    return path


def with_value(value: float) -> Callable[[Tensor], Tensor]:
    """Puts one value into a tensor."""

    def change(tensor: Tensor) -> Tensor:
        tensor = tensor.clone()
        tensor.view(-1)[0] = value
        return tensor

    return change


def test_the_id_is_that_of_the_tensors_whatever_the_file_claims(folder: Path) -> None:
    halved = changed(folder / "codec_a.safetensors", lambda tensor: tensor / 2)
    with safe_open(halved, framework="pt") as file:
        assert file.metadata()["model_id"] == GOLDEN_ID
    own = read_model_id(halved)
    assert own not in ("", GOLDEN_ID)
    assert load_weights(halved).model_id.hex() == own
    with pytest.raises(ModelError, match=f"needs the weights {GOLDEN_ID}, which are not installed"):
        store.model_for(bytes.fromhex(GOLDEN_ID), CPU, STREAM)
    (folder / "codec_b.safetensors").write_bytes(GOLDEN.read_bytes())
    assert store.model_for(bytes.fromhex(GOLDEN_ID), CPU, STREAM).model_id.hex() == GOLDEN_ID


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_weights_that_are_no_numbers_are_refused(folder: Path, value: float) -> None:
    path = changed(folder / "codec_bad.safetensors", with_value(value))
    with pytest.raises(ModelError, match="no finite numbers"):
        load_weights(path)
    with pytest.raises(ModelError, match="no finite numbers"):
        store.named_model("codec_bad", CPU)
    assert store.available().keys() == {read_model_id(weights_folder() / "codec_s.safetensors")}


def test_shipped_weights_are_not_shadowed_and_broken_files_block_nothing(folder: Path) -> None:
    shipped = weights_folder() / "codec_s.safetensors"
    shipped_id = read_model_id(shipped)
    changed(folder / "codec_a.safetensors", lambda tensor: tensor / 2, shipped)
    changed(folder / "codec_n.safetensors", with_value(math.nan), shipped)
    (folder / "codec_t.safetensors").write_bytes(shipped.read_bytes()[:100_000])
    (folder / "codec_z.safetensors").write_bytes(b"\xff" * 64)
    save_file({"point": torch.tensor(1.0)}, folder / "codec_0.safetensors", {"model_id": shipped_id})
    (folder / "codec_same.safetensors").write_bytes(shipped.read_bytes())
    assert store.available()[shipped_id] == shipped
    assert len(store.available()) == 2
    assert store.model_for(bytes.fromhex(shipped_id), CPU, STREAM).model_id.hex() == shipped_id


def test_weights_of_a_shipped_name_are_found_by_their_id(folder: Path) -> None:
    (folder / "codec_s.safetensors").write_bytes(GOLDEN.read_bytes())
    assert store.files()["codec_s"] == weights_folder() / "codec_s.safetensors"
    assert store.model_for(bytes.fromhex(GOLDEN_ID), CPU, STREAM).model_id.hex() == GOLDEN_ID


def test_weights_replaced_while_the_program_runs_are_read_again(folder: Path) -> None:
    path = folder / "codec_a.safetensors"
    path.write_bytes(GOLDEN.read_bytes())
    assert store.named_model("codec_a", CPU).model_id.hex() == GOLDEN_ID
    changed(path, lambda tensor: tensor / 2)
    assert store.named_model("codec_a", CPU).model_id.hex() == read_model_id(path) != GOLDEN_ID


def test_a_vgg_trunk_of_no_numbers_is_refused(tmp_path: Path) -> None:
    from codec.metrics.vgg import CHANNELS, GROUPS, VggTrunk

    tensors, width = {}, 3
    for group, channels in zip(GROUPS, CHANNELS, strict=True):
        for layer in group:
            tensors[f"{layer}.weight"] = torch.zeros(channels, width, 3, 3, dtype=torch.float16)
            tensors[f"{layer}.bias"] = torch.zeros(channels, dtype=torch.float16)
            width = channels
    file = tmp_path / "vgg.safetensors"
    save_file(tensors, file)
    VggTrunk(file)
    tensors["0.bias"][3] = math.nan
    save_file(tensors, file)
    with pytest.raises(ModelError, match=r"0\.bias holds values that are no finite numbers"):
        VggTrunk(file)
