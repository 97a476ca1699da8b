"""Backbone `lean`: LeanVAE (Cheng and Yuan, "LeanVAE: An ultra-efficient reconstruction VAE for video diffusion
models", ICCV 2025): a Haar wavelet, patches, depthwise networks and a bottleneck by compressed sensing.

Layers keep the published keys, so that a published checkpoint loads as it is. Layout inside the networks is B t h w C.
Everything is causal: zeros stand in front of the first latent frame, nothing behind the last.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from codec.vae.backbones import Backbone
from codec.vae.backbones.sizes import Sizes, check_range
from codec.vae.backbones.wavelet import haar_2d, haar_3d, inverse_haar_2d, inverse_haar_3d
from codec.vae.temporal import whole_groups

_SIDE = 4
"""Of a patch, in samples of the wavelet's bands."""
_PAIRS = 2
"""Pairs of pictures of a patch."""
_COLOURS = 3
_IMAGE_BANDS = 4
_VIDEO_BANDS = 8


@dataclass(frozen=True, slots=True)
class LeanSizes(Sizes):
    """Sizes of a `lean` net. Raises ValueError on construction outside what is taken."""

    channels: int = 16
    """c of L: 4 or 16 as published."""
    low: int = 128
    """Width of the branch of the lowest band."""
    high: int = 384
    """Width of the branch of the other bands."""
    branch_layers: int = 2
    """Layers of each branch."""
    joint_layers: int = 4
    """Layers of both together."""
    steps: int = 2
    """Steps of the recovery of the bottleneck."""
    step_layers: int = 2
    """Layers of the two networks of each step."""

    def __post_init__(self) -> None:
        check_range("channels", self.channels, 1, 512)
        check_range("low width", self.low, 1, 2048)
        check_range("high width", self.high, 1, 2048)
        check_range("branch layers", self.branch_layers, 1, 16)
        check_range("joint layers", self.joint_layers, 1, 16)
        check_range("recovery steps", self.steps, 1, 8)
        check_range("layers of a step", self.step_layers, 1, 8)

    @property
    def width(self) -> int:
        """Of both branches together."""
        return self.low + self.high


class CausalDepthwise(nn.Module):
    """3x3x3, each channel on its own, (B, t, h, w, C): zeros around, two zero latent frames in front."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.ds_conv = nn.Conv3d(width, width, 3, groups=width)

    def forward(self, x: Tensor) -> Tensor:
        padded = F.pad(x.permute(0, 4, 1, 2, 3), (1, 1, 1, 1, 2, 0))
        return self.ds_conv(padded).permute(0, 2, 3, 4, 1)


class GatedGelu(nn.Module):
    """(..., 2n) -> (..., n): the first half, gated by the GELU of the second (Shazeer, "GLU variants improve
    transformer", 2020)."""

    def forward(self, x: Tensor) -> Tensor:
        value, gate = x.chunk(2, dim=-1)
        return F.gelu(gate) * value


class Network(nn.Module):
    """Layers of a depthwise convolution and a gated feed-forward network; `residual`: each is added to its input."""

    def __init__(self, width: int, layers: int, *, residual: bool = True) -> None:
        super().__init__()
        inner = width * 8 // 3
        self.residual = residual
        self.dconv_layer = nn.ModuleList(CausalDepthwise(width) for _ in range(layers))
        self.ffd_layer = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(width),
                nn.Linear(width, 2 * inner, bias=False),
                GatedGelu(),
                # The published numbering counts a layer that drops out in training; this one never does.
                nn.Identity(),
                nn.Linear(inner, width, bias=False),
            )
            for _ in range(layers)
        )

    def forward(self, x: Tensor) -> Tensor:
        for convolved, fed in zip(self.dconv_layer, self.ffd_layer, strict=True):
            for layer in (convolved, fed):
                x = x + layer(x) if self.residual else layer(x)
        return x


