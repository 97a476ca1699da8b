"""The whole codec as one trainable network, wired as in the paper's Figure 3.

    X -E-> L -g_a-> y -(gain)-> [h_a -> z] -> means, scale indices -> residual symbols -(gain)-> g_s -> L_hat -D-> X_hat

`forward` is the training pass; the entropy-coded passes are in `codec.stream`, made of the same parts.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from codec.model.blocks import Block, fold_time, unfold_time
from codec.model.config import ModelConfig, latent_kind
from codec.model.gains import GainTable
from codec.model.priors import HyperAnalysis, MeanPrior, first_half_mask
from codec.model.rounding import ste_round
from codec.model.scales import MAGNITUDE_LIMIT, Z_LIMIT, ScaleNet, laplace_bits, scale_of
from codec.model.vae import Decoder, Encoder


class Analysis(nn.Module):
    """g_a: latent (N, c, h, w) -> y (N, Cy, h/2, w/2)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.down = nn.Conv2d(config.latent_channels, config.y_channels, 3, stride=2, padding=1)
        self.block = Block(config.y_channels)

    def forward(self, latent: Tensor) -> Tensor:
        return self.block(self.down(latent))


class Synthesis(nn.Module):
    """g_s: y_hat (N, Cy, h/2, w/2) -> latent (N, c, h, w)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.block = Block(config.y_channels)
        self.up = nn.Conv2d(config.y_channels, 4 * config.latent_channels, 1)

    def forward(self, y: Tensor) -> Tensor:
        return F.pixel_shuffle(self.up(self.block(y)), 2)


@dataclass(frozen=True, slots=True)
class TrainingOutput:
    """`pictures` (B, T, 3, H, W), not clamped; `y_bits` and `z_bits` (B,): bits of the whole GoP."""

    pictures: Tensor
    y_bits: Tensor
    z_bits: Tensor
    latent: Tensor
    latent_hat: Tensor
    coded_share: Tensor
    """Share of y symbols that are not zero."""


class CodecNetwork(nn.Module):
    """All trainable parts of the codec."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        self.analysis = Analysis(config)
        self.synthesis = Synthesis(config)
        self.hyper_analysis = HyperAnalysis(config)
        self.mean_prior = MeanPrior(config)
        self.scale_net = ScaleNet(config)
        self.encoder_gain = GainTable(config.trunk_channels)
        self.decoder_gain = GainTable(config.trunk_channels)
        # High-rate theory: the quantiser step falls with the square root of λ.
        self.y_gain = GainTable(config.y_channels, slope=0.5)

    def forward(self, pictures: Tensor, level: Tensor, chain: int = 1) -> TrainingOutput:
        """`pictures` (B, T, 3, H, W) in [-1, 1], H and W multiples of 16, T in {1, 5, 9}; `level` (B,).

        `chain` GoPs of each clip follow one another along the batch: row k·B/chain + b is GoP k of clip b.
        """
        latent = self.encoder(pictures, self.encoder_gain(level))
        t = latent.shape[1]
        y = unfold_time(self.analysis(fold_time(latent)), t)
        with torch.autocast(pictures.device.type, enabled=False):
            gain = self.y_gain(level)[:, None, :, None, None]
            scaled = y.float() * gain
            y_hat, y_bits, z_bits, share = self._code_chain(scaled, level, chain)
        latent_hat = unfold_time(self.synthesis(fold_time(y_hat / gain)), t)
        decoded = self.decoder(latent_hat, self.decoder_gain(level))
        return TrainingOutput(decoded.float(), y_bits, z_bits, latent, latent_hat, share)

    def forward_vae(self, pictures: Tensor, level: Tensor) -> TrainingOutput:
        """The VAE alone (stage one of the paper), with noise on L of the size quantisation will bring."""
        latent = self.encoder(pictures, self.encoder_gain(level))
        strength = torch.rand(len(latent), 1, 1, 1, 1, device=latent.device) * 0.5
        noisy = latent + (torch.rand_like(latent) - 0.5) * strength
        decoded = self.decoder(noisy, self.decoder_gain(level))
        none = decoded.new_zeros(len(latent), dtype=torch.float32)
        return TrainingOutput(decoded.float(), none, none, latent, noisy, none.sum())

    def _code_chain(self, y: Tensor, level: Tensor, chain: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Quantise gained y (B, t, Cy, h, w) as the coder would: (y_hat, bits of y (B,), bits of z (B,), share)."""
        z = ste_round(unfold_time(self.hyper_analysis(fold_time(y)), y.shape[1]).clamp(-Z_LIMIT, Z_LIMIT))
        memory = None
        coded: list[_CodedGop] = []
        for y_gop, z_gop, level_gop in zip(y.chunk(chain), z.chunk(chain), level.chunk(chain), strict=True):
            coded.append(self._code(y_gop, z_gop, level_gop, memory))
            memory = coded[-1]
        y_hat, y_bits, z_bits = (torch.cat(parts) for parts in zip(*(c[:3] for c in coded), strict=True))
        return y_hat, y_bits, z_bits, torch.stack([c.nonzero for c in coded]).mean()

    def _code(self, y: Tensor, z_all: Tensor, level: Tensor, before: "_CodedGop | None") -> "_CodedGop":
        """One GoP of each clip; `before` is the GoP it is chained to."""
        t, height, width = y.shape[1], *y.shape[-2:]
        mask = first_half_mask(y.shape[2], height, width, y.device)
        previous = torch.zeros_like(y[:, 0]) if before is None else before.y_hat[:, -1]
        magnitude = torch.zeros_like(previous) if before is None else before.magnitude
        decoded: list[Tensor] = []
        y_bits = y.new_zeros(y.shape[0])
        z_bits = y.new_zeros(y.shape[0])
        nonzero = y.new_zeros(())
        for i in range(t):
            kind = latent_kind(i, chained=before is not None)
            z, current = z_all[:, i], y[:, i]
            z_scale = scale_of(self.scale_net.z_indices(level, kind))[:, :, None, None]
            z_bits = z_bits + laplace_bits(z, z_scale).sum(dim=(1, 2, 3))
            scale = scale_of(self.scale_net(z, magnitude, level, kind))
            features = self.mean_prior.features(z, previous, level, kind)
            carried = self.mean_prior.carried(features, previous, kind)
            residual_a = ste_round(current - (mean_a := self.mean_prior.first_half(features, carried)))
            known = torch.where(mask, residual_a + mean_a, 0.0)
            mean_b = self.mean_prior.second_half(features, carried, known)
            residual = torch.where(mask, residual_a, ste_round(current - mean_b))
            y_bits = y_bits + laplace_bits(residual, scale).sum(dim=(1, 2, 3))
            previous = torch.where(mask, known, residual + mean_b)
            magnitude = residual.detach().abs().clamp(max=MAGNITUDE_LIMIT)
            nonzero = nonzero + (residual.detach() != 0).float().mean()
            decoded.append(previous)
        return _CodedGop(torch.stack(decoded, dim=1), y_bits, z_bits, magnitude, nonzero / t)


class _CodedGop(NamedTuple):
    """y_hat (B, t, Cy, h, w), bits (B,), magnitudes of the last latent frame's residuals, share of nonzero symbols."""

    y_hat: Tensor
    y_bits: Tensor
    z_bits: Tensor
    magnitude: Tensor
    nonzero: Tensor
