"""The latent codec: y to one string a GoP and back, by hyperprior and space-channel context.

Hyperprior after Ballé et al. (ICLR 2018), uneven channel groups and two checkerboard steps in each after He et al.
(ELIC, CVPR 2022), with the latent frame before as one more context. Scales come from integers alone
(`codec.vae.scales`), means from float networks: the residual of a mean is what is coded, so a mean that differs in its
last bit moves a picture by as much and never the decoder out of step.

Decoding order of a GoP, one string from end to end:

    latent frame 0          latent frame 1          latent frame 2
    z                       z                       z
    y group 0: black, white y group 0: black, white ...
    y group 1: black, white ...                         black: (row + column) even
    ...                                                 white: the rest
    y group 4: black, white

    means of a step  <- z, y of the latent frame before, groups before, black of the same group
    scales of a step <- the same, as integers: z, symbols' magnitudes

Symbols whose table is the narrowest are zero and take no bits.
"""

import warnings
from dataclasses import dataclass
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from codec.vae import rans
from codec.vae.rates import BANDS, KINDS, QUALITY_MAX, Steps, band_of
from codec.vae.scales import GROUPS, SCALES, STARTS, ScalePath, scale_of, scale_table
from codec.vae.transforms import FEATURES, Y_CHANNELS, Z_CHANNELS, Z_RATIO, HyperAnalysis, HyperSynthesis, zeroed

_LOG2E = 1.4426950408889634
_SMALLEST_SPREAD = 0.05
_MOST_BITS = 40.0
_MOST_SYMBOL_BYTES = 8
_END_BYTES = 64
_ESCAPED = 16
_STILL_SHARE = 1.5
"""Logit of the share of the latent frame before that means begin with."""


@dataclass(slots=True)
class Estimate:
    """What coding a batch of GoPs would give: `y` (B, t, 384, h, w) as decoded, estimated bits (B,) of y and z, and the
    share of symbols that are not zero."""

    y: Tensor
    y_bits: Tensor
    z_bits: Tensor
    nonzero: float


class _Coder(Protocol):
    """Decides, writes or reads the symbols of a step."""

    def z(self, z: Tensor | None, shape: tuple[int, ...], band: Tensor) -> Tensor: ...

    def y(self, group: int, wanted: Tensor | None, mean: Tensor, index: Tensor, half: Tensor) -> Tensor: ...