class Bottleneck(nn.Module):
    """Features p to L = p φᵀ, and back by a few unrolled steps of iterative shrinkage and thresholding."""

    def __init__(self, sizes: LeanSizes) -> None:
        super().__init__()
        self.phi = nn.Parameter(torch.empty(sizes.channels, sizes.width))
        self.Q = nn.Parameter(torch.empty(sizes.width, sizes.channels))
        nn.init.uniform_(self.phi, -(sizes.width**-0.5), sizes.width**-0.5)
        with torch.no_grad():
            self.Q.copy_(self.phi.T)
        self.weights = nn.ParameterList(nn.Parameter(torch.empty(())) for _ in range(sizes.steps))
        self.threshold = nn.ParameterList(nn.Parameter(torch.empty(1)) for _ in range(sizes.steps))
        for weight, threshold in zip(self.weights, self.threshold, strict=True):
            nn.init.constant_(weight, 0.5)
            nn.init.constant_(threshold, 0.01)
        self.forward_l, self.backward_l = (
            nn.ModuleList(Network(sizes.width, sizes.step_layers, residual=False) for _ in range(sizes.steps))
            for _ in range(2)
        )

    def project(self, features: Tensor) -> Tensor:
        """(..., width) -> (..., c)."""
        return features @ self.phi.T

    def recover(self, latent: Tensor) -> Tensor:
        """(B, t, h, w, c) -> (B, t, h, w, width)."""
        found = latent @ self.Q.T
        rows = zip(self.weights, self.threshold, self.forward_l, self.backward_l, strict=True)
        for weight, threshold, forward, backward in rows:
            found = found - weight * ((found @ self.phi.T - latent) @ self.phi)
            spread = forward(found)
            found = found + backward(spread.sign() * F.relu(spread.abs() - threshold))
        return found


def _patch_values(bands: int, pairs: int) -> int:
    return bands * _COLOURS * pairs * _SIDE**2


class LeanEncoder(nn.Module):
    """(B, 3, T, H, W) in [-1, 1], T = 1 + 4 k, sides multiples of 8 -> features (B, 1 + k, H/8, W/8, width)."""

    def __init__(self, sizes: LeanSizes) -> None:
        super().__init__()

        def projection(bands: int, pairs: int, width: int) -> nn.Sequential:
            return nn.Sequential(nn.Identity(), nn.Linear(_patch_values(bands, pairs), width))

        self.image_low_proj = projection(1, 1, sizes.low)
        self.image_high_proj = projection(_IMAGE_BANDS - 1, 1, sizes.high)
        self.video_low_proj = projection(1, _PAIRS, sizes.low)
        self.video_high_proj = projection(_VIDEO_BANDS - 1, _PAIRS, sizes.high)
        self.low_layer = Network(sizes.low, sizes.branch_layers)
        self.high_layer = Network(sizes.high, sizes.branch_layers)
        self.fusion_layer = Network(sizes.width, sizes.joint_layers)

    def forward(self, video: Tensor) -> Tensor:
        image = haar_2d(video[:, :, 0]).unsqueeze(2)
        low = [self.image_low_proj(_patches(image[:, :_COLOURS], 1))]
        high = [self.image_high_proj(_patches(image[:, _COLOURS:], 1))]
        if video.shape[2] > 1:
            others = haar_3d(video[:, :, 1:])
            low.append(self.video_low_proj(_patches(others[:, :_COLOURS], _PAIRS)))
            high.append(self.video_high_proj(_patches(others[:, _COLOURS:], _PAIRS)))
        branches = self.low_layer(torch.cat(low, dim=1)), self.high_layer(torch.cat(high, dim=1))
        return self.fusion_layer(torch.cat(branches, dim=-1))


