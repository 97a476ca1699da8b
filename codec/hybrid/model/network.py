"""The whole codec as one trainable network, wired as in the paper's Figure 3, with a prediction beside it.

    X, P -E-> L -g_a-> y -(gain)-> [h_a -> z] -> means, scale indices -> residual symbols -(gain)-> g_s -> L_hat
    L_hat, P -D-> X_hat

P comes from decoded pictures moved along the coded motion: an anchor's from the anchor or key picture before it, the
others' from those on both sides. Key pictures are none of the network's business: they come in decoded (`trees`).
`forward` is the training pass; the entropy-coded passes are in `codec.hybrid`, made of the same
parts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from codec.hybrid.model.blocks import Block, fold_time, unfold_time
from codec.hybrid.model.config import FRAMES_PER_LATENT, LatentKind, ModelConfig, latent_kinds
from codec.hybrid.model.gains import GainTable
from codec.hybrid.model.heard import heard
from codec.hybrid.model.prediction import between
from codec.hybrid.model.priors import HyperAnalysis, MeanPrior, first_half_mask
from codec.hybrid.model.rounding import ste_round
from codec.hybrid.model.scales import MAGNITUDE_LIMIT, Z_LIMIT, ScaleNet, laplace_bits, scale_of
from codec.hybrid.model.vae import Decoder, Encoder
from codec.hybrid.motion.layout import MotionFields
from codec.hybrid.motion.warp import warp


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


class Branch(nn.Module):
    """E, g_a, g_s and D for one kind of unit: single pictures, or four between anchors."""

    def __init__(self, config: ModelConfig, frames: int, references: int, depths: tuple[int, int]) -> None:
        super().__init__()
        self.encoder = Encoder(config, frames, references, depths[0])
        self.analysis = Analysis(config)
        self.synthesis = Synthesis(config)
        self.decoder = Decoder(config, frames, references, depths[1])

    def y_of(self, latent: Tensor) -> Tensor:
        """g_a over time: (B, t, c, h, w) -> (B, t, Cy, h/2, w/2)."""
        return unfold_time(self.analysis(fold_time(latent)), latent.shape[1])

    def latent_of(self, y_hat: Tensor) -> Tensor:
        """g_s over time."""
        return unfold_time(self.synthesis(fold_time(y_hat)), y_hat.shape[1])


class Gains(nn.Module):
    """What λ and the kind of latent turn up or down: inside E and D, and the quantiser of y."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        # Groups of a GoP go through the networks together: LATER ones share the first one's.
        kinds = (LatentKind.KEY, LatentKind.ANCHOR, LatentKind.GROUP)
        self.encoder = nn.ModuleList(GainTable(config.trunk_channels) for _ in kinds)
        self.decoder = nn.ModuleList(GainTable(config.trunk_channels) for _ in kinds)
        # High-rate theory: the quantiser step falls with the square root of λ.
        self.y = nn.ModuleList(GainTable(config.y_channels, slope=0.5) for _ in kinds)


def branches(config: ModelConfig) -> tuple[Branch, Branch]:
    """The anchors' branch (knows the prediction) and the groups' (knows it and how its two sources differ)."""
    return (
        Branch(config, 1, 1, (config.anchor_encoder_blocks, config.anchor_decoder_blocks)),
        Branch(config, FRAMES_PER_LATENT, 2, (config.group_encoder_blocks, config.group_decoder_blocks)),
    )


class _Coded(NamedTuple):
    """Gained y_hat (B, Cy, h, w), magnitudes of its residuals, bits (B,), share of nonzero symbols."""

    y_hat: Tensor
    magnitude: Tensor
    y_bits: Tensor
    z_bits: Tensor
    nonzero: Tensor


class Link(NamedTuple):
    """What a clip leaves to the one that goes on from it: its last decoded picture (B, 3, H, W) and latent."""

    picture: Tensor
    coded: _Coded

    def detached(self) -> "Link":
        """The same without its history."""
        return Link(self.picture.detach(), _Coded(*(x.detach() for x in self.coded)))


