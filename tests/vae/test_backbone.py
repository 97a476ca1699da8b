"""The pretrained picture autoencoder and the temporal transform around it."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from codec.vae.backbones.picture import PicturePair
from codec.vae.temporal import CHANNELS, Temporal, latent_frames
from codec.vae.weights import load_pretrained

GOLDEN = Path(__file__).parents[1] / "golden" / "backbones" / "taef2_io.safetensors"
"""A picture (1, 3, 48, 64) in [0, 1], its latent and its decode, by the authors' own program in float32 on a CPU."""


@pytest.fixture(scope="module")
def pair() -> PicturePair:
    made = PicturePair(fast=False)
    load_pretrained(made)
    return made.eval()


@torch.no_grad()
def test_pretrained_autoencoder_is_the_published_one(pair):
    golden = load_file(GOLDEN)
    latent = pair.encode(golden["picture"] * 2 - 1)
    decoded = (pair.decode(golden["latent"]) + 1) / 2
    assert (latent - golden["latent"]).abs().max() <= 1e-4
    assert (decoded.clamp(0, 1) - golden["decoded"].clamp(0, 1)).abs().max() <= 1e-4


@torch.no_grad()
def test_fast_pair_starts_from_the_pretrained_layers(pair):
    fast = PicturePair(fast=True)
    fast.start_from(pair)
    assert torch.equal(fast.encoder[5].conv[0].weight, pair.encoder[11].conv[0].weight)
    assert torch.equal(fast.decoder[7].weight, pair.decoder[7].weight)
    pictures = torch.rand(2, 3, 32, 48) * 2 - 1
    assert fast.decode(fast.encode(pictures)).shape == pictures.shape


@pytest.mark.parametrize("pictures", range(1, 10))
@torch.no_grad()
def test_temporal_transform_starts_exact_for_every_gop_length(pictures):
    temporal = Temporal()
    latents = torch.randn(2, pictures, 32, 4, 6)
    latent = temporal.analyse(latents)
    assert latent.shape == (2, latent_frames(pictures), CHANNELS, 4, 6)
    assert torch.allclose(temporal.synthesise(latent, pictures), latents, atol=1e-5)
    # The first picture stands alone: all it is lies in the lowest frequency.
    assert latent[:, 0, 32:].abs().max() < 1e-5


@torch.no_grad()
def test_analysis_is_causal():
    temporal = Temporal()
    for parameter in temporal.parameters():
        parameter.normal_(std=0.1)
    latents = torch.randn(1, 9, 32, 4, 4)
    later = latents.clone()
    later[:, 5:] += 1
    before, after = temporal.analyse(latents), temporal.analyse(later)
    assert torch.equal(before[:, :2], after[:, :2])
    assert not torch.equal(before[:, 2], after[:, 2])
