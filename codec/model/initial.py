"""Where training starts: as a plain transform codec rather than as noise.

Every linear stage is set to an orthonormal transform (plus small noise): colour and 8x8 DCT in the patch layer, a
four-frame DCT in time, a 2x2 Hadamard in g_a, their transposes in g_s and D. The network then reconstructs from the
first step, and training bends a codec instead of finding one; on a CPU that is hours. Which coefficients pass the
narrow places is chosen by hand below and is free to change in training.
"""

import math

import torch
from torch import Tensor, nn

from codec.model.config import FRAMES_PER_LATENT, LATENT_STRIDE, LatentKind
from codec.model.network import CodecNetwork

NOISE = 0.02
"""Share of the default initialisation that stays, so that unused channels differ from one another."""
RESIDUAL = 0.1
"""Factor on the residual branches' last layers."""
MIDDLE_GAIN = 1.8
"""y gain at the middle level: one over the quantiser step, in pictures of [-1, 1]."""

CARRIED = 0.8
"""Share of the latent frame before that the mean keeps."""

_CORE_LUMA, _CORE_CHROMA, _CORE_MOTION = 14, 2, 6


@torch.no_grad()
def start_as_transform(network: CodecNetwork) -> None:
    """Set the weights of a fresh network in place."""
    config = network.config
    frame, trunk, y = config.frame_channels, config.trunk_channels, config.y_channels
    basis = _picture_basis(frame)
    encoder, decoder = network.encoder, network.decoder
    _mix_in(encoder.patch, basis)
    _mix_in(decoder.paint, basis.T)
    identity = torch.zeros(trunk, frame)
    identity[:frame] = torch.eye(frame)
    _mix_in(encoder.first, identity)
    _mix_in(decoder.first, identity.T)
    time = _time_basis(frame, trunk)
    _mix_in(encoder.group, time)
    _mix_in(decoder.group, time.T)
    core = _core(frame, trunk, min(config.latent_channels, y // 4))
    select = torch.zeros(config.latent_channels, trunk)
    select[: len(core)] = core
    _mix_in(encoder.head, select)
    _mix_in(decoder.enter, select.T)
    _cells(network, len(core))
    for block in network.modules():
        for name in ("leave", "contract", "mix"):
            layer = getattr(block, name, None)
            if isinstance(layer, nn.Conv2d):
                layer.weight.mul_(RESIDUAL)
    decoder.border.weight.mul_(NOISE)
    _carry(network, core)
    network.y_gain.log_gain.add_(math.log(MIDDLE_GAIN))


def _mix_in(layer: nn.Conv2d, matrix: Tensor) -> None:
    layer.weight.mul_(NOISE).add_(matrix[:, :, None, None])
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


def _time_basis(frame: int, trunk: int) -> Tensor:
    """(trunk, 4·frame): temporal frequency 0 of every channel, then frequency 1, ... as far as the trunk has room."""
    dct = _dct(FRAMES_PER_LATENT)
    matrix = torch.zeros(trunk, FRAMES_PER_LATENT * frame)
    for row in range(min(trunk, FRAMES_PER_LATENT * frame)):
        frequency, channel = divmod(row, frame)
        for t in range(FRAMES_PER_LATENT):
            matrix[row, t * frame + channel] = dct[frequency, t]
    return matrix


def _core(frame: int, trunk: int, count: int) -> Tensor:
    """(n, trunk) rows that select what passes to y: low luma and chroma, and slow motion of the lowest."""
    order = _order(frame)
    luma = [i for i, spot in enumerate(order) if spot[0] == 0][:_CORE_LUMA]
    chroma = [i for p in (1, 2) for i in [i for i, s in enumerate(order) if s[0] == p][:_CORE_CHROMA]]
    motion = [frame + i for i in luma[:_CORE_MOTION] if frame + i < trunk]
    chosen = [*luma[: max(1, count - 10)], *chroma, *motion][:count]
    matrix = torch.zeros(len(chosen), trunk)
    matrix[torch.arange(len(chosen)), torch.tensor(chosen)] = 1.0
    return matrix


def _carry(network: CodecNetwork, core: Tensor) -> None:
    """What stands still carries over: a mean of four frames is twice the single frame's value; motion is not kept."""
    frame = network.config.frame_channels
    steady = (core[:, :frame].sum(dim=1) > 0).repeat_interleave(4)
    for kind, ratio in ((LatentKind.SECOND, 2.0), (LatentKind.LATER, 1.0), (LatentKind.CHAINED, 0.5)):
        network.mean_prior.carry[kind, : len(steady), 0, 1, 1] = CARRIED * ratio * steady


def _cells(network: CodecNetwork, core: int) -> None:
    """g_a's 3x3 stride-2 layer takes the four Hadamard sums of each 2x2 cell; g_s turns them back."""
    down, up = network.analysis.down, network.synthesis.up
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
