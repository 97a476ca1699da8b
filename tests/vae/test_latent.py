"""The latent codec: what is estimated, written and read is one thing."""

from copy import deepcopy

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch.nn import functional as F

from codec.errors import ModelError
from codec.vae.lambdas import LAMBDA_MAX, LAMBDA_MIN, QUALITY_MAX, quality_of
from codec.vae.latent import gaussian_bits
from codec.vae.rates import lambda_of
from codec.vae.scales import scale_table
from codec.vae.weights import load_weights, save_weights
from tests.vae.conftest import smooth_latents


def test_what_is_written_is_read_for_every_gop_length(codec):
    for pictures in (1, 4, 9):
        y = codec.to_y(codec.backbone.temporal.analyse(smooth_latents(2, pictures, 12, 18)))
        quality = torch.tensor([40, 200])
        strings, encoded = codec.latent.compress(y, quality)
        decoded = codec.latent.decompress(strings, (y.shape[1], 6, 9), quality)
        assert torch.equal(encoded, decoded)
        assert len(strings[0]) < len(strings[1])


def test_estimated_and_written_bits_agree(codec):
    y = codec.to_y(codec.backbone.temporal.analyse(smooth_latents(3, 9, 32, 32)))
    quality = torch.tensor([60, 140, 230])
    strings, decoded = codec.latent.compress(y, quality)
    estimate = codec.latent(y, quality)
    assert torch.allclose(estimate.y, decoded, atol=1e-4)
    for string, bits in zip(strings, estimate.y_bits + estimate.z_bits, strict=True):
        assert 8 * len(string) == pytest.approx(float(bits), rel=0.015, abs=64)


def test_symbols_are_the_same_alone_in_a_batch_with_any_threads_and_memory_format(codec):
    y = codec.to_y(codec.backbone.temporal.analyse(smooth_latents(3, 9, 16, 24)))
    quality = torch.full((3,), 150)
    together, _ = codec.latent.compress(y, quality)
    alone = [codec.latent.compress(one[None], quality[:1])[0][0] for one in y]
    assert together == alone
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        decoded = codec.latent.decompress(together, (3, 8, 12), quality)
    finally:
        torch.set_num_threads(threads)
    assert torch.allclose(decoded, codec.latent.compress(y, quality)[1], atol=1e-4)
    strided = y.flatten(0, 1).to(memory_format=torch.channels_last).unflatten(0, y.shape[:2])
    assert codec.latent.compress(strided, quality)[0] == together


def test_scale_path_gives_the_same_integers_in_other_arithmetic(codec):
    path = codec.latent.scales
    generator = torch.Generator().manual_seed(1)
    z = torch.randint(-9, 10, (2, 32, 3, 4), generator=generator).float()
    symbols = torch.randint(-4, 5, (2, 384, 10, 14), generator=generator).float()
    quality = torch.tensor([10, 250])

    def indices(z, symbols):
        planes = path.hyper(z, quality, 1, (10, 14))
        total = path.with_groups(path.begin(planes, symbols), 2, [symbols[:, :16], symbols[:, 16:32]])
        return path.indices(path.with_half(total, 2, symbols[:, 32:64]), 2, 1, planes[:, -2:])

    single = indices(z, symbols)
    assert len(single.unique()) > 4
    path.double()
    try:
        double = indices(z.double(), symbols.double())
    finally:
        path.float()
    assert torch.equal(single, double.float())


def test_code_lengths_are_those_of_a_gaussian_and_never_lose_their_gradient():
    scale = torch.tensor(scale_table())
    whole = torch.arange(-400, 401).float()
    bits = gaussian_bits(whole[:, None], scale)
    near = bits < 39
    assert torch.allclose(torch.where(near, 2.0**-bits, 0.0).sum(dim=0), torch.ones(len(scale)), atol=1e-4)
    far = torch.tensor([6.0], requires_grad=True)
    gaussian_bits(far, torch.tensor([1.0])).sum().backward()
    assert float(far.grad) > 1


def test_quality_and_lambda_round_trip():
    assert quality_of(LAMBDA_MIN) == 0
    assert quality_of(LAMBDA_MAX) == QUALITY_MAX
    for quality in range(0, QUALITY_MAX + 1, 15):
        assert (
            quality_of(
                float(lambda_of(torch.tensor(float(quality)))) * 1.0000001
                if quality == 0
                else min(LAMBDA_MAX, float(lambda_of(torch.tensor(float(quality)))))
            )
            == quality
        )
    with pytest.raises(ValueError, match="between"):
        quality_of(LAMBDA_MAX * 2)


def test_saved_weights_write_the_same_streams_and_damaged_ones_are_refused(codec, tmp_path):
    file = tmp_path / "weights.safetensors"
    save_weights(codec, file)
    first, second = load_weights(file), load_weights(file)
    pictures = torch.rand(1, 5, 3, 40, 56) * 2 - 1
    coded = first.encode(pictures, 128)
    assert coded == second.encode(pictures, 128)
    decoded = second.decode(coded)
    assert decoded.shape == pictures.shape
    assert bool(decoded.isfinite().all())
    broken = tmp_path / "broken.safetensors"
    data = bytearray(file.read_bytes())
    broken.write_bytes(data[: len(data) // 2])
    with pytest.raises(ModelError, match="broken"):
        load_weights(broken)


def test_weights_without_the_fast_decoders_fine_layers_show_what_they_showed(codec, tmp_path):
    codec = deepcopy(codec)
    head = codec.spatial.fast.decoder[9]
    file, older = tmp_path / "weights.safetensors", tmp_path / "older.safetensors"
    save_weights(codec, file)
    with safe_open(file, framework="pt") as opened:
        metadata = opened.metadata()
        tensors = {name: opened.get_tensor(name) for name in opened.keys() if ".finer." not in name}  # noqa: SIM118
    save_file(tensors, older, metadata)
    features = torch.rand(1, 64, 6, 8)
    wanted = F.pixel_shuffle(F.conv2d(features, head.weight.half().float(), head.bias.half().float(), padding=1), 4)
    assert torch.allclose(load_weights(older).spatial.fast.decoder[9](features), wanted, atol=1e-5)
    with torch.no_grad():
        head.finer[7].bias.fill_(0.5)
    save_weights(codec, file)
    assert torch.allclose(load_weights(file).spatial.fast.decoder[9](features), wanted + 0.5, atol=1e-5)
