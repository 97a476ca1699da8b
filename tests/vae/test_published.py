"""Backbones `dense` and `lean` against tensors that the authors' own programs made."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from codec.vae.backbones.dense import DenseBackbone, DenseSizes
from codec.vae.backbones.lean import LeanBackbone, LeanSizes
from codec.vae.backbones.wavelet import haar_3d, inverse_haar_3d
from codec.vae.temporal import latent_frames

GOLDEN = Path(__file__).parents[1] / "golden" / "backbones"
TOLERANCE = 1e-4
DENSE = DenseSizes(channels=4, width=32, multipliers=(1, 1, 2, 2), blocks=1)
LEAN = LeanSizes(channels=6, low=16, high=48, branch_layers=2, joint_layers=2, steps=2, step_layers=2)


def golden(name: str) -> dict[str, torch.Tensor]:
    return {key: value.float() for key, value in load_file(GOLDEN / f"{name}.safetensors").items()}


@pytest.fixture(scope="module")
def dense() -> DenseBackbone:
    made = DenseBackbone(DENSE)
    made.load_state_dict(golden("cvvae_tiny_state"))
    return made.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def lean() -> LeanBackbone:
    made = LeanBackbone(LEAN)
    made.load_state_dict(golden("leanvae_tiny_state"))
    return made.eval().requires_grad_(False)


def far(made: torch.Tensor, wanted: torch.Tensor) -> float:
    assert made.shape == wanted.shape
    return float((made - wanted).abs().max())


def test_dense_is_the_published_net(dense):
    tensors = golden("cvvae_tiny_io")
    moments = dense.encoder(tensors["video"])
    assert far(moments, tensors["moments"]) <= TOLERANCE
    mean = tensors["moments"].chunk(2, dim=1)[0]
    assert far(dense.decoder(mean), tensors["decoded"]) <= TOLERANCE
    pictures = tensors["video"].transpose(1, 2)
    assert far(dense.encode(pictures), mean.transpose(1, 2)) <= TOLERANCE
    assert far(dense.decode(mean.transpose(1, 2), 9), tensors["decoded"].transpose(1, 2)) <= TOLERANCE


def test_lean_is_the_published_net(lean):
    tensors = {
        key: value.transpose(1, 2) if value.ndim == 5 else value for key, value in golden("leanvae_tiny_io").items()
    }
    assert far(lean.encode(tensors["video"]), tensors["latent"]) <= TOLERANCE
    assert far(lean.decode(tensors["latent"], 9), tensors["decoded"]) <= TOLERANCE
    assert far(lean.encode(tensors["video"][:, :1]), tensors["image_latent"]) <= TOLERANCE
    assert far(lean.decode(tensors["image_latent"], 1)[:, 0], tensors["image_decoded"]) <= TOLERANCE


def _changed_later(pictures: torch.Tensor) -> torch.Tensor:
    later = pictures.clone()
    later[:, 5:] = -later[:, 5:]
    return later


def test_lean_is_causal(lean):
    pictures = golden("leanvae_tiny_io")["video"].transpose(1, 2)
    before, after = lean.encode(pictures), lean.encode(_changed_later(pictures))
    assert torch.equal(before[:, :2], after[:, :2])
    assert not torch.equal(before[:, 2], after[:, 2])
    # The decoder, too: pictures 0 to 4 are there before the last latent frame is.
    assert far(lean.decode(before[:, :2], 5), lean.decode(before, 9)[:, :5]) <= TOLERANCE


def test_dense_encoder_convolves_no_later_picture(dense):
    """Its normalisation is over the whole GoP, as published; with that held still, nothing comes from behind."""
    encoder = DenseBackbone(DENSE)
    encoder.load_state_dict(dense.state_dict())
    for module in list(encoder.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.GroupNorm):
                setattr(module, name, nn.Identity())
    pictures = golden("cvvae_tiny_io")["video"].transpose(1, 2)
    with torch.no_grad():
        before, after = encoder.encode(pictures), encoder.encode(_changed_later(pictures))
    assert torch.equal(before[:, :2], after[:, :2])
    assert not torch.equal(before[:, 2], after[:, 2])


@pytest.mark.parametrize("count", range(1, 10))
def test_gops_of_every_length(dense, lean, count):
    pictures = golden("cvvae_tiny_io")["video"].transpose(1, 2)[:, :count, :, :16, :24]
    for backbone in (dense, lean):
        latent = backbone.encode(pictures)
        assert latent.shape == (1, latent_frames(count), backbone.channels, 2, 3)
        assert backbone.decode(latent, count).shape == pictures.shape


def test_wavelet_is_undone():
    video = torch.randn(2, 3, 4, 6, 8)
    assert torch.allclose(inverse_haar_3d(haar_3d(video)), video, atol=1e-6)
    # A plain picture lies in the lowest band alone.
    bands = haar_3d(torch.ones(1, 3, 2, 2, 2))
    assert torch.allclose(bands[:, :3], torch.full((1, 3, 1, 1, 1), 8.0)) and bands[:, 3:].abs().max() == 0


def test_sizes_come_from_text_within_bounds():
    assert DenseSizes.of_text(DENSE.to_text()) == DENSE and LeanSizes.of_text(LEAN.to_text()) == LEAN
    for kind, text in (
        (DenseSizes, '{"width": 1000000000}'),
        (DenseSizes, '{"width": 33}'),
        (DenseSizes, '{"multipliers": [1, 1]}'),
        (DenseSizes, '{"multipliers": 4}'),
        (DenseSizes, '{"blocks": true}'),
        (LeanSizes, '{"joint_layers": 1e9}'),
        (LeanSizes, '{"depth": 2}'),
        (LeanSizes, "[]"),
        (LeanSizes, "[" * 100000),
    ):
        with pytest.raises(ValueError):
            kind.of_text(text)
