"""The whole codec, Figure 3 of the paper: E, g_a, the latent codec, g_s, D."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from codec.vae.backbones import Backbone
from codec.vae.backbones.spatial import SpatialBackbone
from codec.vae.latent import Estimate, FrozenTables, LatentCodec
from codec.vae.temporal import latent_frames
from codec.vae.transforms import Y_RATIO, Analysis, Synthesis


@dataclass(frozen=True, slots=True)
class CodedGop:
    """One string of a GoP of `pictures` pictures, and their size in pixels."""

    string: bytes
    pictures: int
    height: int
    width: int
    quality: int


class VaeCodec(nn.Module):
    """All networks. Pictures are (B, T, 3, H, W) in [-1, 1], T of 1 to 9, any size."""

    def __init__(self, backbone: Backbone | None = None, *, estimating: bool = True) -> None:
        """With `backbone`, by default `spatial`. Not `estimating`: only to code with, not to be trained."""
        super().__init__()
        self.backbone: Backbone = SpatialBackbone() if backbone is None else backbone
        self.analysis = Analysis(self.backbone.channels)
        self.synthesis = Synthesis(self.backbone.channels)
        self.latent = LatentCodec(estimating=estimating)

    @property
    def is_estimating(self) -> bool:
        """Whether it can be trained."""
        return not isinstance(self.latent.bottleneck, FrozenTables)

    @property
    def spatial(self) -> SpatialBackbone | None:
        """The backbone where it is `spatial`, which has two picture autoencoders."""
        return self.backbone if isinstance(self.backbone, SpatialBackbone) else None

    @property
    def device(self) -> torch.device:
        """Where it runs."""
        return self.analysis.linear.weight.device

    @property
    def number_type(self) -> torch.dtype:
        """What pictures' and latents' networks work in; the latent codec always in float32."""
        return self.analysis.linear.weight.dtype

    def work_in(self, number_type: torch.dtype) -> "VaeCodec":
        """Pictures' and latents' networks from now on in `number_type`."""
        self.backbone.work_in(number_type)
        self.analysis.to(number_type)
        self.synthesis.to(number_type)
        return self

    @property
    def unit(self) -> int:
        """Sides of pictures are padded to multiples of this."""
        return self.backbone.spatial_ratio * Y_RATIO

    def to_y(self, latent: Tensor) -> Tensor:
        """L (B, t, c, h, w) -> y (B, t, 384, h/2, w/2)."""
        return self.analysis(latent.flatten(0, 1)).unflatten(0, latent.shape[:2])

    def from_y(self, y: Tensor) -> Tensor:
        """ŷ (B, t, 384, h/2, w/2) -> L̂ (B, t, c, h, w)."""
        return self.synthesis(y.flatten(0, 1)).unflatten(0, y.shape[:2])

    def forward(self, latents: Tensor, quality: Tensor) -> tuple[Tensor, Estimate]:
        """What the backbone's `stored` gives, even sides -> the same as decoded, and what coding it takes."""
        estimate = self.latent(self.to_y(self.backbone.analyse(latents)), quality)
        return self.backbone.synthesise(self.from_y(estimate.y), latents.shape[1]), estimate

    @torch.no_grad()
    def encode(self, pictures: Tensor, quality: int, *, full: bool = False) -> list[CodedGop]:
        """GoPs (B, T, 3, H, W) as strings."""
        count, height, width = pictures.shape[1], *pictures.shape[-2:]
        y = self.to_y(self.backbone.encode(self._padded(pictures).to(self.number_type), full=full)).float()
        strings, _ = self.latent.compress(y, torch.full((len(y),), quality, device=y.device))
        return [CodedGop(string, count, height, width, quality) for string in strings]

    @torch.no_grad()
    def decode(self, gops: list[CodedGop], *, full: bool = False) -> Tensor:
        """GoPs of one shape and quality -> pictures (B, T, 3, H, W), not yet clipped to [-1, 1]. Raises ValueError for
        strings that cannot be ones of such a GoP."""
        first = gops[0]
        height, width = (-(-side // self.unit) for side in (first.height, first.width))
        quality = torch.full((len(gops),), first.quality, device=self.device)
        shape = latent_frames(first.pictures), height, width
        y = self.latent.decompress([gop.string for gop in gops], shape, quality)
        latent = self.from_y(y.to(self.number_type))
        return self.backbone.decode(latent, first.pictures, full=full)[..., : first.height, : first.width]

    def _padded(self, pictures: Tensor) -> Tensor:
        """The edge repeated on the right and at the bottom."""
        down, right = (-side % self.unit for side in pictures.shape[-2:])
        if not (down or right):
            return pictures
        return F.pad(pictures.flatten(0, 1), (0, right, 0, down), mode="replicate").unflatten(0, pictures.shape[:2])
