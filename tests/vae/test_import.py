"""`seamscope weights import`: published checkpoints to weights, whole or not at all."""

import argparse
import pickle
import subprocess
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from codec.context import QUIET
from codec.errors import ModelError, OutputError
from codec.training.vae.importing import import_checkpoint
from codec.vae.published import read_published, widened
from codec.vae.weights import load_weights
from tests.vae.test_published import GOLDEN, TOLERANCE, far, golden

DENSE, LEAN = GOLDEN / "cvvae_tiny_state.safetensors", GOLDEN / "leanvae_tiny_state.safetensors"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's weights."""
    made = tmp_path / "weights"
    made.mkdir()
    monkeypatch.setenv("SEAMSCOPE_WEIGHTS", str(made))
    return made


def seamscope(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", "-m", "app", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_an_imported_net_codes_a_clip_by_command(folder: Path, small_clip: Path, tmp_path: Path) -> None:
    done = seamscope("weights", "import", DENSE, "--out", folder / "vae_dense.safetensors")
    assert done.returncode == 0, done.stderr
    assert "(dense)" in done.stdout and "not trained yet" in done.stdout
    stream, shown = tmp_path / "a.gop", tmp_path / "a.mkv"
    asked = ("--codec", "vae", "--weights", "vae_dense", "--lambda", "0.4", "--out-point", "12", "--device", "cpu")
    made = seamscope("encode", small_clip, "-o", stream, *asked)
    assert made.returncode == 0, made.stderr
    again = seamscope("decode", stream, "-o", shown, "--device", "cpu")
    assert again.returncode == 0, again.stderr
    assert shown.stat().st_size > 1000


def test_imported_backbones_are_the_published_nets(folder: Path) -> None:
    import_checkpoint(DENSE, folder / "vae_dense.safetensors", QUIET)
    import_checkpoint(LEAN, folder / "vae_lean.safetensors", QUIET)
    made = [load_weights(folder / f"vae_{name}.safetensors") for name in ("dense", "lean")]
    dense, lean = (codec.backbone for codec in made)
    tensors = golden("cvvae_tiny_io")
    mean = tensors["moments"].chunk(2, dim=1)[0].transpose(1, 2)
    assert far(dense.encode(tensors["video"].transpose(1, 2)), mean) <= TOLERANCE
    assert far(dense.decode(mean, 9), tensors["decoded"].transpose(1, 2)) <= TOLERANCE
    tensors = golden("leanvae_tiny_io")
    latent = tensors["latent"].transpose(1, 2)
    assert far(lean.encode(tensors["video"].transpose(1, 2)), latent) <= TOLERANCE
    assert far(lean.decode(latent, 9), tensors["decoded"].transpose(1, 2)) <= TOLERANCE
    # Around them, a GoP is coded alone as in a batch, of any size.
    pictures = torch.cat([tensors["video"].transpose(1, 2), -tensors["video"].transpose(1, 2)])[:, :6, :, :41, :50]
    for codec in made:
        together, alone = codec.encode(pictures, 128), [codec.encode(own[None], 128)[0] for own in pictures]
        assert together == alone
        decoded = codec.decode(together)
        assert decoded.shape == pictures.shape
        assert far(decoded, torch.cat([codec.decode([own]) for own in alone])) <= TOLERANCE


def test_a_checkpoint_of_pytorch_is_read_without_running_it(tmp_path: Path) -> None:
    path = tmp_path / "lean.ckpt"
    torch.save({"args": argparse.Namespace(latent_dim=6), "state_dict": OrderedDict(load_file(LEAN))}, path)
    found, plain = read_published(path), read_published(LEAN)
    assert found.sizes == plain.sizes
    assert all(torch.equal(value, plain.tensors[key]) for key, value in found.tensors.items())
    torch.save({f"module.{key}": value for key, value in load_file(DENSE).items()}, path)
    assert read_published(path).sizes == read_published(DENSE).sizes


class Hostile:
    """Unpickled by a careless reader, it makes a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def _edited(path: Path, source: Path, edit) -> Path:
    tensors = load_file(source)
    edit(tensors)
    save_file(tensors, path)
    return path


def test_what_is_missing_too_much_or_of_another_shape_is_said_and_nothing_written(folder: Path, tmp_path: Path) -> None:
    cases = [
        (DENSE, lambda t: t.pop("decoder.mid.attn_1.q_t.bias"), r"1 tensor is missing \(decoder.mid.attn_1.q_t.bias\)"),
        (DENSE, lambda t: t.pop("encoder.conv_in.weight"), "encoder.conv_in.weight is missing"),
        (LEAN, lambda t: t.update(extra=torch.zeros(1)), r"1 tensor is too much \(extra\)"),
        (
            LEAN,
            lambda t: t.update({"std_layer.bias": torch.zeros(7)}),
            r"1 tensor is of another shape \(std_layer.bias is 7 in place of 6\)",
        ),
        (LEAN, lambda t: t.update({"std_layer.bias": torch.full((6,), torch.nan)}), "no finite numbers"),
        (LEAN, lambda t: t.update({"std_layer.bias": torch.zeros(6, dtype=torch.int32)}), "no floating-point"),
        (LEAN, lambda t: t.pop("latent_bottleneck.phi"), "of no net that is known here"),
        (LEAN, lambda t: t.update({"latent_bottleneck.phi": torch.zeros(0, 64)}), "channels must lie between"),
    ]
    for source, edit, reason in cases:
        path = _edited(tmp_path / "edited.safetensors", source, edit)
        with pytest.raises(ModelError, match=reason) as told:
            import_checkpoint(path, folder / "vae_x.safetensors", QUIET)
        assert str(told.value).count("\n") == 0
    assert list(folder.iterdir()) == []


def test_other_files_are_refused(folder: Path, tmp_path: Path) -> None:
    path, mark = tmp_path / "x.ckpt", tmp_path / "mark"
    shipped = Path(__file__).parents[2] / "resources" / "weights"

    def refused(reason: str, source: Path = path) -> None:
        with pytest.raises(ModelError, match=reason):
            import_checkpoint(source, folder / "vae_x.safetensors", QUIET)

    refused("no such file")
    refused("TAEF2, which ships already", shipped / "taef2_fp16.safetensors")
    refused("no net that is known", shipped / "dists.safetensors")
    refused("no regular file", tmp_path)
    path.write_bytes(b"nothing")
    refused("cannot be imported")
    path.write_bytes(pickle.dumps({"state_dict": {}}))
    refused("older than 1.6")
    torch.save({"state_dict": Hostile(mark)}, path)
    refused("other things than tensors")
    assert not mark.exists()
    torch.save([1, 2], path)
    refused("no table of tensors")
    # A value claimed to stand everywhere, and a file that is packed.
    torch.save({"encoder.conv_in.weight": torch.zeros(1).expand(2**34)}, path)
    refused("more values than it holds")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", bytes(2**20))
    refused("compressed")
    path.write_bytes(DENSE.read_bytes()[:-100])
    refused("cannot be imported")
    assert list(folder.iterdir()) == []


def test_outputs_are_named_so_that_they_are_found_and_overwrite_no_input(folder: Path, tmp_path: Path) -> None:
    source = folder / "vae_mine.safetensors"
    source.write_bytes(LEAN.read_bytes())
    with pytest.raises(OutputError, match="is being read"):
        import_checkpoint(source, source, QUIET)
    with pytest.raises(OutputError, match="call them vae_NAME"):
        import_checkpoint(source, folder / "lean.safetensors", QUIET)
    # The name it would have by itself is taken.
    other = tmp_path / "mine.safetensors"
    other.write_bytes(LEAN.read_bytes())
    with pytest.raises(OutputError, match="already"):
        import_checkpoint(other, None, QUIET)
    assert source.read_bytes() == LEAN.read_bytes()


def test_a_dense_net_is_widened_without_a_change_of_what_it_shows() -> None:
    from codec.vae.backbones.known import make_backbone

    plain = read_published(DENSE)
    wide = widened(plain, 128)
    nets = []
    for found in (plain, wide):
        net = make_backbone(found.sizes).eval().requires_grad_(False)
        net.load_state_dict({key: value.float() for key, value in found.tensors.items()})
        nets.append(net)
    pictures = golden("cvvae_tiny_io")["video"].transpose(1, 2)[:, :5, :, :32, :32]
    first, second = (net.encode(pictures) for net in nets)
    assert second.shape[2] == 128 and far(second[:, :, :4], first) <= 1e-3
    assert second[:, :, 4:].std() > 0.1 * first.std()
    assert far(nets[1].decode(second, 5), nets[0].decode(first, 5)) <= 1e-2
    with pytest.raises(ModelError, match="cannot be changed"):
        widened(read_published(LEAN), 32)
    with pytest.raises(ModelError, match="not narrowed to 2"):
        widened(plain, 2)
    with pytest.raises(ModelError, match="must lie between 1 and 512"):
        widened(plain, 10**9)


def test_weights_with_hostile_metadata_take_no_memory(folder: Path) -> None:
    path = folder / "vae_lean.safetensors"
    import_checkpoint(LEAN, path, QUIET)
    with safe_open(path, framework="pt") as file:
        metadata = dict(file.metadata())
    tensors = load_file(path)
    assert metadata["backbone"] == "lean"
    for change, reason in (
        ({"backbone": "huge"}, "no backbone 'huge'"),
        ({"backbone": "dense"}, "has no size 'low'"),
        ({"sizes": '{"low": 1000000000000}'}, "low width must lie between"),
        # As large as sizes can be, several gigabytes: the tensors say otherwise.
        ({"sizes": '{"low": 2048, "high": 2048, "joint_layers": 16}'}, "of another shape"),
        ({"sizes": "nothing"}, "cannot be used"),
    ):
        save_file(tensors, path, metadata | change)
        with pytest.raises(ModelError, match=reason):
            load_weights(path)