class LeanDecoder(nn.Module):
    """Features (B, t, h, w, width) -> (B, 3, 1 + 4 (t - 1), 8h, 8w), about [-1, 1]."""

    def __init__(self, sizes: LeanSizes) -> None:
        super().__init__()

        def projection(bands: int, pairs: int, width: int) -> nn.Sequential:
            return nn.Sequential(nn.Linear(width, _patch_values(bands, pairs)))

        self._low = sizes.low
        self.image_low_proj = projection(1, 1, sizes.low)
        self.image_high_proj = projection(_IMAGE_BANDS - 1, 1, sizes.high)
        self.video_low_proj = projection(1, _PAIRS, sizes.low)
        self.video_high_proj = projection(_VIDEO_BANDS - 1, _PAIRS, sizes.high)
        self.low_layer = Network(sizes.low, sizes.branch_layers)
        self.high_layer = Network(sizes.high, sizes.branch_layers)
        self.fusion_layer = Network(sizes.width, sizes.joint_layers)

    def forward(self, features: Tensor) -> Tensor:
        joined = self.fusion_layer(features)
        low, high = self.low_layer(joined[..., : self._low]), self.high_layer(joined[..., self._low :])
        image = self.image_low_proj(low[:, :1]), self.image_high_proj(high[:, :1])
        bands = torch.cat([_unpatched(part, 1) for part in image], dim=1)
        made = [inverse_haar_2d(bands[:, :, 0]).unsqueeze(2)]
        if features.shape[1] > 1:
            others = self.video_low_proj(low[:, 1:]), self.video_high_proj(high[:, 1:])
            made.append(inverse_haar_3d(torch.cat([_unpatched(part, _PAIRS) for part in others], dim=1)))
        return torch.cat(made, dim=2)


class LeanBackbone(Backbone):
    """E and D of LeanVAE."""

    name = "lean"

    def __init__(self, sizes: LeanSizes | None = None) -> None:
        super().__init__()
        own = self.sizes = sizes or LeanSizes()
        self._channels = own.channels
        self.encoder = LeanEncoder(own)
        self.decoder = LeanDecoder(own)
        self.latent_bottleneck = Bottleneck(own)
        # For the Kullback-Leibler term of training the autoencoder; kept, so that published keys are complete.
        self.std_layer = nn.Linear(own.width, own.channels)

    @property
    def channels(self) -> int:
        """c of L."""
        return self._channels

    def work_in(self, number_type: torch.dtype) -> None:
        """Always in float32: it is quick, and its recovery subtracts what is nearly equal."""

    def encode(self, pictures: Tensor, *, full: bool = False) -> Tensor:
        """(B, T, 3, H, W) in [-1, 1], T of 1 to 9, sides multiples of 8 -> L (B, t, c, H/8, W/8)."""
        del full
        features = self.encoder(whole_groups(pictures.float()).transpose(1, 2))
        return self.latent_bottleneck.project(features).permute(0, 1, 4, 2, 3).to(pictures.dtype)

    def decode(self, latent: Tensor, pictures: int, *, full: bool = False) -> Tensor:
        """L (B, t, c, h, w) -> (B, T, 3, 8h, 8w), about [-1, 1]."""
        del full
        features = self.latent_bottleneck.recover(latent.float().permute(0, 1, 3, 4, 2))
        return self.decoder(features).transpose(1, 2)[:, :pictures]


def _patches(bands: Tensor, pairs: int) -> Tensor:
    """(B, C, T, H, W) -> (B, T/pairs, H/4, W/4, C pairs 4 4), values by channel, time, row, column."""
    batch, channels, frames, height, width = bands.shape
    cut = bands.view(batch, channels, frames // pairs, pairs, height // _SIDE, _SIDE, width // _SIDE, _SIDE)
    return cut.permute(0, 2, 4, 6, 1, 3, 5, 7).flatten(4)


def _unpatched(patches: Tensor, pairs: int) -> Tensor:
    """The inverse of `_patches`."""
    batch, frames, height, width, _ = patches.shape
    cut = patches.reshape(batch, frames, height, width, -1, pairs, _SIDE, _SIDE).permute(0, 4, 1, 5, 2, 6, 3, 7)
    return cut.reshape(batch, -1, frames * pairs, height * _SIDE, width * _SIDE)