@dataclass(frozen=True, slots=True)
class TrainingOutput:
    """`pictures` (B, T, 3, H, W), not clamped; bits (B,) of all latents and of anchors' trees, the last without a
    gradient."""

    pictures: Tensor
    y_bits: Tensor
    z_bits: Tensor
    tree_bits: Tensor
    coded_share: Tensor
    """Share of y symbols that are not zero."""
    link: Link | None
    """None when nothing was coded."""


class CodecNetwork(nn.Module):
    """All trainable parts of the codec."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.anchor, self.group = branches(config)
        self.gains = Gains(config)
        self.hyper_analysis = HyperAnalysis(config)
        self.mean_prior = MeanPrior(config)
        self.scale_net = ScaleNet(config)
        self.observe: Callable[[str, LatentKind, Tensor], None] | None = None
        """Called with "y" or "z", the kind and the symbols (B, C, h, w) of every latent that is coded."""

    def forward(
        self,
        clip: Tensor,
        motion: list[MotionFields[Tensor]],
        level: Tensor,
        noise: bool = False,
        start: Link | None = None,
        key: Tensor | None = None,
        corrected: Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]] | None = None,
    ) -> TrainingOutput:
        """`clip` (B, 8k + 1, 3, H, W) in [-1, 1], H and W multiples of 16: k chained GoPs with the decoded
        `motion` of each; `level` (B,). The first picture was decoded before: with `start` in another clip, else it is
        the key picture `key` (B, 3, H, W), after which nothing is remembered. With `noise` L is not coded but blurred
        by noise of the size quantisation brings (the VAE alone, stage one of the paper). `corrected`: prediction and
        picture (B, 3, H, W) of an anchor, and levels, to the prediction as its trees correct it and their bits (B,);
        by default there are none. Raises ValueError when there is neither `start` nor `key`."""
        if start is not None:
            first, memory = start.picture, start.coded
        elif key is not None:
            first, memory = key, None
        else:
            raise ValueError("a clip needs its decoded key picture or the link of the clip that it goes on from")
        step = (clip.shape[1] - 1) // len(motion)
        anchors: list[Tensor] = [first]
        coded: list[_Coded] = []
        tree_bits = clip.new_zeros(len(clip))
        for k, fields in enumerate(motion, 1):
            assert fields.anchor is not None
            known = warp(anchors[-1], fields.anchor[:, None])
            if corrected is not None:
                better, bits = corrected(known[:, 0], clip[:, k * step], level)
                known, tree_bits = better[:, None], tree_bits + bits
            picture, units = self._branch(
                self.anchor, [LatentKind.ANCHOR], clip[:, k * step : k * step + 1], known, level, memory, noise
            )
            anchors.append(picture[:, 0])
            coded.extend(units)
            memory = None if noise else coded[-1]
        # The pictures between anchors: all GoPs at once.
        inner = torch.cat([clip[:, k * step + 1 : (k + 1) * step] for k in range(len(motion))])
        known = torch.cat([between(anchors[k], anchors[k + 1], fields) for k, fields in enumerate(motion)])
        memory = None if noise else _joined(coded)
        kinds = latent_kinds(step + 1, chained=True, entry=False, cut=False)[1:]
        pictures, units = self._branch(self.group, kinds, inner, known, level.repeat(len(motion)), memory, noise)
        shown = [anchors[0][:, None]]
        for anchor, part in zip(anchors[1:], pictures.chunk(len(motion)), strict=True):
            shown += [part, anchor[:, None]]
        none = clip.new_zeros(len(clip))
        link = Link(anchors[-1], coded[-1]) if coded else None
        # Groups went through as a batch of GoPs times clips.
        y_bits = torch.stack([c.y_bits for c in coded] + [*_rows(units, "y_bits", len(clip)), none]).sum(dim=0)
        z_bits = torch.stack([c.z_bits for c in coded] + [*_rows(units, "z_bits", len(clip)), none]).sum(dim=0)
        every = [*coded, *units]
        share = torch.stack([c.nonzero for c in every]).mean() if every else none.sum()
        return TrainingOutput(torch.cat(shown, dim=1), y_bits, z_bits, tree_bits, share, link)

    def _branch(
        self, branch: Branch, kinds: list[LatentKind], pictures: Tensor, known: Tensor, level: Tensor,
        memory: _Coded | None, noise: bool,
    ) -> tuple[Tensor, list[_Coded]]:  # fmt: skip
        """One set of units through E, the coder and D: decoded pictures (float32) and what was coded."""
        kind = kinds[0]
        latent = branch.encoder(pictures, known, self.gains.encoder[kind](level))
        coded: list[_Coded] = []
        if noise:
            strength = torch.rand(len(latent), 1, 1, 1, 1, device=latent.device) * 0.5
            latent_hat = latent + (torch.rand_like(latent) - 0.5) * strength
        else:
            y = branch.y_of(latent)
            with torch.autocast(pictures.device.type, enabled=False):
                gain = self.gains.y[kind](level)[:, :, None, None]
                scaled = y.float() * gain[:, None]
                z = ste_round(unfold_time(self.hyper_analysis(fold_time(scaled)), y.shape[1]).clamp(-Z_LIMIT, Z_LIMIT))
                for i, each in enumerate(kinds):
                    memory = self._code(scaled[:, i], z[:, i], level, each, memory)
                    coded.append(memory)
                y_hat = torch.stack([c.y_hat for c in coded], dim=1) / gain[:, None]
            latent_hat = branch.latent_of(y_hat)
        share = None
        if coded:
            share = torch.stack([heard(c.y_hat) for c in coded], dim=1)
            share = share.repeat_interleave(branch.decoder.frames, dim=1)[:, : pictures.shape[1]]
        decoded = branch.decoder(latent_hat, known, self.gains.decoder[kind](level), share)
        return decoded.float(), coded

    def _code(self, y: Tensor, z: Tensor, level: Tensor, kind: LatentKind, memory: _Coded | None) -> _Coded:
        """Quantise gained y (B, Cy, h, w) as the coder would; `memory` is the latent frame that is known before it."""
        previous = torch.zeros_like(y) if memory is None else memory.y_hat
        magnitude = torch.zeros_like(y) if memory is None else memory.magnitude
        mask = first_half_mask(y)
        z_scale = scale_of(self.scale_net.z_indices(level, kind))[:, :, None, None]
        scale = scale_of(self.scale_net(z, magnitude, level, kind))
        features = self.mean_prior.features(z, previous, level, kind)
        carried = self.mean_prior.carried(features, previous, kind)
        residual_a = ste_round(y - (mean_a := self.mean_prior.first_half(features, carried)))
        known = torch.where(mask, residual_a + mean_a, 0.0)
        mean_b = self.mean_prior.second_half(features, carried, known)
        residual = torch.where(mask, residual_a, ste_round(y - mean_b))
        if self.observe is not None:
            self.observe("y", kind, residual)
            self.observe("z", kind, z)
        return _Coded(
            torch.where(mask, known, residual + mean_b),
            residual.detach().abs().clamp(max=MAGNITUDE_LIMIT),
            laplace_bits(residual, scale).sum(dim=(1, 2, 3)),
            laplace_bits(z, z_scale).sum(dim=(1, 2, 3)),
            (residual.detach() != 0).float().mean(),
        )


def _rows(coded: list[_Coded], name: str, clips: int) -> list[Tensor]:
    return [getattr(c, name).view(-1, clips).sum(dim=0) for c in coded]


def _joined(coded: list[_Coded]) -> _Coded:
    """Latents of the same place in several GoPs as one batch."""
    y_hat, magnitude, y_bits, z_bits = (torch.cat([c[i] for c in coded]) for i in range(4))
    return _Coded(y_hat, magnitude, y_bits, z_bits, torch.stack([c.nonzero for c in coded]).mean())