class LatentCodec(nn.Module):
    """`forward` for training, `compress` and `decompress` for real: one walk for all three."""

    def __init__(self, *, estimating: bool = True) -> None:
        """Not `estimating`: with the models' integer tables alone, for weights that code and are not trained."""
        super().__init__()
        self.steps = Steps(Y_CHANNELS)
        self.hyper_analysis = HyperAnalysis()
        self.hyper_synthesis = HyperSynthesis()
        self.scales = ScalePath()
        self.bottleneck: Any = FrozenTables()
        self.gaussian: Any = FrozenTables()
        if estimating:
            # Imported where it is needed: it takes seconds.
            with warnings.catch_warnings():
                # It imports parts of PyTorch that say on import that they are old: nothing a user could mend.
                warnings.simplefilter("ignore")
                from compressai.entropy_models import EntropyBottleneck, GaussianConditional

            self.bottleneck = EntropyBottleneck(BANDS * Z_CHANNELS, init_scale=1)
            self.gaussian = GaussianConditional(scale_table(), tail_mass=2**-12)
        self.register_buffer("spread", torch.ones(Y_CHANNELS))
        groups = range(len(GROUPS))
        self.before = nn.Conv2d(Y_CHANNELS, FEATURES, 3, padding=1)
        self.situation = nn.Linear(2, FEATURES)
        self.join = nn.Conv2d(FEATURES, FEATURES, 1)
        self.channels = nn.ModuleList(nn.Conv2d(max(1, STARTS[g]), FEATURES, 3, padding=1) for g in groups)
        self.space = nn.ModuleList(nn.Conv2d(GROUPS[g], FEATURES, 3, padding=1) for g in groups)
        self.heads = nn.ModuleList(nn.ModuleList(_Head(GROUPS[g]) for _ in range(2)) for g in groups)

    @torch.no_grad()
    def start_at(self, deviations: Tensor, still: Tensor, coarsest: float, finest: float) -> None:
        """Begin as a transform codec: `deviations` (KINDS, 384) of y; `still` (384,) true for channels that stay when
        nothing moves; steps from `coarsest` to `finest` over λ."""
        self.get_buffer("spread").copy_(deviations[1].clamp_min(_SMALLEST_SPREAD))
        self.steps.start_at(coarsest, finest)
        slope = float(torch.tensor(coarsest / finest).log() / torch.tensor(scale_table()[1] / scale_table()[0]).log())
        self.scales.start_at(deviations / coarsest, slope)
        for g, (start, count) in enumerate(zip(STARTS, GROUPS, strict=True)):
            share = torch.where(still[start : start + count], _STILL_SHARE, -_STILL_SHARE * 2)
            for head in cast(nn.ModuleList, self.heads[g]):
                assert isinstance(head, _Head) and head.last.bias is not None
                head.last.bias[count:].copy_(share)

    def forward(self, y: Tensor, quality: Tensor) -> Estimate:
        """`y` (B, t, 384, h, w), `quality` (B,) integers. Differentiable in y and all parameters."""
        coder = _Estimator(self)
        decoded = self._walk(y.float(), y.shape, quality, coder)
        return Estimate(decoded, coder.y_bits, coder.z_bits, coder.nonzero / max(1, coder.symbols))

    @torch.no_grad()
    def compress(self, y: Tensor, quality: Tensor) -> tuple[list[bytes], Tensor]:
        """A string for each GoP of (B, t, 384, h, w), and y as `decompress` gives it."""
        coder = _Writer(self, len(y))
        decoded = self._walk(y, y.shape, quality, coder)
        return coder.strings(), decoded

    @torch.no_grad()
    def decompress(self, strings: list[bytes], shape: tuple[int, int, int], quality: Tensor) -> Tensor:
        """y (B, t, 384, h, w) of the strings; `shape`: t, h, w. Raises ValueError for strings longer than such a GoP's
        can be."""
        frames, height, width = shape
        symbols = frames * height * width * (Y_CHANNELS + Z_CHANNELS)
        if max(map(len, strings)) > _MOST_SYMBOL_BYTES * symbols + _END_BYTES:
            raise ValueError("a string is too long for its GoP")
        coder = _Reader(self, [_readable(string, symbols) for string in strings])
        full = torch.Size((len(strings), frames, Y_CHANNELS, height, width))
        return self._walk(None, full, quality, coder)

    def _walk(self, y: Tensor | None, shape: torch.Size, quality: Tensor, coder: "_Coder") -> Tensor:
        batch, frames, _, height, width = shape
        device = quality.device
        spread = self.get_buffer("spread").view(1, -1, 1, 1)
        before = torch.zeros(batch, Y_CHANNELS, height, width, device=device)
        symbols = before
        decoded = []
        for t in range(frames):
            kind = 0 if t == 0 else KINDS - 1
            wanted = None if y is None else y[:, t]
            before, symbols = self._latent_frame(wanted, before, symbols, spread, quality, kind, coder)
            decoded.append(before)
        return torch.stack(decoded, dim=1)

    def _latent_frame(
        self,
        wanted: Tensor | None,
        before: Tensor,
        symbols_before: Tensor,
        spread: Tensor,
        quality: Tensor,
        kind: int,
        coder: _Coder,
    ) -> tuple[Tensor, Tensor]:
        size = (before.shape[-2], before.shape[-1])
        step, restore = self.steps.step(quality, kind), self.steps.restore(quality, kind)
        z_shape = (len(before), Z_CHANNELS, *(-(-side // Z_RATIO) for side in size))
        # Under autocast, networks may work in half precision; symbols and code lengths never.
        said = None if wanted is None else self.hyper_analysis(_padded(wanted / step)).float()
        z = coder.z(said, z_shape, band_of(quality, kind))
        features = self._features(z, before / spread, quality, kind)
        planes = self.scales.hyper(z, quality, kind, size)
        total = self.scales.begin(planes, symbols_before)
        halves = _checkerboard(size, before.device)
        known: list[Tensor] = []
        coded: list[Tensor] = []
        for g, (start, count) in enumerate(zip(STARTS, GROUPS, strict=True)):
            rows = slice(start, start + count)
            here = features
            if g:
                here = here + self.channels[g](torch.cat(known, dim=1) / spread[:, :start])
            sums = self.scales.with_groups(total, g, coded)
            target = None if wanted is None else wanted[:, rows] / step[:, rows]
            made = symbols = torch.zeros(1, device=before.device)
            for half, mask in enumerate(halves):
                if half:
                    here = here + self.space[g](made / spread[:, rows])
                    sums = self.scales.with_half(sums, g, symbols)
                head = cast(nn.ModuleList, self.heads[g])[half]
                mean = head(here, before[:, rows] / spread[:, rows]).float() * spread[:, rows]
                index = self.scales.indices(sums, g, half, planes[:, -2:])
                found = coder.y(g, target, mean / step[:, rows], index, mask)
                value = (mean + found * restore[:, rows]) * mask
                made = made + value
                symbols = symbols + found
            known.append(made)
            coded.append(symbols)
        return torch.cat(known, dim=1), torch.cat(coded, dim=1)

    def _features(self, z: Tensor, before: Tensor, quality: Tensor, kind: int) -> Tensor:
        size = before.shape[-2:]
        situation = torch.stack([quality.float() / QUALITY_MAX, torch.full_like(quality, kind).float()], dim=1)
        x = self.hyper_synthesis(z)[..., : size[0], : size[1]] + self.before(before)
        return cast(Tensor, self.join(F.silu(x + self.situation(situation)[..., None, None])))

    @torch.no_grad()
    def freeze_tables(self) -> None:
        """Make the coder's integer tables from the models as they are."""
        self.bottleneck._update_quantiles()
        # Tables are of z rounded as it is: a median would shift them by a fraction.
        self.bottleneck.quantiles[:, 0, 1] = 0
        self.bottleneck.update(force=True)
        self.gaussian.update()

    def tables(self, which: str) -> "Tables":
        """Integer tables of "z" or "y", as lists for the coder."""
        model = self.bottleneck if which == "z" else self.gaussian
        cdf, length, offset = model._quantized_cdf, model._cdf_length, model._offset
        return Tables(cdf.tolist(), length.tolist(), offset.tolist())


class FrozenTables(nn.Module):
    """The integer tables that CompressAI's entropy models keep, under its names, without the models."""

    _quantized_cdf: Tensor
    _cdf_length: Tensor
    _offset: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name in TABLE_NAMES:
            self.register_buffer(name, torch.zeros(0, dtype=torch.int32))


TABLE_NAMES = ("_quantized_cdf", "_cdf_length", "_offset")


@dataclass(frozen=True, slots=True)
class Tables:
    """Cumulative frequencies, their lengths and offsets, a row for each index."""

    cdfs: list[list[int]]
    lengths: list[int]
    offsets: list[int]


class _Head(nn.Module):
    """Means of a step, in units of the channels' spread: what the features say, and a share of the latent frame before
    that they decide."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(FEATURES, FEATURES, 1)
        self.last = zeroed(nn.Conv2d(FEATURES, 2 * channels, 1))

    def forward(self, features: Tensor, before: Tensor) -> Tensor:
        change, share = self.last(F.silu(self.first(F.silu(features)))).chunk(2, dim=1)
        return change + torch.sigmoid(share) * before


class _Estimator:
    """Rounds with straight-through gradients and adds up ideal code lengths."""

    def __init__(self, codec: LatentCodec) -> None:
        self._bottleneck = codec.bottleneck
        self.y_bits = self.z_bits = torch.zeros(1)
        self.nonzero, self.symbols = 0.0, 0

    def z(self, z: Tensor | None, shape: tuple[int, ...], band: Tensor) -> Tensor:
        del shape
        assert z is not None
        symbols = _rounded(z)
        # All bands' models look at all symbols, which are few; each GoP's own is picked.
        rows = symbols.flatten(2).transpose(0, 1).repeat(BANDS, 1, 1)
        with torch.autocast(z.device.type, enabled=False):
            likelihood, *_ = self._bottleneck._likelihood(rows.flatten(1)[:, None])
        likelihood = likelihood.view(BANDS, Z_CHANNELS, len(z), -1)[band, :, torch.arange(len(z), device=z.device)]
        bits = -likelihood.clamp_min(1e-9).log2().view(symbols.shape)
        self.z_bits = self.z_bits.to(z.device) + bits.sum(dim=(1, 2, 3))
        return symbols

    def y(self, group: int, wanted: Tensor | None, mean: Tensor, index: Tensor, half: Tensor) -> Tensor:
        del group
        assert wanted is not None
        wished = _rounded(wanted - mean) * half
        spoken = (index > 0).to(mean.dtype)
        symbols = wished * spoken
        bits = gaussian_bits(wished, scale_of(index)) * half
        # What the narrowest table keeps silent costs nothing, but pulls at its scale.
        bits = bits - (bits * (1 - spoken)).detach()
        self.y_bits = self.y_bits.to(mean.device) + bits.sum(dim=(1, 2, 3))
        self.nonzero += float((symbols.detach() != 0).sum())
        self.symbols += symbols.numel() // 2
        return symbols


class _Writer:
    """Rounds and hands symbols to one coder for each GoP."""

    def __init__(self, codec: LatentCodec, gops: int) -> None:
        self._coders = [rans.coder().BufferedRansEncoder() for _ in range(gops)]
        self._z, self._y = codec.tables("z"), codec.tables("y")

    def z(self, z: Tensor | None, shape: tuple[int, ...], band: Tensor) -> Tensor:
        del shape
        assert z is not None
        symbols = z.round()
        for coder, own, rows in zip(self._coders, symbols.int(), band.tolist(), strict=True):
            _encode(coder, own.flatten(), _z_indices(own, rows), self._z)
        return symbols

    def y(self, group: int, wanted: Tensor | None, mean: Tensor, index: Tensor, half: Tensor) -> Tensor:
        del group
        assert wanted is not None
        spoken = (half > 0) & (index > 0)
        symbols = torch.where(spoken, (wanted - mean).round(), 0.0)
        for coder, own, rows, said in zip(self._coders, symbols, index.int(), spoken, strict=True):
            _encode(coder, own[said].int(), rows[said], self._y)
        return symbols

    def strings(self) -> list[bytes]:
        return [coder.flush() for coder in self._coders]


class _Reader:
    """Reads what `_Writer` wrote."""

    def __init__(self, codec: LatentCodec, strings: list[bytes]) -> None:
        self._coders = [rans.coder().RansDecoder() for _ in strings]
        for coder, string in zip(self._coders, strings, strict=True):
            coder.set_stream(string)
        self._z, self._y = codec.tables("z"), codec.tables("y")
        self._device = codec.get_buffer("spread").device

    def z(self, z: Tensor | None, shape: tuple[int, ...], band: Tensor) -> Tensor:
        del z
        symbols = torch.zeros(shape, device=self._device)
        for coder, own, rows in zip(self._coders, symbols, band.tolist(), strict=True):
            own.copy_(_decode(coder, _z_indices(own, rows), self._z).view(own.shape))
        return symbols

    def y(self, group: int, wanted: Tensor | None, mean: Tensor, index: Tensor, half: Tensor) -> Tensor:
        del group, wanted
        symbols = torch.zeros_like(mean)
        spoken = (half > 0) & (index > 0)
        for coder, own, rows, said in zip(self._coders, symbols, index.int(), spoken, strict=True):
            own[said] = _decode(coder, rows[said], self._y).to(own.device)
        return symbols


def _readable(string: bytes, symbols: int) -> bytes:
    """A string with as many zeros behind it as the coder, which looks at no end, could read beyond it whatever stands
    there: two bytes a symbol, and sixteen for every byte of escapes, whose length is told by nibbles."""
    return string + bytes(2 * symbols + _ESCAPED * len(string) + _END_BYTES)


def _encode(coder: Any, symbols: Tensor, index: Tensor, tables: Tables) -> None:
    if index.numel():
        coder.encode_with_indexes(symbols.tolist(), index.tolist(), tables.cdfs, tables.lengths, tables.offsets)


def _decode(coder: Any, index: Tensor, tables: Tables) -> Tensor:
    if not index.numel():
        return torch.zeros(0)
    found = coder.decode_stream(index.tolist(), tables.cdfs, tables.lengths, tables.offsets)
    return torch.tensor(found, dtype=torch.float32)


def _z_indices(z: Tensor, band: int) -> Tensor:
    """Table of every symbol of one z (32, a, b): its channel's in the band."""
    return (band * Z_CHANNELS + torch.arange(len(z))).repeat_interleave(z[0].numel())


def _rounded(x: Tensor) -> Tensor:
    return x + (x.round() - x).detach()


def _padded(y: Tensor) -> Tensor:
    """The edge repeated on the right and at the bottom up to multiples of Z_RATIO."""
    down, right = (-side % Z_RATIO for side in y.shape[-2:])
    return F.pad(y, (0, right, 0, down), mode="replicate")


def _checkerboard(size: tuple[int, int], device: torch.device) -> tuple[Tensor, Tensor]:
    rows, columns = (torch.arange(side, device=device) for side in size)
    black = ((rows[:, None] + columns) % 2 == 0).float()
    return black, 1 - black


def gaussian_bits(symbols: Tensor, scale: Tensor) -> Tensor:
    """Ideal code length of integers under a Gaussian of mean 0, integrated over unit bins; never without a gradient,
    however far out a symbol lies."""
    magnitude = symbols.abs()
    upper = torch.special.log_ndtr((0.5 - magnitude) / scale)
    lower = torch.special.log_ndtr((-0.5 - magnitude) / scale)
    log = upper + torch.log1p(-torch.exp((lower - upper).clamp_max(-1e-6)))
    return (-log * _LOG2E).clamp_max(_MOST_BITS)


assert SCALES <= 2**8 and sum(GROUPS) == Y_CHANNELS
