"""Picture autoencoders of one latent space: the pretrained pair, and a fast pair distilled from it.

The latent space is that of TAEF2, the tiny autoencoder of FLUX.2's latents (Ollin Boer Bohan, MIT): 32 channels at an
eighth of the size, mean 0, standard deviation about 0.85. Layers keep the published keys, so that the published file
loads as it is. The fast pair works at a quarter and an eighth of the size and starts from the pretrained layers there;
its decoder has a few narrow layers at half the size besides.

Costs, in thousands of multiplications a pixel: pretrained encoder 230 and decoder 270, fast encoder 16 and decoder 20.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from codec.nn.device import numbers_only, one_by_one

LATENT_CHANNELS = 32
"""Channels of a picture's latent."""
SPATIAL_RATIO = 8
"""ρs of the paper: pixels of a picture for one sample of its latent, along each side."""
_WIDTH = 64
_POOL_WIDTH = 256
_POOL_GROUPS = 4
_FAST_PATCH = 4
_FINE_PATCH = 2
_FINE_WIDTH = _WIDTH // _FINE_PATCH**2
_CLAMP = 3.0


class Block(nn.Module):
    """Three 3x3 convolutions beside a skip; with `pooled`, first a 1x1 branch normalised over the whole picture."""

    def __init__(self, *, pooled: bool = False) -> None:
        super().__init__()
        self.conv = nn.Sequential(_conv(), nn.ReLU(), _conv(), nn.ReLU(), _conv())
        self.pool = (
            nn.Sequential(
                nn.Conv2d(_WIDTH, _POOL_WIDTH, 1, bias=False),
                nn.GroupNorm(_POOL_GROUPS, _POOL_WIDTH),
                nn.ReLU(),
                nn.Conv2d(_POOL_WIDTH, _WIDTH, 1, bias=False),
            )
            if pooled
            else None
        )

    def forward(self, x: Tensor) -> Tensor:
        if self.pool is not None:
            x = x + self.pool(x)
        return F.relu(x + self.conv(x))


