"""Where training starts: as a plain transform codec rather than as noise.

Every linear stage is set to an orthonormal transform (plus small noise): colour and 8x8 DCT in the patch layer, a
DCT over the pictures of a unit, a 2x2 Hadamard in g_a, their transposes in g_s and D. What passes is what the
prediction missed. The network then reconstructs from the first step, and training bends a codec instead of finding
one; on a CPU that is hours. Which coefficients pass the narrow places is chosen by hand below and is free to change in
training.
"""

import math

import torch
from torch import Tensor, nn

from codec.hybrid.model.config import LATENT_STRIDE, LatentKind
from codec.hybrid.model.gains import GainTable
from codec.hybrid.model.network import Branch, CodecNetwork
from codec.hybrid.model.vae import Decoder

NOISE = 0.005
"""Share of the default initialisation that stays, so that unused channels differ from one another."""
RESIDUAL = 0.05
"""Factor on the residual branches' last layers."""
MIDDLE_GAINS = {LatentKind.ANCHOR: 0.58, LatentKind.GROUP: 0.22}
"""y gain at the middle level: one over the quantiser step, in pictures of [-1, 1]. Others are predicted from anchors,
so anchors are worth more."""


@torch.no_grad()
def start_as_transform(network: CodecNetwork) -> None:
    """Set the weights of a fresh network in place."""
    config = network.config
    basis = _picture_basis(config.frame_channels)
    room = min(config.latent_channels, config.y_channels // 4)
    single = _Core(config.frame_channels, config.trunk_channels).pick((room - 2 * (room // 8), room // 8))
    share = room // 8
    grouped = _Core(config.frame_channels, config.trunk_channels).pick(
        (room - 5 * share, share // 2), (2 * share, share // 4), (share, 0)
    )
    for branch, core in ((network.anchor, single), (network.group, grouped)):
        _start_branch(branch, basis, core)
        _cells(branch, len(core))
    for block in network.modules():
        for name in ("leave", "contract", "mix"):
            layer = getattr(block, name, None)
            if isinstance(layer, nn.Conv2d) and not isinstance(block, Decoder):
                layer.weight.mul_(RESIDUAL)
    for kind, middle in MIDDLE_GAINS.items():
        gain = network.gains.y[kind]
        assert isinstance(gain, GainTable)
        gain.log_gain.add_(math.log(middle))


TRANSFORM_LAYERS = (
    "encoder.patch", "encoder.enter", "encoder.head", "analysis.down",
    "synthesis.up", "decoder.enter", "decoder.patch", "decoder.leave", "decoder.paint",
)  # fmt: skip
"""Layers, by the end of their names, that are set to parts of the transform. Their entries are of the size of an
optimiser's steps: at the pace of other layers a few hundred steps wear the transform away."""


def _start_branch(branch: Branch, basis: Tensor, core: Tensor) -> None:
    """E takes the transform of what the prediction missed, D adds its inverse to the prediction; both see the
    prediction's transform, through layers that start small."""
    encoder, decoder = branch.encoder, branch.decoder
    frame, trunk = len(basis), encoder.enter.out_channels
    blank = torch.zeros(frame, encoder.patch.in_channels - basis.shape[1])
    _mix_in(encoder.patch, torch.cat((basis, blank), dim=1))
    seen = torch.zeros(frame, decoder.patch.in_channels)
    kept = frame if decoder.patch.in_channels == basis.shape[1] else frame * 5 // 8
    seen[:kept, : basis.shape[1]] = basis[:kept]
    if kept < frame:
        seen[kept:, basis.shape[1] :] = basis[: frame - kept]
    _mix_in(decoder.patch, seen)
    for layer in (decoder.context, decoder.beside):
        layer.weight.mul_(RESIDUAL)
        _mute(layer)
    _mix_in(decoder.paint, basis.T)
    time = _time_basis(frame, trunk, encoder.frames)
    _mix_in(encoder.enter, time)
    _mix_in(decoder.leave, time.T)
    select = torch.zeros(encoder.head.out_channels, trunk)
    select[: len(core)] = core
    _mix_in(encoder.head, select)
    _mix_in(decoder.enter, select.T)
    decoder.border.weight.mul_(NOISE)
    _mute(decoder.border)


def _mix_in(layer: nn.Conv2d, matrix: Tensor) -> None:
    layer.weight.mul_(NOISE).add_(matrix[:, :, None, None])
    _mute(layer)


def _mute(layer: nn.Conv2d) -> None:
    assert layer.bias is not None
    layer.bias.zero_()


def _dct(size: int) -> Tensor:
    """Orthonormal DCT-II (size, size), a row a frequency."""
    k = torch.arange(size, dtype=torch.float64)
    matrix = torch.cos(math.pi / size * (k[None] + 0.5) * k[:, None]) * math.sqrt(2 / size)
    matrix[0] /= math.sqrt(2)
    return matrix.float()


def _picture_basis(count: int) -> Tensor:
    """(count, 192): luma and chroma DCT patterns on PixelUnshuffle's channel order (colour, row, column), most
    important first: see `_order`."""
    root = math.sqrt
    colours = torch.tensor(
        [
            [1 / root(3), 1 / root(3), 1 / root(3)],
            [-1 / root(2), 0.0, 1 / root(2)],
            [1 / root(6), -2 / root(6), 1 / root(6)],
        ]
    )
    dct = _dct(LATENT_STRIDE)
    rows = [torch.einsum("c,i,j->cij", colours[plane], dct[v], dct[u]).flatten() for plane, v, u in _order(count)]
    return torch.stack(rows)


def _order(count: int) -> list[tuple[int, int, int]]:
    """(plane, vertical, horizontal frequency) in zigzag order; chroma frequencies weigh as if four times higher."""
    spots = [(p, v, u) for p in range(3) for v in range(LATENT_STRIDE) for u in range(LATENT_STRIDE)]
    return sorted(spots, key=lambda s: ((s[1] + s[2]) + (3.5 if s[0] else 0.0), max(s[1], s[2]), s))[:count]


def _time_basis(frame: int, trunk: int, frames: int) -> Tensor:
    """(trunk, frames·frame): temporal frequency 0 of every channel, then frequency 1, ... as far as the trunk has
    room."""
    dct = _dct(frames)
    matrix = torch.zeros(trunk, frames * frame)
    for row in range(min(trunk, frames * frame)):
        frequency, channel = divmod(row, frame)
        for t in range(frames):
            matrix[row, t * frame + channel] = dct[frequency, t]
    return matrix


class _Core:
    """Rows that select what passes from the trunk to y."""

    def __init__(self, frame: int, trunk: int) -> None:
        order = _order(frame)
        self._trunk, self._frame = trunk, frame
        self._planes = [[i for i, spot in enumerate(order) if spot[0] == plane] for plane in range(3)]

    def pick(self, *counts: tuple[int, int]) -> Tensor:
        """(n, trunk): for each temporal frequency the given numbers of luma patterns and of each chroma's patterns, as
        far as there are any."""
        chosen = []
        for frequency, (luma, chroma) in enumerate(counts):
            spots = [*self._planes[0][:luma], *self._planes[1][:chroma], *self._planes[2][:chroma]]
            chosen += [frequency * self._frame + i for i in spots if frequency * self._frame + i < self._trunk]
        matrix = torch.zeros(len(chosen), self._trunk)
        matrix[torch.arange(len(chosen)), torch.tensor(chosen)] = 1.0
        return matrix


def _cells(branch: Branch, core: int) -> None:
    """g_a's 3x3 stride-2 layer takes the four Hadamard sums of each 2x2 cell; g_s turns them back."""
    down, up = branch.analysis.down, branch.synthesis.up
    down.weight.mul_(NOISE)
    up.weight.mul_(NOISE)
    assert down.bias is not None and up.bias is not None
    down.bias.zero_()
    up.bias.zero_()
    signs = torch.tensor([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2
    for channel in range(min(core, down.out_channels // 4)):
        for row in range(4):
            for phase, (dy, dx) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1))):
                down.weight[4 * channel + row, channel, 1 + dy, 1 + dx] += signs[row, phase]
                up.weight[4 * channel + phase, 4 * channel + row, 0, 0] += signs[row, phase]