class SoftClamp(nn.Module):
    """Keeps latents within ±3 smoothly."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x / _CLAMP) * _CLAMP


class LastConv(nn.Conv2d):
    """The layer that pictures come out of: in float32 whatever the others work in. Half precision would round pictures
    to less than 8 bits."""

    def forward(self, input: Tensor) -> Tensor:
        bias = None if self.bias is None else self.bias.float()
        with torch.autocast(input.device.type, enabled=False):
            return F.conv2d(input.float(), self.weight.float(), bias, padding=self.kernel_size[0] // 2)


def _conv(
    inputs: int = _WIDTH, outputs: int = _WIDTH, *, stride: int = 1, bias: bool = True, kernel: int = 3
) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=bias)


def pretrained_encoder() -> nn.Sequential:
    """(N, 3, H, W) in [0, 1], sides multiples of 8 -> (N, 32, H/8, W/8)."""
    return nn.Sequential(
        _conv(3),
        Block(),
        _conv(stride=2, bias=False),
        *(Block() for _ in range(3)),
        _conv(stride=2, bias=False),
        *(Block() for _ in range(3)),
        _conv(stride=2, bias=False),
        *(Block(pooled=True) for _ in range(3)),
        _conv(outputs=LATENT_CHANNELS),
    )


def pretrained_decoder() -> nn.Sequential:
    """(N, 32, h, w) -> (N, 3, 8h, 8w), about [0, 1]."""
    return nn.Sequential(
        SoftClamp(),
        _conv(LATENT_CHANNELS),
        nn.ReLU(),
        *(Block(pooled=True) for _ in range(3)),
        nn.Upsample(scale_factor=2),
        _conv(bias=False),
        *(Block() for _ in range(3)),
        nn.Upsample(scale_factor=2),
        _conv(bias=False),
        *(Block() for _ in range(3)),
        nn.Upsample(scale_factor=2),
        _conv(bias=False),
        Block(),
        LastConv(_WIDTH, 3, 3),
    )


def fast_encoder() -> nn.Sequential:
    """As `pretrained_encoder`, without layers at full and half size."""
    return nn.Sequential(
        nn.PixelUnshuffle(_FAST_PATCH),
        _conv(3 * _FAST_PATCH**2),
        nn.ReLU(),
        Block(),
        _conv(stride=2, bias=False),
        *(Block(pooled=True) for _ in range(3)),
        _conv(outputs=LATENT_CHANNELS),
    )


class FineHead(LastConv):
    """Features at a quarter of the size -> pictures. `finer` adds what narrow layers at half the size make of the same
    features, which one convolution turns into sixteen pixels a sample otherwise. It adds nothing to begin with."""

    def __init__(self) -> None:
        super().__init__(_WIDTH, 3 * _FAST_PATCH**2, 3)
        last = LastConv(_FINE_WIDTH, 3 * _FINE_PATCH**2, 3)
        self.finer = nn.Sequential(
            _conv(kernel=1),
            nn.PixelShuffle(_FINE_PATCH),
            nn.ReLU(),
            _conv(_FINE_WIDTH, _FINE_WIDTH),
            nn.ReLU(),
            _conv(_FINE_WIDTH, _FINE_WIDTH),
            nn.ReLU(),
            last,
            nn.PixelShuffle(_FINE_PATCH),
        )
        for parameter in last.parameters():
            nn.init.zeros_(parameter)

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_shuffle(super().forward(input), _FAST_PATCH) + self.finer(input)


def fast_decoder() -> nn.Sequential:
    """As `pretrained_decoder`, without its layers at full size and with narrow ones at half the size."""
    return nn.Sequential(
        SoftClamp(),
        _conv(LATENT_CHANNELS),
        nn.ReLU(),
        *(Block(pooled=True) for _ in range(3)),
        nn.Upsample(scale_factor=2),
        _conv(bias=False),
        Block(),
        FineHead(),
    )


_FAST_FROM = {"encoder": {3: 9, 4: 10, 5: 11, 6: 12, 7: 13, 8: 14}, "decoder": {1: 1, 3: 3, 4: 4, 5: 5, 7: 7, 8: 8}}
"""Layers of the fast pair and the pretrained ones they start from."""


def _side_by_side(x: Tensor) -> Tensor:
    """A sample's channels beside each other in memory, where nothing but numbers is wanted: a CPU convolves them faster
    so, by half."""
    return x.contiguous(memory_format=torch.channels_last) if numbers_only(x) else x


class PicturePair(nn.Module):
    """An encoder and a decoder of pictures. Values of pictures are in [-1, 1] at this boundary."""

    def __init__(self, *, fast: bool) -> None:
        super().__init__()
        self.encoder = fast_encoder() if fast else pretrained_encoder()
        self.decoder = fast_decoder() if fast else pretrained_decoder()

    def encode(self, pictures: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1], sides multiples of 8 -> (N, 32, H/8, W/8)."""
        return one_by_one(lambda each: self.encoder(_side_by_side((each + 1) / 2)), pictures)

    def decode(self, latents: Tensor) -> Tensor:
        """(N, 32, h, w) -> (N, 3, 8h, 8w), about [-1, 1]."""
        return one_by_one(lambda each: self.decoder(_side_by_side(each)), latents) * 2 - 1

    @torch.no_grad()
    def start_from(self, teacher: "PicturePair") -> None:
        """Give a fast pair the pretrained pair's layers at a quarter and an eighth of the size; the layers between
        pixels and a quarter of the size start as a plain average, and as its repetition."""
        for side, rows in _FAST_FROM.items():
            own, taught = getattr(self, side), getattr(teacher, side)
            for mine, theirs in rows.items():
                own[mine].load_state_dict(taught[theirs].state_dict())
        head = self.decoder[9]
        assert isinstance(head, FineHead)
        nn.init.normal_(head.weight, std=0.01)
        assert head.bias is not None
        head.bias.fill_(0.5)
